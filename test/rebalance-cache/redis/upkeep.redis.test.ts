import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Row, rowOf, withdrawalText } from '../../../src/rebalances/row.ts';
import type { Change, Held } from '../../../src/rebalances/side.ts';
import { actionOf } from '../action.ts';
import { openStands, type Stands } from './stand.ts';

let stands: Stands;
beforeAll(async () => {
	stands = await openStands();
});
afterAll(() => stands.close());

const NOBODY = { follows: null };
const change = (): Change => ({ follows: null, token: randomUUID(), marks: 'never' });
const rowOn = (origin: number): Row => rowOf(actionOf({ origin }));
const text = (refid: string) => withdrawalText({ asset: 'WETH', method: 'arbitrum', refid });
const there = (row: Row): Held => ({ entity: `r:${row.id}`, value: row.text, removedBy: null });
const gone = (row: Row, removedBy: string | null): Held => ({ entity: `r:${row.id}`, value: null, removedBy });

function stand() {
	const own = stands.stand();
	const idsOn = async (row: Row) => (await own.side.rowsOn([row.route], NOBODY)).map(({ id }) => id);
	return { ...own, raw: stands.raw, idsOn };
}

describe('holding', () => {
	it('tells texts as they are stored, who has removed what, and nothing of what nobody knows', async () => {
		const { side, prefix, raw } = stand();
		const [kept, removed] = [rowOn(1), rowOn(1)];
		const [removing, taking] = [change(), change()];
		await side.add([kept, removed], change());
		await side.remove([removed.id], removing);
		await raw.hset(`${prefix}:data`, 'broken', '{');
		await raw.hset(`${prefix}:withdrawals`, '0xPlain', 'plain');
		for (const deposit of ['0xA', '0xB', '0xC']) await side.putWithdrawal(deposit, text(deposit), change());
		await side.removeWithdrawal('0xB', taking);
		await side.removeWithdrawal('0xC', change());
		await side.putWithdrawal('0xC', text('again'), change());
		const held = await side.hold([
			...(['p', `r:${kept.id}`, `r:${removed.id}`, 'r:unknown', 'r:broken'] as const),
			...(['w:0xA', 'w:0xB', 'w:0xC', 'w:unknown', 'w:0xPlain'] as const),
		]);
		expect(held.map(({ value, removedBy }) => [value, removedBy])).toEqual([
			...[
				[null, null],
				[kept.text, null],
				[null, removing.token],
				[null, null],
				['{', null],
			],
			...[
				[text('0xA'), null],
				[null, taking.token],
				[text('again'), null],
				[null, null],
				['plain', null],
			],
		]);
		await side.setPause(false, change());
		expect(await side.hold(['p'])).toEqual([{ entity: 'p', value: '0', removedBy: null }]);
		expect(await side.hold([])).toEqual([]);
	});
});

