import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPlainCache } from '../../../src/rebalance-cache/plain.ts';
import { rowOf } from '../../../src/rebalances/row.ts';
import { actionOf, contentsOf, idOf, onRoutesOf } from '../action.ts';
import { openStands, PLAIN, type Stands } from './stand.ts';

let stands: Stands;
beforeAll(async () => {
	stands = await openStands();
});
afterAll(() => stands.close());

/** A healthy row, and beside it on its route what is handed in. */
async function beside(values: Readonly<Record<string, string>>) {
	const { side, prefix, troubles } = stands.stand();
	const cache = createPlainCache(side, PLAIN);
	const healthy = actionOf();
	await cache.addRebalances([healthy]);
	const { route } = rowOf(healthy);
	for (const [id, text] of Object.entries(values)) {
		await stands.raw.hset(`${prefix}:data`, id, text);
		await stands.raw.sadd(`${prefix}:route:${route}`, id);
	}
	return { cache, healthy, id: await idOf(cache, healthy), prefix, route, troubles, raw: stands.raw };
}

const MALFORMED = {
	'no JSON': '{"bridge":',
	empty: '',
	'a list': '[1]',
	null: 'null',
	text: '"text"',
	'without a transaction': JSON.stringify({ ...actionOf(), transaction: undefined }),
	'with a number as its asset': JSON.stringify({ ...actionOf(), asset: 7 }),
};

describe('a value that cannot be read', () => {
	it.each(Object.entries(MALFORMED))('%s: stops nothing, is not served, not removed, and told', async (bad, text) => {
		const { cache, healthy, id, prefix, troubles, raw } = await beside({ [bad]: text });
		troubles.length = 0;
		expect(contentsOf(await onRoutesOf(cache, healthy))).toEqual([healthy]);
		expect(troubles).toEqual([`malformed ${bad}`]);
		expect(await cache.hasRebalance(bad)).toBe(false);
		expect((await cache.getRebalanceByTransaction(healthy.transaction))?.id).toBe(id);
		expect(await cache.getRebalanceByTransaction('nobody')).toBeUndefined();
		troubles.length = 0;
		expect(await cache.removeRebalances([bad, id, bad])).toBe(1);
		expect(troubles).toEqual([`malformed ${bad}`]);
		expect(await raw.hgetall(`${prefix}:data`)).toEqual({ [bad]: text });
		await cache.clear();
		expect(await raw.exists(`${prefix}:data`)).toBe(0);
	});

	it('is left alone when its bytes are no UTF-8, though they can be read', async () => {
		const { cache, healthy, id, prefix, route, troubles, raw } = await beside({});
		const bytes = Buffer.from(JSON.stringify(actionOf({ note: '\u00ff' })), 'latin1');
		await raw.hset(`${prefix}:data`, 'bytes', bytes);
		await raw.sadd(`${prefix}:route:${route}`, 'bytes');
		expect(await cache.removeRebalances(['bytes', id])).toBe(1);
		expect(troubles).toContain('malformed bytes');
		expect(await raw.hgetBuffer(`${prefix}:data`, 'bytes')).toEqual(bytes);
		expect(await onRoutesOf(cache, healthy)).toHaveLength(1);
	});

	it('a withdrawal that is a plain text or lacks a field is not served, not removed, told, and can be overwritten', async () => {
		const { cache, prefix, raw, troubles } = await beside({});
		for (const text of ['ref-of-old', '"ref"', '{"asset":"WETH","method":"m"}', '']) {
			await raw.hset(`${prefix}:withdrawals`, '0xD', text);
			troubles.length = 0;
			expect(await cache.getWithdrawalRecord('0xD')).toBeUndefined();
			expect(troubles).toEqual(['malformed w:0xD']);
			expect(await cache.removeWithdrawalRecord('0xD')).toBe(false);
			expect(await raw.hget(`${prefix}:withdrawals`, '0xD')).toBe(text);
		}
		await cache.addWithdrawalRecord('0xD', 'WETH', 'm', 'ref');
		expect(await cache.getWithdrawalRecord('0xD')).toEqual({ asset: 'WETH', method: 'm', refid: 'ref' });
		expect(await cache.removeWithdrawalRecord('0xD')).toBe(true);
	});
});

