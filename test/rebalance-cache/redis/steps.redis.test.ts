import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPlainCache } from '../../../src/rebalance-cache/plain.ts';
import type { RedisSide } from '../../../src/rebalance-cache/redis/side.ts';
import { PHASES, type Phase } from '../../../src/rebalances/phase.ts';
import { type Row, rowOf, withdrawalText } from '../../../src/rebalances/row.ts';
import { type Change, PhaseMovedError } from '../../../src/rebalances/side.ts';
import { actionOf } from '../action.ts';
import { openStands, type Stands } from './stand.ts';

let stands: Stands;
beforeAll(async () => {
	stands = await openStands();
});
afterAll(() => stands.close());

const NOBODY = { follows: null };
const change = (given: Partial<Change> = {}): Change => ({ follows: null, token: randomUUID(), marks: 'never', ...given });
const row = (): Row => rowOf(actionOf());
const text = (refid: string) => withdrawalText({ asset: 'WETH', method: 'arbitrum', refid });

async function withRows(count: number) {
	const stand = stands.stand();
	const rows = Array.from({ length: count }, row);
	await stand.side.add(rows, change());
	return { ...stand, rows, ids: rows.map(({ id }) => id), raw: stands.raw };
}

/** Each call with what it says when it is let in, as somebody who follows `follows`. */
function calls(side: RedisSide, follows: Phase | null): Record<string, () => Promise<unknown>> {
	const asker = { follows };
	return {
		rowsOn: () => side.rowsOn(['10-1-x'], asker),
		'rowsOn nothing': () => side.rowsOn([], asker),
		rowsWith: () => side.rowsWith('0x', asker),
		has: () => side.has('unknown', asker),
		isPaused: () => side.isPaused(asker),
		withdrawal: () => side.withdrawal('0x', asker),
		add: () => side.add([row()], change(asker)),
		'add nothing': () => side.add([], change(asker)),
		remove: () => side.remove(['unknown'], change(asker)),
		'remove nothing': () => side.remove([], change(asker)),
		clear: () => side.clear(change(asker)),
		setPause: () => side.setPause(true, change(asker)),
		putWithdrawal: () => side.putWithdrawal('0x', text('ref'), change(asker)),
		removeWithdrawal: () => side.removeWithdrawal('unknown', change(asker)),
	};
}

describe('the stored phase', () => {
	it.each(PHASES.flatMap((phase, at) => [[phase, 0] as const, [phase, at] as const]))(
		'%s with the floor %i lets in who follows it or a neighbour, from the floor on, and nobody else',
		async (phase, floor) => {
			const { side } = stands.stand();
			await side.setPhase({ phase, floor });
			expect(await side.phase()).toEqual({ phase, floor });
			const near = PHASES.filter((_, index) => index >= floor && Math.abs(index - PHASES.indexOf(phase)) <= 1);
			for (const follows of PHASES) {
				const answers = await Promise.all(Object.values(calls(side, follows)).map((call) => call().catch((error) => error)));
				const refusals = answers.filter((answer) => answer instanceof PhaseMovedError && answer.stored === phase);
				expect([follows, refusals.length]).toEqual([follows, near.includes(follows) ? 0 : answers.length]);
			}
			for (const call of Object.values(calls(side, null))) await call();
		},
	);

	it('that has moved is told by a cache at once, and not asked for again', async () => {
		const { side } = stands.stand();
		await side.setPhase({ phase: 'done', floor: 0 });
		const cache = createPlainCache(side, { follows: 'redis', marks: 'stored', refusesNul: false });
		const from = performance.now();
		await expect(cache.isPaused()).rejects.toBeInstanceOf(PhaseMovedError);
		await expect(cache.addRebalances([actionOf()])).rejects.toBeInstanceOf(PhaseMovedError);
		expect(performance.now() - from).toBeLessThan(1_500);
	});

	it('changes nothing when it keeps somebody out', async () => {
		const { side, prefix, raw, ids } = await withRows(2);
		await side.putWithdrawal('0x', text('before'), change());
		await side.setPhase({ phase: 'done', floor: 4 });
		const keys = (await raw.keys(`${prefix}:*`)).sort();
		const all = async () => Promise.all(keys.map((key) => raw.dump(key)));
		const before = await all();
		const late: Change = change({ follows: 'dual-read', marks: 'always' });
		const asked = [
			...Object.values(calls(side, 'dual-read')).map((call) => call()),
			side.remove(ids, late),
			side.removeWithdrawal('0x', late),
		];
		for (const { status } of await Promise.allSettled(asked)) expect(status).toBe('rejected');
		expect((await raw.keys(`${prefix}:*`)).sort()).toEqual(keys);
		expect(await all()).toEqual(before);
	});

	it('lets everybody in where none is stored, and is an error where what is stored is none', async () => {
		const { side, prefix } = stands.stand();
		expect(await side.phase()).toBeNull();
		for (const follows of PHASES) for (const call of Object.values(calls(side, follows))) await call();
		await stands.raw.hset(`${prefix}:phase`, 'phase', 'sideways');
		await expect(side.phase()).rejects.toThrow('sideways');
		await expect(side.isPaused({ follows: 'redis' })).rejects.toThrow('"sideways" as the phase, which is none');
	});

	it('is looked at by every page of a long answer', async () => {
		const { side, ids, rows } = await withRows(5_000);
		await side.setPhase({ phase: 'dual-write', floor: 0 });
		const answer = side.rowsOn([rows[0]?.route ?? ''], { follows: 'redis' });
		await side.setPhase({ phase: 'dual-read', floor: 0 });
		await expect(answer).rejects.toBeInstanceOf(PhaseMovedError);
		expect(await side.has(ids[0] ?? '', { follows: 'postgres' })).toBe(true);
	});
});

