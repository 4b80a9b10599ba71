/** What keeps the two sides equal: what this one holds, is made to hold, has marked, and everything that is stored, page by page. */
import { InvariantError, TransientError } from '../../errors.ts';
import type { Phase } from '../../rebalances/phase.ts';
import { type Row, readRow, readWithdrawal, type StoredText } from '../../rebalances/row.ts';
import type { Change, Entity, Held, Mark, Sizes } from '../../rebalances/side.ts';
import { type Ask, BATCH, batchesOf, NOBODY } from './ask.ts';
import { isPhase } from './connection.ts';
import { pairsOf } from './reads.ts';
import type { ScriptName } from './scripts.ts';
import { routePage } from './writes.ts';

/** Where the phase stands as Redis has it; `floor` is the index of the lowest phase that still may follow. */
interface PhaseMirror {
	readonly phase: Phase;
	readonly floor: number;
}

/** Cursors are `0` at the beginning and after the end. What is there all the time is met at least once. */
export interface RedisUpkeep {
	/** What it holds of each now, in one step for a thousand. Texts are as they are stored, also those that nobody can read. */
	hold(entities: readonly Entity[]): Promise<Held[]>;
	/**
	 * Makes it hold just that, in one step for a thousand, and marks nothing. What was removed here is not let in again, and what cannot be
	 * read is left as it is and told. Resolves, in the order of what was handed in, to the tokens of the tombstones that were there before: null
	 * for none, empty for a removal by nobody knows whom.
	 */
	apply(held: readonly Held[]): Promise<(string | null)[]>;
	marked(limit: number): Promise<Mark[]>;
	unmark(marks: readonly Mark[]): Promise<void>;
	/** About `count` rows as they are stored. */
	scanData(cursor: string, count: number): Promise<{ readonly cursor: string; readonly entries: StoredText[] }>;
	/** About `count` withdrawals; the id is the deposit transaction. */
	scanWithdrawals(cursor: string, count: number): Promise<{ readonly cursor: string; readonly entries: StoredText[] }>;
	/** Some of the routes that have a set. */
	scanRoutes(cursor: string): Promise<{ readonly cursor: string; readonly routes: string[] }>;
	/** About `count` ids of a route's set, with and without data. */
	scanRoute(route: string, cursor: string, count: number): Promise<{ readonly cursor: string; readonly ids: string[] }>;
	/** Of each pair whether the id has data and is in the route's set. */
	isOnRoute(pairs: readonly { readonly id: string; readonly route: string }[]): Promise<boolean[]>;
	sizes(): Promise<Sizes>;
	/** Null when no phase is stored here. */
	phase(): Promise<PhaseMirror | null>;
	setPhase(mirror: PhaseMirror): Promise<void>;
}

export function upkeepOf(ask: Ask): RedisUpkeep {
	const read = (script: ScriptName, args: readonly string[]) => ask.read(script, NOBODY, args);
	const page = async (script: 'scanData' | 'scanWithdrawals', cursor: string, count: number) => {
		const [next, flat] = (await read(script, [cursor, `${count}`])) as [string, string[]];
		return { cursor: next, entries: pairsOf(flat) };
	};
	return {
		hold: async (entities) => (await eachBatch(entities, (batch) => holdBatch(ask, batch))).flat(),
		apply: async (held) => (await eachBatch(held, (batch) => applyBatch(ask, batch))).flat(),
		async marked(limit) {
			const [entities, tokens] = (await read('marked', [`${limit}`])) as [Entity[], (string | null)[]];
			return entities.map((entity, index) => ({ entity, token: tokens[index] ?? '' }));
		},
		async unmark(marks) {
			const batchArgs = (batch: readonly Mark[]) => batch.flatMap(({ entity, token }) => [entity, token]);
			await eachBatch(marks, (batch) => read('unmark', batchArgs(batch)));
		},
		scanData: (cursor, count) => page('scanData', cursor, count),
		scanWithdrawals: (cursor, count) => page('scanWithdrawals', cursor, count),
		scanRoutes: (cursor) => routePage(ask, cursor),
		async scanRoute(route, cursor, count) {
			const [next, ids] = (await read('scanRoute', [route, cursor, `${count}`])) as [string, string[]];
			return { cursor: next, ids };
		},
		async isOnRoute(pairs) {
			const answers = await eachBatch(pairs, (batch) =>
				read(
					'onRoute',
					batch.flatMap(({ id, route }) => [id, route]),
				),
			);
			return (answers as number[][]).flat().map((answer) => answer === 1);
		},
		async sizes() {
			const [rows, withdrawals] = (await read('sizes', [])) as [number, number];
			return { rows, withdrawals };
		},
		async phase() {
			const [phase, floor] = (await read('phase', [])) as [string | null, string | null];
			if (phase === null) return null;
			if (!isPhase(phase)) throw new InvariantError(`Redis holds "${phase}" as the phase, which is none`, { phase });
			return { phase, floor: Number(floor ?? 0) };
		},
		async setPhase({ phase, floor }) {
			await read('setPhase', [phase, `${floor}`]);
		},
	};
}

