import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ANYBODY, actionOf, change, idsOf, openStand, rowsWith, rowWith, type Stand } from './stand.ts';

let stand: Stand;
beforeAll(async () => {
	stand = await openStand();
});
afterAll(() => stand.close());
beforeEach(async () => {
	await stand.side.clear(change());
	stand.troubles.length = 0;
});

const counted = async () => {
	// What was cleared leaves its operations to whoever tidies up.
	await stand.side.trim(0);
	const [row] = await stand.sql<{ cached: number; operations: number }[]>`select
		(select count(*)::int from cached_rebalances where removed_by is null) as cached,
		(select count(*)::int from rebalance_operations) as operations`;
	return row;
};
/** Random, so that no compression makes them short. */
const longText = () => randomBytes(5_000).toString('hex');

describe('rows in PostgreSQL', () => {
	it('come back byte for byte, by route and by transaction', async () => {
		const { side } = stand;
		const odd = rowWith({ amount: '00012', note: 'ü "quoted" \\ {comma, brace}', nested: { deep: [1, null, 'NULL'] } });
		const rows = [...rowsWith(3), odd, rowWith({ destination: 56 })];
		await side.add(rows, change());
		const found = await side.rowsOn(['10-1-0xabc'], ANYBODY);
		expect(new Map(found.map(({ id, text }) => [id, text]))).toEqual(new Map(rows.slice(0, 4).map(({ id, text }) => [id, text])));
		expect(await side.rowsWith(odd.transaction, ANYBODY)).toEqual([{ id: odd.id, text: odd.text }]);
		expect(await side.rowsWith(odd.transaction.toUpperCase(), ANYBODY)).toEqual([]);
		expect(await side.has(odd.id, ANYBODY)).toBe(true);
		expect(await side.has(odd.id.toUpperCase(), ANYBODY)).toBe(false);
	});

	it('are given once however often a route is asked for, and nobody is given those of other namespaces', async () => {
		const { side } = stand;
		const other = stand.another('rebalances2');
		const [mine, others] = [rowWith(), rowWith()];
		await side.add([mine], change());
		await other.add([others], change());
		expect(idsOf(await side.rowsOn(['10-1-0xabc', '10-1-0xabc', 'none'], ANYBODY))).toEqual([mine.id]);
		expect(idsOf(await other.rowsOn(['10-1-0xabc'], ANYBODY))).toEqual([others.id]);
		expect(await side.rowsOn([], ANYBODY)).toEqual([]);
		expect(await side.has(others.id, ANYBODY)).toBe(false);
		expect(await side.rowsWith(others.transaction, ANYBODY)).toEqual([]);
		expect(await side.remove([others.id], change())).toEqual([]);
		await other.clear(change());
		await other.trim(0);
		expect(await side.has(mine.id, ANYBODY)).toBe(true);
	});

	it('may have assets, transactions, routes and deposits that are longer than an index entry', async () => {
		const { side } = stand;
		const [asset, transaction] = [longText(), longText()];
		const row = rowWith({ asset, transaction });
		const marked = change({ marks: 'always' });
		await side.add([row], marked);
		await side.add([row], marked);
		await side.putWithdrawal(transaction, '{"asset":"a","method":"m","refid":"r"}', marked);
		expect(idsOf(await side.rowsOn([row.route], ANYBODY))).toEqual([row.id]);
		expect(idsOf(await side.rowsWith(transaction, ANYBODY))).toEqual([row.id]);
		expect(await side.withdrawal(transaction, ANYBODY)).not.toBeNull();
		expect(await side.remove([row.id], change())).toEqual([row.id]);
		expect(await side.removeWithdrawal(transaction, change())).toBe(true);
		await side.unmark(await side.marked(10));
		expect(await side.marked(10)).toEqual([]);
	});

	it('are told apart where only half a character differs', async () => {
		const [one, other] = [rowWith({ transaction: 'x\ud800' }), rowWith({ transaction: 'x\udbff' })];
		await stand.side.add([one, other], change());
		expect(idsOf(await stand.side.rowsWith('x\ud800', ANYBODY))).toEqual([one.id]);
	});

	it('are rebalance operations without an earmark on which nobody acts', async () => {
		await stand.side.trim(0);
		const action = actionOf({ amount: `${2n ** 256n - 1n}`, origin: 1, destination: 42_161 });
		const row = rowWith(action);
		await stand.side.add([row, rowWith({ amount: `${2n ** 256n}` }), rowWith({ amount: '-1' }), rowWith({ amount: '1.5' })], change());
		const operations = await stand.sql`
			select o.earmark_id, o.asset, o.origin, o.destination, o.send::text, o.receive, o.route, o.status, o.next_action_at = 'infinity' as never
			from rebalance_operations o join cached_rebalances c on c.operation_id = o.id where c.id = ${row.id}`;
		const nothing = { earmark_id: null, receive: null, route: null };
		expect([...operations]).toEqual([
			{ ...nothing, asset: '0xAbC', origin: '1', destination: '42161', send: action.amount, status: 'in_flight', never: true },
		]);
		expect(await stand.sql`select count(send)::int as sent from rebalance_operations`).toEqual([{ sent: 1 }]);
		expect(await stand.sql`select count(*)::int as entries from earmark_audit_log`).toEqual([{ entries: 0 }]);
	});

	it('are added ten thousand in a call, and removed and cleared with their operations', async () => {
		const rows = rowsWith(10_000);
		await stand.side.add(rows, change());
		expect(await counted()).toEqual({ cached: 10_000, operations: 10_000 });
		const half = rows.slice(0, 5_000).map(({ id }) => id);
		expect((await stand.side.remove(half, change())).sort()).toEqual([...half].sort());
		expect(await counted()).toEqual({ cached: 5_000, operations: 5_000 });
		await stand.side.clear(change());
		expect(await counted()).toEqual({ cached: 0, operations: 0 });
		expect(await stand.side.rowsOn(['10-1-0xabc'], ANYBODY)).toEqual([]);
	});

	it('that somebody has spoilt are left out and told, and the healthy ones of their route are served', async () => {
		const [healthy, spoilt] = [rowWith(), rowWith({ transaction: 'spoilt' })];
		await stand.side.add([healthy, spoilt], change());
		await stand.sql`update cached_rebalances set action = '{"asset":1' where id = ${spoilt.id}`;
		expect(idsOf(await stand.side.rowsOn([healthy.route], ANYBODY))).toEqual([healthy.id]);
		expect(await stand.side.rowsWith('spoilt', ANYBODY)).toEqual([]);
		expect(stand.troubles).toEqual([`malformed ${spoilt.id}`, `malformed ${spoilt.id}`]);
	});
});

