import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createPostgresSide, type PostgresSide } from '../../../src/rebalance-cache/postgres/side.ts';
import { PHASES, type Phase } from '../../../src/rebalances/phase.ts';
import { type Asker, type Change, PhaseMovedError } from '../../../src/rebalances/side.ts';
import { openCacheConnection } from '../../../src/store/rebalance-cache/connection.ts';
import { ANYBODY, CAUSE, change, openStand, rowWith, type Stand } from './stand.ts';

let stand: Stand;
beforeAll(async () => {
	stand = await openStand();
});
afterAll(() => stand.close());
let side: PostgresSide;
let count = 0;
beforeEach(() => {
	count += 1;
	side = stand.another(`fenced${count}`);
});

async function store(after: Phase, { floor = 0, mirroring = false } = {}): Promise<void> {
	const { phase: before } = await side.state();
	expect(await side.move({ before, after, floor, mirroring }, CAUSE)).toBe(true);
}

const READS: Readonly<Record<string, (asker: Asker) => Promise<unknown>>> = {
	rowsOn: (asker) => side.rowsOn(['none'], asker),
	rowsWith: (asker) => side.rowsWith('none', asker),
	has: (asker) => side.has('none', asker),
	isPaused: (asker) => side.isPaused(asker),
	withdrawal: (asker) => side.withdrawal('none', asker),
};
const CHANGES: Readonly<Record<string, (asked: Change) => Promise<unknown>>> = {
	add: (asked) => side.add([rowWith()], asked),
	remove: (asked) => side.remove([kept.id], asked),
	clear: (asked) => side.clear(asked),
	setPause: (asked) => side.setPause(false, asked),
	putWithdrawal: (asked) => side.putWithdrawal('new', '{}', asked),
	removeWithdrawal: (asked) => side.removeWithdrawal('kept', asked),
};
const kept = rowWith();
/** Everything there is of this namespace, its phase apart. */
const everything = async () => {
	const namespace = `fenced${count}`;
	return JSON.stringify([
		await stand.sql`select id, action, removed_by from cached_rebalances where namespace = ${namespace} order by id`,
		await stand.sql`select deposit_transaction, record from cached_withdrawals where namespace = ${namespace} order by 1`,
		await stand.sql`select paused, cleared_by from cache_states where namespace = ${namespace}`,
		await stand.sql`select entity, token from cache_marks where namespace = ${namespace} order by entity`,
		await stand.sql`select count(*) from rebalance_operations`,
	]);
};

/** How many wait for a lock. */
const waiting = async () =>
	(await stand.sql`select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`).length;

const verdictOf = (answer: Promise<unknown>): Promise<Phase | 'in'> =>
	answer.then(
		() => 'in',
		(error: unknown) => {
			if (error instanceof PhaseMovedError) return error.stored;
			throw error;
		},
	);

async function refusesChanges(follows: Phase, stored: Phase): Promise<void> {
	const before = await everything();
	for (const asked of Object.values(CHANGES))
		expect(await verdictOf(asked(change({ follows, marks: 'always' }))), `${stored} ${follows} ${asked}`).toBe(stored);
	expect(await everything()).toBe(before);
}