describe('asked again with the same token', () => {
	it('adding adds nothing more, and does not bring back what was removed in between', async () => {
		const { side } = stands.stand();
		const [kept, gone] = [row(), row()];
		const own = change();
		await side.add([kept, gone], own);
		expect(await side.remove([gone.id], change())).toEqual([gone.id]);
		await side.add([kept, gone], own);
		expect(await side.rowsOn([kept.route], NOBODY)).toEqual([{ id: kept.id, text: kept.text }]);
	});

	it('removing answers the same, and another change gets none of it', async () => {
		const { side, ids } = await withRows(3);
		const own = change();
		expect((await side.remove(ids.slice(0, 2), own)).sort()).toEqual(ids.slice(0, 2).sort());
		expect(await side.remove(ids, change())).toEqual([ids[2]]);
		expect((await side.remove([...ids, 'unknown'], own)).sort()).toEqual(ids.slice(0, 2).sort());
	});

	it('clearing leaves what was added in between', async () => {
		const { side, ids } = await withRows(1);
		const [own, later] = [change(), row()];
		await side.clear(own);
		await side.add([later], change());
		await side.setPause(true, change());
		await side.clear(own);
		expect(await side.has(later.id, NOBODY)).toBe(true);
		expect(await side.isPaused(NOBODY)).toBe(true);
		expect(await side.has(ids[0] ?? '', NOBODY)).toBe(false);
	});

	it('the pause and a withdrawal stay as somebody else has set them in between', async () => {
		const { side } = stands.stand();
		const [pausing, putting, taking] = [change(), change(), change()];
		await side.setPause(true, pausing);
		await side.setPause(false, change());
		await side.setPause(true, pausing);
		expect(await side.isPaused(NOBODY)).toBe(false);
		await side.putWithdrawal('0xD', text('one'), putting);
		await side.putWithdrawal('0xD', text('two'), change());
		await side.putWithdrawal('0xD', text('one'), putting);
		expect(await side.withdrawal('0xD', NOBODY)).toBe(text('two'));
		expect(await side.removeWithdrawal('0xD', taking)).toBe(true);
		await side.putWithdrawal('0xD', text('three'), change());
		expect(await side.removeWithdrawal('0xD', taking)).toBe(true);
		expect(await side.withdrawal('0xD', NOBODY)).toBe(text('three'));
	});
});