describe('an index that is wrong', () => {
	it('an id without a value is told, and its route is served', async () => {
		const { cache, healthy, prefix, route, raw, troubles } = await beside({});
		await raw.sadd(`${prefix}:route:${route}`, 'nobody');
		troubles.length = 0;
		expect(contentsOf(await onRoutesOf(cache, healthy))).toEqual([healthy]);
		expect(troubles).toEqual(['setWithoutData nobody']);
		expect(await cache.removeRebalances(['nobody'])).toBe(0);
		expect(await cache.hasRebalance('nobody')).toBe(false);
	});

	it('a value in no set, or only in that of another route, is not served', async () => {
		const { cache, healthy, prefix, route, raw, troubles } = await beside({});
		const [lost, stray] = [actionOf(), actionOf({ origin: 99 })];
		await raw.hset(`${prefix}:data`, 'lost', JSON.stringify(lost), 'stray', JSON.stringify(stray));
		await raw.sadd(`${prefix}:route:${route}`, 'stray');
		troubles.length = 0;
		expect(contentsOf(await onRoutesOf(cache, healthy, stray))).toEqual([healthy]);
		expect(troubles).toEqual(['dataWithoutSet stray']);
		for (const { transaction } of [lost, stray]) expect(await cache.getRebalanceByTransaction(transaction)).toBeUndefined();
		for (const id of ['lost', 'stray']) expect(await cache.hasRebalance(id)).toBe(false);
	});

	it('does not hide a healthy row that has the same transaction', async () => {
		const { cache, healthy, id, prefix, raw } = await beside({});
		const lost = Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`lost-${index}`, JSON.stringify(healthy)]));
		await raw.hset(`${prefix}:data`, lost);
		expect((await cache.getRebalanceByTransaction(healthy.transaction))?.id).toBe(id);
	});

	it('is told also on a route of many pages, and each row is served once', async () => {
		const { cache, healthy, prefix, route, raw, troubles } = await beside({ bad: '{' });
		await raw.sadd(`${prefix}:route:${route}`, 'nobody');
		await cache.addRebalances(Array.from({ length: 5_000 }, () => actionOf()));
		troubles.length = 0;
		const rows = await onRoutesOf(cache, healthy);
		expect([rows.length, new Set(rows.map((row) => row.id)).size]).toEqual([5_001, 5_001]);
		expect(new Set(troubles)).toEqual(new Set(['malformed bad', 'setWithoutData nobody']));
	});
});

describe('what PostgreSQL cannot store', () => {
	it('is stored by Redis alone, and refused with the name of its field where both are to hold it', async () => {
		const { side } = stands.stand();
		const [alone, both] = [createPlainCache(side, PLAIN), createPlainCache(side, { ...PLAIN, refusesNul: true })];
		const [bad, fine] = [actionOf({ bridge: 'a\u0000b' }), actionOf({ note: 'no NUL: \\u0000' })];
		await alone.addRebalances([bad]);
		expect(contentsOf(await onRoutesOf(alone, bad))).toEqual([bad]);
		await expect(both.addRebalances([fine, bad])).rejects.toThrow(/^actions\[1\]\.bridge holds a NUL/);
		await expect(both.addRebalances([actionOf({ nested: { deep: ['\u0000'] } })])).rejects.toThrow('actions[0].nested.deep.0');
		await expect(both.addWithdrawalRecord('0xD', 'WETH', 'm\u0000', 'ref')).rejects.toThrow(/^method holds a NUL/);
		await expect(both.addWithdrawalRecord('0xD\u0000', 'WETH', 'm', 'ref')).rejects.toThrow(/^depositTransaction holds a NUL/);
		expect(await onRoutesOf(both, bad)).toHaveLength(1);
		expect(await both.addRebalances([fine])).toBe(1);
	});
});