describe('applying', () => {
	it('lets rows come up on their routes and go from them, and is the same when it is done again', async () => {
		const { side, prefix, raw, idsOn } = stand();
		const [old, fresh] = [rowOn(1), rowOn(2)];
		await side.add([old], change());
		for (let times = 0; times < 2; times += 1) {
			expect(await side.apply([there(fresh), gone(old, 'token-1')])).toEqual([null, times === 0 ? null : 'token-1']);
			expect([await idsOn(old), await idsOn(fresh)]).toEqual([[], [fresh.id]]);
			expect(await raw.hgetall(`${prefix}:data`)).toEqual({ [fresh.id]: fresh.text });
			expect(await raw.hget(`${prefix}:removed`, `r:${old.id}`)).toBe('token-1');
		}
		expect(await raw.exists(`${prefix}:route:${old.route}`, `${prefix}:marks`)).toBe(0);
	});

	it('never lets in what was removed here, and says by whom', async () => {
		const { side, idsOn } = stand();
		const row = rowOn(1);
		const removing = change();
		await side.add([row], change());
		await side.remove([row.id], removing);
		expect(await side.apply([there(row)])).toEqual([removing.token]);
		expect(await idsOn(row)).toEqual([]);
		expect(await side.has(row.id, NOBODY)).toBe(false);
	});

	it('buries also what it never held, and keeps the older tombstone', async () => {
		const { side, idsOn } = stand();
		const [unseen, nameless] = [rowOn(1), rowOn(1)];
		expect(await side.apply([gone(unseen, 'first'), gone(nameless, null)])).toEqual([null, null]);
		expect(await side.apply([gone(unseen, 'second'), gone(nameless, 'late')])).toEqual(['first', '']);
		await side.add([unseen, nameless], change());
		expect(await side.apply([there(unseen), there(nameless)])).toEqual(['first', '']);
		expect(await idsOn(unseen)).toEqual([]);
		expect(await side.hold([`r:${unseen.id}`, `r:${nameless.id}`])).toEqual([gone(unseen, 'first'), gone(nameless, null)]);
	});

	it('takes a row off the route of the text that was there, and mends a route that has lost its id', async () => {
		const { side, prefix, raw, idsOn } = stand();
		const [before, after] = [rowOn(1), rowOn(2)];
		await side.add([before], change());
		const moved = { ...after, id: before.id };
		await side.apply([there(moved)]);
		expect([await idsOn(before), await idsOn(after)]).toEqual([[], [before.id]]);
		expect(await raw.exists(`${prefix}:route:${before.route}`)).toBe(0);
		await raw.del(`${prefix}:route:${after.route}`);
		await side.apply([there(moved)]);
		expect(await idsOn(after)).toEqual([before.id]);
	});

	it('sets and forgets the pause and withdrawals', async () => {
		const { side, prefix, raw } = stand();
		const held = (value: string | null, pause: string | null): Held[] => [
			{ entity: 'w:0xD', value, removedBy: value === null ? 'taken' : null },
			{ entity: 'p', value: pause, removedBy: null },
		];
		expect(await side.apply(held(text('one'), '1'))).toEqual([null, null]);
		expect([await side.withdrawal('0xD', NOBODY), await side.isPaused(NOBODY)]).toEqual([text('one'), true]);
		await side.apply(held(text('two'), '0'));
		expect([await side.withdrawal('0xD', NOBODY), await raw.get(`${prefix}:paused`)]).toEqual([text('two'), '0']);
		await side.apply(held(null, null));
		expect(await raw.exists(`${prefix}:withdrawals`, `${prefix}:paused`)).toBe(0);
		expect(await side.hold(['w:0xD'])).toEqual([{ entity: 'w:0xD', value: null, removedBy: 'taken' }]);
		await side.apply(held(text('three'), null));
		expect(await side.withdrawal('0xD', NOBODY)).toBe(text('three'));
	});

	it('leaves what cannot be read as it is, and tells it', async () => {
		const { side, prefix, raw, troubles } = stand();
		const [row, bad] = [rowOn(1), { ...rowOn(1), text: '{"bridge":1}' }];
		await raw.hset(`${prefix}:data`, 'broken', '{', 'mended', '[]');
		await raw.hset(`${prefix}:withdrawals`, '0xPlain', 'plain');
		const mended = { ...row, id: 'mended' };
		await side.apply([
			...[there(bad), { entity: 'r:broken', value: null, removedBy: 'token' } as const, there(mended)],
			{ entity: 'w:0xPlain', value: null, removedBy: 'token' },
			{ entity: 'w:0xBad', value: 'plain', removedBy: null },
		]);
		expect(await raw.hgetall(`${prefix}:data`)).toEqual({ broken: '{', mended: row.text });
		expect(await raw.hgetall(`${prefix}:withdrawals`)).toEqual({ '0xPlain': 'plain' });
		expect(await raw.exists(`${prefix}:removed`)).toBe(0);
		expect(troubles.sort()).toEqual([`malformed ${bad.id}`, 'malformed broken', 'malformed w:0xBad', 'malformed w:0xPlain'].sort());
	});

	it('works on thousands, and answers in their order', async () => {
		const { side } = stand();
		const rows = Array.from({ length: 4_500 }, (_, index) => rowOn(index % 5));
		const every = rows.filter((_, index) => index % 7 === 0);
		await side.apply(every.map((row) => gone(row, row.id)));
		const graves = await side.apply(rows.map(there));
		expect(graves).toEqual(rows.map((row, index) => (index % 7 === 0 ? row.id : null)));
		expect(
			await side.rowsOn(
				[0, 1, 2, 3, 4].map((index) => rows[index]?.route ?? ''),
				NOBODY,
			),
		).toHaveLength(4_500 - every.length);
		const held = await side.hold(rows.map(({ id }) => `r:${id}` as const));
		expect(held.map(({ value }) => value)).toEqual(rows.map((row, index) => (index % 7 === 0 ? null : row.text)));
	});
});