async function eachBatch<T, R>(list: readonly T[], work: (batch: readonly T[]) => Promise<R>): Promise<R[]> {
	const answers: R[] = [];
	for (const batch of batchesOf(list, BATCH)) answers.push(await work(batch));
	return answers;
}

async function holdBatch(ask: Ask, entities: readonly Entity[]): Promise<Held[]> {
	const [values, graves] = (await ask.read('hold', NOBODY, entities)) as [(string | null)[], (string | null)[]];
	return entities.map((entity, index) => {
		const value = entity === 'p' ? pauseOf(values[index]) : (values[index] ?? null);
		// A deposit may have a record again after one was removed.
		return { entity, value, removedBy: value === null ? graves[index] || null : null };
	});
}

/** Whatever else is stored there means that nothing is paused. */
function pauseOf(text: string | null | undefined): string | null {
	if (text === null || text === undefined) return null;
	return text === '1' ? '1' : '0';
}

const TRIES = 5;
const OURS: Change = { ...NOBODY, token: '', marks: 'never' };

async function applyBatch(ask: Ask, held: readonly Held[]): Promise<(string | null)[]> {
	const graves = new Map<Entity, string | null>();
	let left = held;
	for (let tries = 1; left.length > 0; tries += 1) {
		if (tries > TRIES) throw new TransientError(`rows changed again and again while they were brought to Redis: ${left[0]?.entity}`);
		const entities = left.map(({ entity }) => entity);
		const before = await holdBatch(ask, entities);
		const asked = left.flatMap((next, index) => {
			const there = before[index]?.value ?? null;
			return staysAsItIs(ask, next, there) ? [] : [{ next, there }];
		});
		const args = asked.flatMap(({ next, there }) => stepOf(next, there));
		const answers = (await ask.change('apply', OURS, args)) as [number, string | null][];
		for (const [index, { next }] of asked.entries()) graves.set(next.entity, answers[index]?.[1] ?? null);
		left = asked.filter((_, index) => answers[index]?.[0] === 2).map(({ next }) => next);
	}
	return held.map(({ entity }) => graves.get(entity) ?? null);
}

/** What cannot be read is not brought, and not removed. */
function staysAsItIs(ask: Ask, { entity, value }: Held, there: string | null): boolean {
	const text = value ?? there;
	if (entity === 'p' || text === null) return false;
	const isReadable = entity.startsWith('r:') ? rowIn(entity, text) !== null : readWithdrawal(text) !== null;
	if (!isReadable) ask.settings.onTrouble('malformed', entity.startsWith('r:') ? entity.slice(2) : entity);
	return !isReadable;
}

/** Arguments of the script: entity, text and route to be, text and route that are, and who has removed it. */
function stepOf({ entity, value, removedBy }: Held, there: string | null): string[] {
	const routeIn = (text: string | null) => (text === null ? '' : (rowIn(entity, text)?.route ?? ''));
	return [entity, value ?? '', routeIn(value), there ?? '', routeIn(there), removedBy ?? ''];
}

const rowIn = (entity: Entity, text: string): Row | null => readRow({ id: entity.slice(2), text })?.row ?? null;
