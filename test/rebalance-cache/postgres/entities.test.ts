import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { PostgresSide } from '../../../src/rebalance-cache/postgres/side.ts';
import type { Entity, Held } from '../../../src/rebalances/side.ts';
import type { Page } from '../../../src/store/rebalance-cache/upkeep.ts';
import { ANYBODY, actionOf, change, idsOf, openStand, rowsWith, rowWith, type Stand } from './stand.ts';

let stand: Stand;
let side: PostgresSide;
let count = 0;
beforeAll(async () => {
	stand = await openStand();
});
afterAll(() => stand.close());
beforeEach(() => {
	count += 1;
	side = stand.another(`held${count}`);
	stand.troubles.length = 0;
});

const WITHDRAWAL = JSON.stringify({ asset: 'a', method: 'm', refid: 'r' });
const held = (entity: Entity, value: string | null, removedBy: string | null = null): Held => ({ entity, value, removedBy });
const apply = (...list: Held[]) =>
	side.withEntities(
		list.map(({ entity }) => entity),
		(session) => session.apply(list),
	);
const operations = async () => {
	const rows = await stand.sql<{ send: string; destination: string }[]>`
		select o.send::text, o.destination from rebalance_operations o join cached_rebalances c on c.operation_id = o.id
		where c.namespace = ${`held${count}`}`;
	return [...rows];
};

describe('what is held', () => {
	it('is told in the order asked, with who has removed what is not there', async () => {
		const [there, gone] = [rowWith(), rowWith()];
		const [removed, taken] = [change(), change()];
		await side.add([there, gone], change());
		await side.remove([gone.id], removed);
		await side.setPause(false, change());
		await side.putWithdrawal('w1', WITHDRAWAL, change());
		await side.putWithdrawal('w2', WITHDRAWAL, change());
		await side.removeWithdrawal('w2', taken);
		const asked: Entity[] = ['w:w2', `r:${gone.id}`, 'p', 'r:unknown', 'w:w1', `r:${there.id}`, 'w:unknown'];
		const expected = [
			held('w:w2', null, taken.token),
			held(`r:${gone.id}`, null, removed.token),
			held('p', '0'),
			held('r:unknown', null),
			held('w:w1', WITHDRAWAL),
			held(`r:${there.id}`, there.text),
			held('w:unknown', null),
		];
		expect(await side.hold(asked)).toEqual(expected);
		expect(await side.withEntities(asked, (session) => session.hold(asked))).toEqual(expected);
		expect(await stand.another('empty').hold(['p', 'r:x'])).toEqual([held('p', null), held('r:x', null)]);
	});
});

describe('what is brought over', () => {
	it('is served then, with its operation, again without a double, and changed where its text is another', async () => {
		const row = rowWith();
		expect(await apply(held(`r:${row.id}`, row.text), held('w:w', WITHDRAWAL), held('p', '1'))).toEqual([null, null, null]);
		expect(await apply(held(`r:${row.id}`, row.text), held('w:w', WITHDRAWAL), held('p', '1'))).toEqual([null, null, null]);
		expect(await side.rowsOn([row.route], ANYBODY)).toEqual([{ id: row.id, text: row.text }]);
		expect(await side.isPaused(ANYBODY)).toBe(true);
		expect(await side.withdrawal('w', ANYBODY)).toBe(WITHDRAWAL);
		expect(await operations()).toEqual([{ send: '1000000', destination: '10' }]);
		const text = JSON.stringify(actionOf({ destination: 56, amount: '7', transaction: 'other' }));
		await apply(held(`r:${row.id}`, text), held('p', '0'));
		expect(await side.rowsOn([row.route], ANYBODY)).toEqual([]);
		expect(await side.rowsOn(['56-1-0xabc'], ANYBODY)).toEqual([{ id: row.id, text }]);
		expect(idsOf(await side.rowsWith('other', ANYBODY))).toEqual([row.id]);
		expect(await side.isPaused(ANYBODY)).toBe(false);
		expect(await operations()).toEqual([{ send: '7', destination: '56' }]);
		expect(await side.marked(10)).toEqual([]);
	});

	it('is gone then, with its operation, and is not let in again', async () => {
		const [row, never] = [rowWith(), rowWith()];
		await side.add([row], change());
		await side.putWithdrawal('w', WITHDRAWAL, change());
		await side.setPause(true, change());
		const gone = [held(`r:${row.id}`, null, 'T1'), held(`r:${never.id}`, null, 'T2'), held('w:w', null, 'T3'), held('p', null)];
		expect(await apply(...gone)).toEqual([null, null, null, null]);
		expect(await side.has(row.id, ANYBODY)).toBe(false);
		expect(await side.withdrawal('w', ANYBODY)).toBeNull();
		expect(await side.isPaused(ANYBODY)).toBe(false);
		expect(await operations()).toEqual([]);
		expect(await apply(held(`r:${row.id}`, row.text), held(`r:${never.id}`, never.text))).toEqual(['T1', 'T2']);
		await side.add([row, never], change());
		expect(await side.rowsOn([row.route], ANYBODY)).toEqual([]);
		expect(await operations()).toEqual([]);
		expect(await side.hold(['w:w'])).toEqual([held('w:w', null, 'T3')]);
		await apply(held('w:w', WITHDRAWAL));
		expect(await side.withdrawal('w', ANYBODY)).toBe(WITHDRAWAL);
	});

	it('keeps who has removed it first, and tells whoever comes later', async () => {
		const row = rowWith();
		const removed = change();
		await side.add([row], change());
		await side.remove([row.id], removed);
		expect(await apply(held(`r:${row.id}`, null, 'later'))).toEqual([removed.token]);
		expect(await side.hold([`r:${row.id}`])).toEqual([held(`r:${row.id}`, null, removed.token)]);
		expect(await side.remove([row.id], removed)).toEqual([row.id]);
	});

	it('may have been removed by nobody knows whom', async () => {
		const row = rowWith();
		await side.add([row], change());
		expect(await apply(held(`r:${row.id}`, null))).toEqual([null]);
		expect(await apply(held(`r:${row.id}`, row.text))).toEqual(['']);
		expect(await side.hold([`r:${row.id}`])).toEqual([held(`r:${row.id}`, null)]);
	});

	it('leaves as it is what cannot be read or stored, and brings the rest', async () => {
		const [row, healthy, nul] = [rowWith(), rowWith(), rowWith({ transaction: 'a\u0000b' })];
		await side.add([row], change());
		const answers = await apply(
			held(`r:${row.id}`, '{"asset":1}'),
			held(`r:${healthy.id}`, healthy.text),
			held(`r:${nul.id}`, nul.text),
			held('w:plain', 'REF'),
			held('w:nul\u0000', WITHDRAWAL),
		);
		expect(answers).toEqual([null, null, null, null, null]);
		expect(idsOf(await side.rowsOn([row.route], ANYBODY))).toEqual(idsOf([row, healthy]));
		expect(stand.troubles).toEqual([`malformed ${row.id}`, `unstorable ${nul.id}`, 'malformed w:plain', 'unstorable w:nul\u0000']);
	});

	it('by two at the same time is brought by one after the other, in whatever order they name it', async () => {
		const rows = rowsWith(100);
		const entities = rows.map(({ id }): Entity => `r:${id}`);
		let inside = 0;
		const bring = (list: Entity[], instance: PostgresSide) =>
			instance.withEntities(list, async (session) => {
				inside += 1;
				expect(inside).toBe(1);
				const before = await session.hold(list);
				const texts = new Map(rows.map(({ id, text }) => [`r:${id}`, text]));
				const next = before.map(({ entity, value }) => held(entity, value === null ? (texts.get(entity) ?? null) : null, 'T'));
				await session.apply(next);
				inside -= 1;
			});
		await Promise.all([bring(entities, side), bring(entities.toReversed(), stand.another(`held${count}`)), bring(entities, side)]);
		expect(await side.rowsOn(['10-1-0xabc'], ANYBODY)).toEqual([]);
	});

	it('is taken back when the work fails', async () => {
		const row = rowWith();
		const failing = side.withEntities([`r:${row.id}`], async (session) => {
			await session.apply([held(`r:${row.id}`, row.text)]);
			throw new Error('the other side is gone');
		});
		await expect(failing).rejects.toThrow('the other side is gone');
		expect(await side.has(row.id, ANYBODY)).toBe(false);
	});
});