describe('the fence', () => {
	it('lets in whoever is at most one phase away and whoever follows none, and nothing of anybody else happens', async () => {
		await side.add([kept], change());
		await side.putWithdrawal('kept', '{"asset":"a","method":"m","refid":"r"}', change());
		await side.setPause(true, change());
		for (const [place, stored] of PHASES.entries()) {
			await store(stored);
			for (const [own, follows] of PHASES.entries()) {
				const expected = Math.abs(place - own) <= 1 ? 'in' : stored;
				for (const read of Object.values(READS)) expect(await verdictOf(read({ follows })), `${stored} ${follows} ${read}`).toBe(expected);
				if (expected !== 'in') await refusesChanges(follows, stored);
			}
			for (const read of Object.values(READS)) expect(await verdictOf(read(ANYBODY))).toBe('in');
			await side.setPause(true, change());
		}
	});

	it('lets in everybody near: each change of a follower happens', async () => {
		await store('dual-read');
		await side.add([kept], change({ follows: 'dual-write' }));
		expect(await side.has(kept.id, { follows: 'postgres' })).toBe(true);
		for (const asked of Object.values(CHANGES)) await asked(change({ follows: 'dual-read' }));
		expect(await side.has(kept.id, ANYBODY)).toBe(false);
	});

	it('keeps out who is below the floor, although it is near', async () => {
		await store('dual-write', { floor: 1 });
		await expect(side.isPaused({ follows: 'redis' })).rejects.toBeInstanceOf(PhaseMovedError);
		await expect(side.add([rowWith()], change({ follows: 'redis' }))).rejects.toBeInstanceOf(PhaseMovedError);
		await side.add([rowWith()], change({ follows: 'dual-write' }));
		await side.add([rowWith()], change());
	});

	it('lets in everybody where no phase was ever stored', async () => {
		for (const follows of PHASES) {
			await side.add([rowWith()], change({ follows, marks: 'stored' }));
			expect(await side.isPaused({ follows })).toBe(false);
		}
		expect(await side.marked(10)).toEqual([]);
	});

	it('shuts behind a change of phase that has to wait: who asks after it waits for it, and does not get in', async () => {
		await store('dual-write');
		const namespace = `fenced${count}`;
		const row = rowWith();
		let [moved, late]: Promise<unknown>[] = [];
		await stand.sql.begin(async (tx) => {
			await tx`select pg_advisory_xact_lock_shared(hashtextextended(${namespace}, 0))`;
			moved = side.move({ before: 'dual-write', after: 'postgres', floor: 0, mirroring: false }, CAUSE);
			await expect.poll(waiting).toBe(1);
			late = side.add([row], change({ follows: 'dual-write' })).catch((error: unknown) => error);
			await expect.poll(waiting).toBe(2);
		});
		expect(await moved).toBe(true);
		expect(await late).toBeInstanceOf(PhaseMovedError);
		expect(await side.has(row.id, ANYBODY)).toBe(false);
	});

	it('lets a clearing see everything that was changed while it waited', async () => {
		const namespace = `fenced${count}`;
		const row = rowWith();
		await side.isPaused(ANYBODY);
		let cleared: Promise<void> = Promise.resolve();
		await stand.sql.begin(async (tx) => {
			await tx`select pg_advisory_xact_lock_shared(hashtextextended(${namespace}, 0))`;
			cleared = side.clear(change());
			await expect.poll(waiting).toBe(1);
			await tx`with operation as (
				insert into rebalance_operations (asset, origin, destination, status, next_action_at)
				values ('0xAbC', '1', '10', 'in_flight', 'infinity') returning id
			)
			insert into cached_rebalances (namespace, key, id, route, transaction, action, operation_id)
			select ${namespace}, sha256(convert_to(${row.id}, 'UTF8')), ${row.id}::text, ${row.route}::text, ${row.transaction}::text, ${row.text}::text, id from operation`;
		});
		await cleared;
		expect(await side.has(row.id, ANYBODY)).toBe(false);
	});

	it('does not begin a change that nobody waits for any more, and does so once the clock is known anew', async () => {
		await side.isPaused(ANYBODY);
		await side.setPause(true, change());
		const { connection, past } = lateConnection();
		await expect(past.setPause(false, change())).rejects.toThrow(/nothing was done/);
		expect(await side.isPaused(ANYBODY)).toBe(true);
		expect(connection.forgotten).toBe(1);
	});
});

/** A side whose idea of the server's clock is an hour behind. */
function lateConnection() {
	const inner = openCacheConnection({ databaseUrl: stand.databaseUrl, pool: 1 });
	const state = { forgotten: 0 };
	const connection = {
		run: inner.run,
		transaction: inner.transaction.bind(inner),
		deadline: async () => Date.now() - 3_600_000,
		forgetClock: () => {
			state.forgotten += 1;
		},
		close: () => inner.close(),
	};
	const past = createPostgresSide({ connection, namespace: `fenced${count}`, onTrouble: () => {} });
	closing.push(() => past.close());
	return { connection: state, past };
}
const closing: (() => Promise<void>)[] = [];
afterAll(async () => {
	for (const close of closing) await close();
});

