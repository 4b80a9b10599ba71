/**
 * Looks through a history that is only shown in windows. What was looked through and cannot change any more is remembered, because a window
 * may cost so much that only one can be paid for at a time: the next search goes on where the last one had to stop.
 */
import { TransientError } from '../../errors.ts';

/** A row is listed within this time after it came about. */
const SETTLED_AFTER_MS = 86_400_000;
/** Some years of the narrowest windows. */
const MOST_WINDOWS = 500;
const MOST_REMEMBERED = 1_000;

export interface Window {
	/** Unix milliseconds by the exchange's clock. */
	readonly startTime: number;
	readonly endTime: number;
}

interface Sought<Row> {
	/** Of what is looked for. */
	readonly key: string;
	readonly fromMs: number;
	/** Whether these rows answer the question, so that later windows need not be read. */
	readonly suffices: (rows: readonly Row[]) => boolean;
	readonly read: (window: Window) => Promise<readonly Row[]>;
}

interface SearchSettings {
	readonly widestMs: number;
	readonly nowMs: () => Promise<number>;
}

interface Progress<Row> {
	readonly fromMs: number;
	/** Everything before is looked through. */
	readonly untilMs: number;
	readonly rows: readonly Row[];
}

/**
 * All rows from `fromMs` until now, oldest windows first, or those of the first windows that suffice; a row may be there twice. Throws what
 * `read` throws.
 */
export function createSearch<Row>({ widestMs, nowMs }: SearchSettings): (sought: Sought<Row>) => Promise<readonly Row[]> {
	const remembered = new Map<string, Progress<Row>>();
	const remember = (key: string, progress: Progress<Row>): void => {
		remembered.delete(key);
		remembered.set(key, progress);
		const [oldest] = remembered.keys();
		if (remembered.size > MOST_REMEMBERED && oldest !== undefined) remembered.delete(oldest);
	};
	return async ({ key, fromMs, suffices, read }) => {
		const now = await nowMs();
		const known = remembered.get(key);
		const start = known !== undefined && known.fromMs <= fromMs ? known : { untilMs: fromMs, rows: [] };
		let { untilMs, rows }: Omit<Progress<Row>, 'fromMs'> = start;
		for (let windows = 0; windows < MOST_WINDOWS; windows += 1) {
			const endTime = untilMs + widestMs;
			const listed = await read({ startTime: untilMs, endTime });
			rows = [...rows, ...listed];
			if (suffices(rows)) return rows;
			const settledMs = Math.min(endTime, now - SETTLED_AFTER_MS);
			// What was found in a window that may still change is read again with it.
			const isSettled = settledMs === endTime || listed.length === 0;
			if (isSettled && settledMs > untilMs) remember(key, { fromMs, untilMs: settledMs, rows });
			if (endTime >= now) return rows;
			untilMs = endTime;
		}
		throw new TransientError(`Binance: ${key} is looked for from ${fromMs} on, which is too long ago to look through`, { key });
	};
}