async function everyPage<Row>(read: (after: string | null) => Promise<Page<Row>>): Promise<Row[]> {
	const rows: Row[] = [];
	let after: string | null = null;
	// Other tests of this file have rows beside these.
	for (let pages = 0; pages < 1_000; pages += 1) {
		const page: Page<Row> = await read(after);
		rows.push(...page.rows);
		after = page.next;
		if (after === null) return rows;
	}
	throw new Error('the pages have no end');
}

describe('pages', () => {
	it('give every row once with what finds it, and every withdrawal', async () => {
		const rows = rowsWith(25);
		await side.add(rows, change());
		await side.remove(idsOf(rows).slice(0, 2), change());
		for (let index = 0; index < 7; index += 1) await side.putWithdrawal(`w${index}`, WITHDRAWAL, change());
		await side.removeWithdrawal('w3', change());
		const found = await everyPage((after) => side.pageOfRows(after, 10));
		expect(idsOf(found)).toEqual(idsOf(rows).slice(2));
		for (const each of found) expect(each).toEqual(rows.find(({ id }) => id === each.id));
		const withdrawals = await everyPage((after) => side.pageOfWithdrawals(after, 3));
		expect(idsOf(withdrawals)).toEqual(['w0', 'w1', 'w2', 'w4', 'w5', 'w6']);
		expect(withdrawals[0]?.text).toBe(WITHDRAWAL);
	});

	it('name transactions of several actions', async () => {
		const twice = rowsWith(2, { transaction: 'twice' });
		await side.add([...twice, rowWith(), ...rowsWith(3, { transaction: 'thrice' })], change());
		expect(await side.duplicateTransactions(10)).toEqual([
			{ transaction: 'thrice', actions: 3 },
			{ transaction: 'twice', actions: 2 },
		]);
		await side.remove(idsOf(twice).slice(0, 1), change());
		expect(await side.duplicateTransactions(1)).toEqual([{ transaction: 'thrice', actions: 3 }]);
	});
});

describe('the quarantine', () => {
	it('keeps raw values whatever they are, counts them, and forgets what was not seen again', async () => {
		await side.quarantine('malformed', [
			{ entity: 'a', raw: 'not json \u0000' },
			{ entity: 'b\u0000', raw: '1' },
		]);
		await side.quarantine('setWithoutData', [{ entity: 'a', raw: null }]);
		const since = await side.now();
		await side.quarantine('malformed', [{ entity: 'b\u0000', raw: '2' }]);
		expect(await side.quarantined(10)).toHaveLength(3);
		await side.release(since);
		expect(await side.quarantined(10)).toEqual([{ kind: 'malformed', entity: 'b\u0000', raw: '2' }]);
		expect(await side.quarantineCounts()).toEqual([{ kind: 'malformed', count: 1 }]);
		await side.quarantine('malformed', []);
	});
});