describe('marks', () => {
	const entitiesOf = async (side: RedisSide) => (await side.marked(100)).map(({ entity }) => entity);

	it.each([
		['never', null, false],
		['never', 'dual-write', false],
		['always', null, true],
		['always', 'redis', true],
		['stored', null, false],
		['stored', 'redis', false],
		['stored', 'dual-write', true],
		['stored', 'dual-read', true],
		['stored', 'postgres', true],
		['stored', 'done', false],
	] as const)('%s, where the stored phase is %s: %s', async (marks, phase, isMarked) => {
		const { side, ids } = await withRows(3);
		await side.putWithdrawal('0xgone', text('ref'), change());
		if (phase !== null) await side.setPhase({ phase, floor: 0 });
		const added = row();
		await side.add([added], change({ marks }));
		await side.remove([ids[0] ?? '', 'unknown'], change({ marks }));
		await side.putWithdrawal('0xD', text('ref'), change({ marks }));
		await side.removeWithdrawal('0xgone', change({ marks }));
		await side.removeWithdrawal('unknown', change({ marks }));
		await side.setPause(true, change({ marks }));
		const all = [`r:${added.id}`, `r:${ids[0]}`, 'w:0xD', 'w:0xgone', 'p'].sort();
		expect((await entitiesOf(side)).sort()).toEqual(isMarked ? all : []);
	});

	it('of a clear are all that was there, and each is buried', async () => {
		const { side, ids } = await withRows(2_500);
		const own = change({ marks: 'always' });
		await side.clear(own);
		expect((await side.marked(5_000)).map(({ entity }) => entity).sort()).toEqual([...ids.map((id) => `r:${id}`), 'p'].sort());
		const held = await side.hold(ids.map((id) => `r:${id}` as const));
		expect(held.every(({ value, removedBy }) => value === null && removedBy === own.token)).toBe(true);
	});

	it('come oldest first, keep their place when they are marked again, and carry the last token', async () => {
		const { side } = stands.stand();
		const tokens = ['1', '2', '3', '4'];
		for (const token of tokens) {
			const { length } = await side.marked(10);
			await side.putWithdrawal(`0x${token}`, text(token), change({ token, marks: 'always' }));
			expect((await side.marked(10)).length).toBe(length + 1);
			await later();
		}
		await side.putWithdrawal('0x1', text('again'), change({ token: '5', marks: 'always' }));
		expect(await side.marked(2)).toEqual([
			{ entity: 'w:0x1', token: '5' },
			{ entity: 'w:0x2', token: '2' },
		]);
	});

	it('are taken away only while their token is the one that was read', async () => {
		const { side, prefix } = stands.stand();
		await side.setPause(true, change({ token: 'one', marks: 'always' }));
		await side.putWithdrawal('0xD', text('ref'), change({ token: 'one', marks: 'always' }));
		const read = await side.marked(10);
		await side.setPause(false, change({ token: 'two', marks: 'always' }));
		await side.unmark(read);
		expect(await side.marked(10)).toEqual([{ entity: 'p', token: 'two' }]);
		await side.unmark(await side.marked(10));
		expect(await stands.raw.exists(`${prefix}:marks`, `${prefix}:marks-order`)).toBe(0);
	});

	it('are not made by a change that is asked again', async () => {
		const { side, ids } = await withRows(1);
		const own = [change({ marks: 'always' }), change({ marks: 'always' }), change({ marks: 'always' })] as const;
		const added = row();
		const steps = [() => side.add([added], own[0]), () => side.remove(ids, own[1]), () => side.clear(own[2])];
		for (const step of steps) {
			await step();
			await side.unmark(await side.marked(100));
			await step();
			expect(await side.marked(100)).toEqual([]);
		}
	});
});

describe('tombstones', () => {
	it('are forgotten after a day, and not before', async () => {
		const { side, prefix, raw, ids } = await withRows(3);
		await side.remove(ids.slice(0, 2), change());
		const now = Date.now();
		await raw.zadd(`${prefix}:removed-at`, now - 86_500_000, `r:${ids[0]}`);
		await raw.zadd(`${prefix}:removed-at`, now - 86_000_000, `r:${ids[1]}`);
		await side.remove(ids.slice(2), change());
		expect((await raw.hkeys(`${prefix}:removed`)).sort()).toEqual([`r:${ids[1]}`, `r:${ids[2]}`].sort());
		expect((await raw.zrange(`${prefix}:removed-at`, '0', '-1')).sort()).toEqual([`r:${ids[1]}`, `r:${ids[2]}`].sort());
	});
});

describe('a batch', () => {
	it('is added as a whole or not at all, also when Redis refuses in the middle of it', async () => {
		const { side, prefix } = stands.stand();
		const rows = [rowOf(actionOf()), rowOf(actionOf({ origin: 2 })), rowOf(actionOf({ origin: 3 }))];
		await stands.raw.set(`${prefix}:route:${rows[1]?.route}`, 'not a set');
		await expect(side.add(rows, change())).rejects.toThrow('WRONGTYPE');
		expect(await stands.raw.keys(`${prefix}:*`)).toEqual([`${prefix}:route:${rows[1]?.route}`]);
	});

	it('of a phase that both sides keep is marked by a cache that follows it', async () => {
		const { side } = stands.stand();
		await side.setPhase({ phase: 'dual-write', floor: 0 });
		await createPlainCache(side, { follows: 'redis', marks: 'stored', refusesNul: false }).addRebalances([actionOf(), actionOf()]);
		expect(await side.marked(10)).toHaveLength(2);
	});
});

/** Until the clock by which marks are ordered has gone on. */
async function later(): Promise<void> {
	const ms = async () => {
		const [seconds, micros] = await stands.raw.time();
		return Number(seconds) * 1_000 + Math.floor(Number(micros) / 1_000);
	};
	const from = await ms();
	while ((await ms()) === from);
}