describe('a removal', () => {
	it('is answered the same when it is asked for again, and to somebody else as nothing', async () => {
		const rows = rowsWith(3);
		const ids = idsOf(rows);
		await stand.side.add(rows, change());
		const once = change();
		expect((await stand.side.remove([...ids, 'unknown', ...ids], once)).sort()).toEqual(ids);
		expect((await stand.side.remove(ids, once)).sort()).toEqual(ids);
		expect(await stand.side.remove(ids, change())).toEqual([]);
		expect(await stand.side.remove([], change())).toEqual([]);
	});

	it('is final: what is added once more with an id that was removed does not come back', async () => {
		const row = rowWith();
		const added = change();
		await stand.side.add([row], added);
		await stand.side.add([row], added);
		expect(await counted()).toEqual({ cached: 1, operations: 1 });
		await stand.side.remove([row.id], change());
		await stand.side.add([row], added);
		expect(await stand.side.has(row.id, ANYBODY)).toBe(false);
		expect(await counted()).toEqual({ cached: 0, operations: 0 });
	});

	it('has one winner for an id, of twenty callers on several instances who name the same ids in different orders', async () => {
		const rows = rowsWith(2_000);
		await stand.side.add(rows, change());
		const instances = [stand.side, stand.another(), stand.another()];
		const instance = (index: number) => instances[index % 3] ?? stand.side;
		const callers = Array.from({ length: 20 }, (_, index) => index);
		// With every connection open they really begin at once; each leaves out some, so that no two name the same.
		await Promise.all(callers.map((index) => instance(index).isPaused(ANYBODY)));
		const own = (index: number) => {
			const kept = rows.filter((_row, at) => at % 20 !== index).map(({ id }) => id);
			return index % 2 === 0 ? kept : kept.reverse();
		};
		const removed = await Promise.all(callers.map((index) => instance(index).remove(own(index), change())));
		expect(removed.flat().sort()).toEqual(idsOf(rows));
		expect(await counted()).toEqual({ cached: 0, operations: 0 });
	});

	it('is forgotten by the housekeeping once it is old enough, and not before', async () => {
		const row = rowWith();
		await stand.side.add([row], change());
		await stand.side.remove([row.id], change());
		await stand.side.putWithdrawal('w', '{}', change());
		await stand.side.removeWithdrawal('w', change());
		const now = await stand.side.now();
		await stand.side.trim(now - 60_000);
		expect(await stand.side.hold([`r:${row.id}`])).toMatchObject([{ removedBy: expect.any(String) }]);
		expect(await stand.side.trim(now + 60_000)).toBeGreaterThanOrEqual(2);
		expect(await stand.side.hold([`r:${row.id}`, 'w:w'])).toMatchObject([{ removedBy: null }, { removedBy: null }]);
	});
});

