import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPlainCache } from '../../../src/rebalance-cache/plain.ts';
import { actionOf, contentsOf, idOf, onRoutesOf, USDC } from '../action.ts';
import { openStands, PLAIN, type Stands } from './stand.ts';

let stands: Stands;
beforeAll(async () => {
	stands = await openStands();
});
afterAll(() => stands.close());

function opened(prefix?: string) {
	const stand = stands.stand(prefix);
	return { ...stand, cache: createPlainCache(stand.side, PLAIN), raw: stands.raw };
}

const keysUnder = async (prefix: string) => (await stands.raw.keys('*')).filter((key) => key.startsWith(`${prefix}:`)).sort();

/** As the class that came before wrote it, with two calls for a row. */
async function writeAsBefore(prefix: string, action = actionOf()): Promise<string> {
	const { destination, origin, asset } = action;
	const id = `${destination}-${origin}-${asset}-${randomUUID()}`;
	await stands.raw.hset(`${prefix}:data`, id, JSON.stringify(action));
	await stands.raw.sadd(`${prefix}:route:${destination}-${origin}-${asset.toLowerCase()}`, id);
	return id;
}

describe('what stands in Redis is what the class before wrote', () => {
	it('for actions: the JSON under the id, and the id in the set of the route in lower case', async () => {
		const { cache, prefix, raw } = opened();
		const action = actionOf({ destination: 1_399_811_149, origin: 42_161, asset: '0xİAb', note: 'kept' });
		await cache.addRebalances([action]);
		const id = await idOf(cache, action);
		expect(await raw.hgetall(`${prefix}:data`)).toEqual({ [id]: JSON.stringify(action) });
		expect(await raw.smembers(`${prefix}:route:1399811149-42161-0xi\u0307ab`)).toEqual([id]);
		expect(await keysUnder(prefix)).toEqual([`${prefix}:data`, `${prefix}:route:1399811149-42161-0xi\u0307ab`]);
		await cache.removeRebalances([id]);
		expect(await keysUnder(prefix)).toEqual([`${prefix}:removed`, `${prefix}:removed-at`]);
	});

	it('for the pause and for withdrawals', async () => {
		const { cache, prefix, raw } = opened();
		await cache.setPause(true);
		expect(await raw.get(`${prefix}:paused`)).toBe('1');
		await cache.setPause(false);
		expect(await raw.get(`${prefix}:paused`)).toBe('0');
		await cache.addWithdrawalRecord('0xD', 'WETH', 'arbitrum', 'ref');
		expect(await raw.hgetall(`${prefix}:withdrawals`)).toEqual({ '0xD': '{"asset":"WETH","method":"arbitrum","refid":"ref"}' });
	});

	it('under the keys that begin with rebalances, when nothing else is said', async () => {
		const { cache, raw } = opened('rebalances');
		await cache.addRebalances([actionOf({ asset: 'A' })]);
		expect(await raw.exists('rebalances:data', 'rebalances:route:10-1-a')).toBe(2);
		await cache.clear();
	});
});

describe('what the class before wrote', () => {
	it('is served, looked for and removed', async () => {
		const { cache, prefix, raw, troubles } = opened();
		const { recipient, ...old } = actionOf();
		const actions = [actionOf({ origin: 56 }), old as typeof old & { recipient?: string }, actionOf({ asset: USDC.toLowerCase() })];
		const ids = [];
		for (const action of actions) ids.push(await writeAsBefore(prefix, action));
		expect(contentsOf(await onRoutesOf(cache, ...actions))).toEqual(contentsOf(actions));
		expect(await cache.getRebalanceByTransaction(old.transaction)).toEqual({ ...old, id: ids[1] });
		expect(await cache.hasRebalance(ids[0] ?? '')).toBe(true);
		expect(await cache.removeRebalances(ids)).toBe(3);
		expect(
			await raw.exists(`${prefix}:data`, `${prefix}:route:10-56-${USDC.toLowerCase()}`, `${prefix}:route:10-1-${USDC.toLowerCase()}`),
		).toBe(0);
		expect(troubles).toEqual([]);
	});

	it('is removed also when its JSON is written in another way', async () => {
		const { cache, prefix, raw } = opened();
		const id = `10-1-T-${randomUUID()}`;
		const text = ' { "asset":"T", "destination": 1e1, "origin":1.0, "bridge":"\\u00e9", "amount":"1","transaction":"0x" } ';
		await raw.hset(`${prefix}:data`, id, text);
		await raw.sadd(`${prefix}:route:10-1-t`, id);
		expect((await onRoutesOf(cache, actionOf({ asset: 'T' }))).map((row) => row.bridge)).toEqual(['é']);
		expect(await cache.removeRebalances([id])).toBe(1);
		expect(await raw.exists(`${prefix}:data`, `${prefix}:route:10-1-t`)).toBe(0);
	});

	it('counts as a pause only when it is the text 1', async () => {
		const { cache, prefix, raw } = opened();
		for (const [text, paused] of [
			['1', true],
			['0', false],
			['true', false],
			['', false],
			['01', false],
		] as const) {
			await raw.set(`${prefix}:paused`, text);
			expect(await cache.isPaused()).toBe(paused);
		}
	});
});

describe('clear', () => {
	it('deletes its own data, route sets and pause, and no key of anybody else', async () => {
		const prefix = `c${randomUUID()}`;
		const { cache, raw } = opened(prefix);
		const others = [`${prefix}2`, `${prefix}:route`, `${prefix}:route:x`, `x${prefix}`, prefix.toUpperCase()];
		for (const other of others) await writeAsBefore(other);
		await raw.set(prefix, 'kept');
		await raw.set(`${prefix}:other`, 'kept');
		const before = (await raw.keys('*')).sort();
		await Promise.all(Array.from({ length: 1_500 }, (_, origin) => writeAsBefore(prefix, actionOf({ origin }))));
		await raw.sadd(`${prefix}:route:1-2-nobody`, 'without data');
		await cache.setPause(true);
		await cache.addWithdrawalRecord('0xD', 'WETH', 'arbitrum', 'ref');
		await cache.clear();
		const ours = [`${prefix}:removed`, `${prefix}:removed-at`, `${prefix}:withdrawals`];
		expect((await raw.keys('*')).sort()).toEqual([...before, ...ours].sort());
	});

	it.each(['[a-z]*', 'a?', 'back\\slash', '*', 'a]b', 'ü:{tag}'])('takes the prefix %j by the letter', async (letters) => {
		const mark = randomUUID();
		const { cache, raw } = opened(`${mark}${letters}`);
		const prefix = `${mark}${letters}`;
		const other = `${mark}ab`;
		await writeAsBefore(prefix);
		await writeAsBefore(other);
		await cache.clear();
		expect(await keysUnder(prefix)).toEqual([`${prefix}:removed`, `${prefix}:removed-at`]);
		expect(await raw.exists(`${other}:data`, `${other}:route:10-1-${USDC.toLowerCase()}`)).toBe(2);
	});

	it('leaves no id without data behind on a route that comes up while it runs, and no row without its route', async () => {
		const { cache, prefix, raw } = opened();
		for (let round = 0; round < 10; round += 1) {
			const adding = Array.from({ length: 30 }, (_, index) => cache.addRebalances([actionOf({ origin: 100 * round + index })]));
			await Promise.all([cache.clear(), ...adding]);
			const ids = await raw.hkeys(`${prefix}:data`);
			const routes = (await keysUnder(prefix)).filter((key) => key.includes(':route:'));
			expect((await Promise.all(routes.map((route) => raw.smembers(route)))).flat().sort()).toEqual(ids.sort());
		}
	});
});