describe('marks', () => {
	it('are written with what changes something, and name its token', async () => {
		const [row, other] = [rowWith(), rowWith()];
		const [added, removed, paused, put, gone] = Array.from({ length: 5 }, () => change({ marks: 'always' }));
		if (!added || !removed || !paused || !put || !gone) throw new Error('five changes expected');
		await side.add([row, other], added);
		await side.remove([row.id, 'unknown'], removed);
		await side.setPause(true, paused);
		await side.putWithdrawal('w', '{}', put);
		expect(await side.marked(10)).toEqual([
			{ entity: expect.stringMatching(/^r:/), token: expect.any(String) },
			{ entity: expect.stringMatching(/^r:/), token: expect.any(String) },
			{ entity: 'p', token: paused.token },
			{ entity: 'w:w', token: put.token },
		]);
		expect(new Map((await side.marked(10)).map(({ entity, token }) => [entity, token]))).toEqual(
			new Map([
				[`r:${row.id}`, removed.token],
				[`r:${other.id}`, added.token],
				['p', paused.token],
				['w:w', put.token],
			]),
		);
		await side.removeWithdrawal('w', gone);
		await side.removeWithdrawal('unknown', change({ marks: 'always' }));
		expect((await side.marked(10)).at(-1)).toEqual({ entity: 'w:w', token: gone.token });
		expect(await side.marked(1)).toHaveLength(1);
	});

	it('of a clearing name every row and the pause, and no withdrawal', async () => {
		const row = rowWith();
		await side.add([row], change());
		await side.putWithdrawal('w', '{}', change());
		const cleared = change({ marks: 'always' });
		await side.clear(cleared);
		await side.clear(cleared);
		const entities = (await side.marked(10)).map(({ entity, token }) => `${entity} ${token}`).sort();
		expect(entities).toEqual([`p ${cleared.token}`, `r:${row.id} ${cleared.token}`]);
	});

	it('are taken away only while their token is the same', async () => {
		await side.setPause(true, change({ marks: 'always' }));
		const [read] = await side.marked(10);
		await side.setPause(false, change({ marks: 'always' }));
		if (read === undefined) throw new Error('a mark expected');
		await side.unmark([read, { entity: 'w:unknown', token: 'x' }]);
		expect(await side.marked(10)).toHaveLength(1);
		await side.unmark(await side.marked(10));
		expect(await side.marked(10)).toEqual([]);
		await side.unmark([]);
	});

	it('follow the stored phase where they are told to', async () => {
		const marksIn = async (marks: Change['marks']) => {
			await side.setPause(true, change({ marks }));
			const found = await side.marked(10);
			await side.unmark(found);
			return found.length;
		};
		const seen: Record<string, number> = {};
		for (const phase of PHASES) {
			await store(phase);
			seen[phase] = await marksIn('stored');
			expect(await marksIn('never')).toBe(0);
			expect(await marksIn('always')).toBe(1);
		}
		expect(seen).toEqual({ redis: 0, 'dual-write': 1, 'dual-read': 1, postgres: 1, done: 0 });
		await store('done', { mirroring: true });
		expect(await marksIn('stored')).toBe(1);
	});

	it('and those who take them away do not wait for each other for ever', async () => {
		const rows = Array.from({ length: 300 }, () => rowWith());
		await side.add(rows, change({ marks: 'always' }));
		const marks = await side.marked(1_000);
		const halves = [marks, marks.toReversed(), marks, marks.toReversed()];
		await Promise.all([
			...halves.map((half) => side.unmark(half)),
			...[rows, rows.toReversed()].map((list) =>
				side.remove(
					list.map(({ id }) => id),
					change({ marks: 'always' }),
				),
			),
		]);
		await side.unmark(await side.marked(1_000));
		expect(await side.marked(1)).toEqual([]);
	});
});

describe('the stored phase', () => {
	it('moves by compare-and-set, and the log says by whom and why and is never changed', async () => {
		expect(await side.state()).toEqual({ phase: null, floor: 0, mirroring: false, differences: 0 });
		await store('redis');
		expect(await side.move({ before: 'postgres', after: 'done', floor: 0, mirroring: false }, CAUSE)).toBe(false);
		const rivals = await Promise.all(
			Array.from({ length: 5 }, () => side.move({ before: 'redis', after: 'dual-write', floor: 1, mirroring: true }, CAUSE)),
		);
		expect(rivals.filter(Boolean)).toHaveLength(1);
		await side.countDifferences(2);
		await side.countDifferences(3);
		expect(await side.state()).toEqual({ phase: 'dual-write', floor: 1, mirroring: true, differences: 5 });
		const namespace = `fenced${count}`;
		expect([
			...(await stand.sql`select before, after, actor, reason from cache_phase_log where namespace = ${namespace} order by id`),
		]).toEqual([
			{ before: null, after: 'redis', ...CAUSE },
			{ before: 'redis', after: 'dual-write', ...CAUSE },
		]);
		await expect(stand.sql`update cache_phase_log set actor = 'x'`).rejects.toThrow(/kept for ever/);
		await expect(stand.sql`delete from cache_phase_log`).rejects.toThrow(/kept for ever/);
		await expect(stand.sql`truncate cache_phase_log`).rejects.toThrow(/kept for ever/);
	});
});