describe('page by page', () => {
	async function all<T>(page: (cursor: string) => Promise<{ readonly cursor: string } & T>): Promise<T[]> {
		const pages: T[] = [];
		let cursor = '0';
		do {
			const next = await page(cursor);
			pages.push(next);
			cursor = next.cursor;
		} while (cursor !== '0');
		return pages;
	}

	it('everything is met: rows, withdrawals, routes and the ids on a route', async () => {
		const { side, prefix, raw } = stand();
		const rows = Array.from({ length: 3_000 }, (_, index) => rowOn(index % 600));
		const same = Array.from({ length: 1_500 }, () => rowOn(7_777));
		await side.add([...rows, ...same], change());
		await raw.hset(`${prefix}:data`, 'broken', '{');
		await raw.sadd(`${prefix}:route:x`, 'nobody');
		for (let index = 0; index < 300; index += 1) await side.putWithdrawal(`0x${index}`, text(`${index}`), change());
		const data = await all((cursor) => side.scanData(cursor, 100));
		expect(data.length).toBeGreaterThan(10);
		const entries = new Map(data.flatMap((page) => page.entries.map((entry) => [entry.id, entry.text] as const)));
		expect(entries).toEqual(new Map([...[...rows, ...same].map((row) => [row.id, row.text] as const), ['broken', '{']]));
		const withdrawals = await all((cursor) => side.scanWithdrawals(cursor, 50));
		expect(new Set(withdrawals.flatMap((page) => page.entries.map(({ id }) => id))).size).toBe(300);
		const routes = await all((cursor) => side.scanRoutes(cursor));
		const names = new Set([...rows, ...same].map(({ route }) => route)).add('x');
		expect(new Set(routes.flatMap((page) => page.routes))).toEqual(names);
		const ids = await all((cursor) => side.scanRoute(same[0]?.route ?? '', cursor, 100));
		expect(ids.length).toBeGreaterThan(5);
		expect(new Set(ids.flatMap((page) => page.ids))).toEqual(new Set(same.map(({ id }) => id)));
		expect(await side.scanRoute('x', '0', 10)).toEqual({ cursor: '0', ids: ['nobody'] });
	});

	it('says of each id whether it is on the route, in order', async () => {
		const { side, prefix, raw } = stand();
		const rows = Array.from({ length: 2_500 }, (_, index) => rowOn(index));
		await side.add(rows, change());
		await raw.sadd(`${prefix}:route:${rows[0]?.route}`, 'without data');
		const pairs = rows.map(({ id, route }, index) => ({ id, route: index % 3 === 0 ? 'other' : route }));
		const answers = await side.isOnRoute([{ id: 'without data', route: rows[0]?.route ?? '' }, ...pairs]);
		expect(answers).toEqual([false, ...pairs.map((_, index) => index % 3 !== 0)]);
		expect(await side.isOnRoute([])).toEqual([]);
	});
});