describe('clearing', () => {
	it('takes rows and the pause, and leaves withdrawals', async () => {
		const { side } = stand;
		const row = rowWith();
		await side.add([row], change());
		await side.setPause(true, change());
		await side.putWithdrawal('deposit', '{"asset":"a","method":"m","refid":"r"}', change());
		expect(await side.isPaused(ANYBODY)).toBe(true);
		await side.clear(change());
		expect(await side.has(row.id, ANYBODY)).toBe(false);
		expect(await side.isPaused(ANYBODY)).toBe(false);
		expect(await side.withdrawal('deposit', ANYBODY)).not.toBeNull();
	});

	it('asked for again does not take what has come since', async () => {
		const cleared = change();
		await stand.side.clear(cleared);
		const row = rowWith();
		await stand.side.add([row], change());
		await stand.side.setPause(true, change());
		await stand.side.clear(cleared);
		expect(await stand.side.has(row.id, ANYBODY)).toBe(true);
		expect(await stand.side.isPaused(ANYBODY)).toBe(true);
	});

	it('takes a batch as a whole or not at all, whoever adds, removes and clears at the same time', async () => {
		const instances = [stand.side, stand.another(), stand.another()];
		const instance = (index: number) => instances[index % 3] ?? stand.side;
		const batches = Array.from({ length: 30 }, () => rowsWith(20));
		await Promise.all([
			...batches.map((batch, index) => instance(index).add(batch, change())),
			...batches.map((batch, index) => instance(index + 1).remove(idsOf(batch).slice(0, 1), change())),
			...Array.from({ length: 6 }, (_, index) => instance(index).clear(change())),
		]);
		const left = new Set(idsOf(await stand.side.rowsOn(['10-1-0xabc'], ANYBODY)));
		const kept = batches.map((batch) => batch.filter(({ id }) => left.has(id)).length);
		expect(kept.filter((count) => ![0, 19, 20].includes(count))).toEqual([]);
		expect(await counted()).toEqual({ cached: left.size, operations: left.size });
	});
});

describe('the pause and withdrawals', () => {
	it('are as they were written last', async () => {
		const { side } = stand;
		expect(await side.isPaused(ANYBODY)).toBe(false);
		await side.setPause(true, change());
		expect(await stand.another().isPaused(ANYBODY)).toBe(true);
		await side.setPause(false, change());
		expect(await side.isPaused(ANYBODY)).toBe(false);
		const [first, second] = ['1', '2'].map((refid) => JSON.stringify({ asset: 'a', method: 'm', refid }));
		const deposit = `0xAB${randomUUID()}`;
		await side.putWithdrawal(deposit, first ?? '', change());
		await side.putWithdrawal(deposit, second ?? '', change());
		expect(await side.withdrawal(deposit, ANYBODY)).toBe(second);
		expect(await side.withdrawal(deposit.toLowerCase(), ANYBODY)).toBeNull();
	});

	it('a withdrawal is removed once, whoever asks again, and may be written again', async () => {
		const { side } = stand;
		const [deposit, text] = [randomUUID(), JSON.stringify({ asset: 'a', method: 'm', refid: 'r' })];
		await side.putWithdrawal(deposit, text, change());
		const removals = await Promise.all(Array.from({ length: 10 }, () => side.removeWithdrawal(deposit, change())));
		expect(removals.filter(Boolean)).toEqual([true]);
		await side.putWithdrawal(deposit, text, change());
		const once = change();
		expect(await side.removeWithdrawal(deposit, once)).toBe(true);
		await side.putWithdrawal(deposit, text, change());
		expect(await side.removeWithdrawal(deposit, once)).toBe(true);
		expect(await side.withdrawal(deposit, ANYBODY)).toBe(text);
		expect(await side.removeWithdrawal('unknown', change())).toBe(false);
	});

	it('a withdrawal that is a plain text is told and not served', async () => {
		await stand.side.putWithdrawal('plain', 'REF', change());
		expect(await stand.side.withdrawal('plain', ANYBODY)).toBeNull();
		expect(stand.troubles).toEqual(['malformed w:plain']);
	});
});
