/** What the cache costs in PostgreSQL next to what it cost in Redis, and what a migration costs those who go on working. */
import { openGround } from './ground.ts';
import { METHODS, type Method, openFilled, timeClear, timeCycle, timeMethods } from './methods.ts';
import { timeMigration } from './migration.ts';

export interface BenchOptions {
	/** Times that each method is called on each side, and cycles. */
	readonly samples: number;
	/** Actions that are stored: the smaller and the larger number. */
	readonly stored: readonly [number, number];
	/** For people. */
	readonly write: (text: string) => void;
}

interface Ratios {
	/** Postgres time / Redis time. */
	readonly ratio1k: number;
	readonly ratio100k: number;
}

export interface BenchLine {
	readonly bench: 'cache';
	readonly methods: Readonly<Record<Method, Ratios>>;
	/** Of the cycle of a poller. */
	readonly cycleMix100k: { readonly ratio: number };
	readonly copy: { readonly rowsPerSecond: number };
	/** Of those that went on during a migration from redis to done and back. */
	readonly failedCalls: number;
}

const WRITES_PER_SECOND = 200;

/** Starts and stops servers of its own, on loopback. */
export async function benchCache({ samples, stored, write }: BenchOptions): Promise<{ line: BenchLine; misses: readonly string[] }> {
	const ground = await openGround();
	try {
		const measured: Record<Method, number>[] = [];
		let ratio = 0;
		for (const [index, count] of stored.entries()) {
			const filled = await openFilled(ground, { prefix: `filled${index}`, count });
			const methods = await timeMethods(filled, samples);
			if (index === 1) ratio = await timeCycle(filled, Math.min(samples, 20));
			measured.push({ ...methods, clear: await timeClear(filled) });
			write(`${count} stored: ${METHODS.map((method) => `${method} ${measured[index]?.[method]}`).join(', ')}`);
		}
		write(`a poller's cycle at ${stored[1]} takes ${ratio} times as long as with the class of before`);
		const { rowsPerSecond, failedCalls, differences } = await timeMigration(ground, {
			rows: stored[1],
			writesPerSecond: WRITES_PER_SECOND,
			write,
		});
		const [small, large] = measured;
		const methods = Object.fromEntries(
			METHODS.map((method) => [method, { ratio1k: small?.[method] ?? 0, ratio100k: large?.[method] ?? 0 }]),
		) as BenchLine['methods'];
		const line: BenchLine = { bench: 'cache', methods, cycleMix100k: { ratio }, copy: { rowsPerSecond }, failedCalls };
		return { line, misses: [...missesOf(line), ...(differences === 0 ? [] : [`the two sides differ in ${differences} places`])] };
	} finally {
		await ground.stop();
	}
}

export function missesOf({ cycleMix100k, failedCalls }: Pick<BenchLine, 'cycleMix100k' | 'failedCalls'>): string[] {
	return [
		...(cycleMix100k.ratio <= 1 ? [] : [`a poller's cycle takes ${cycleMix100k.ratio} times as long as before; the goal is 1`]),
		...(failedCalls === 0 ? [] : [`${failedCalls} calls failed during the migration; the goal is 0`]),
	];
}
