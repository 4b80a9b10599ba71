/** What every implementation of the cache does, whatever holds it: one claim for each sentence of the interface. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RebalanceCache } from '../../src/rebalances/cache.ts';
import { actionOf, idOf, onRoutesOf, USDC } from './action.ts';
import { claimAdding, claimLooking, claimRemoving, claimRoutes, type Given } from './row-claims.ts';

/** An empty cache that nobody else uses. */
export interface Opened {
	readonly cache: RebalanceCache;
	/** Another instance on the same data, as a second process would have it. */
	another(): Promise<RebalanceCache>;
	/** Disconnects all of them. */
	close(): Promise<void>;
}

export type Open = () => Promise<Opened>;

interface Scope {
	/** Rows of the test of a large route; old versions broke at about 122,000. */
	readonly manyRows?: number;
}

export function describeRebalanceCache(name: string, open: Open, { manyRows = 125_000 }: Scope = {}): void {
	describe(name, () => {
		let opened: Opened;
		beforeEach(async () => {
			opened = await open();
		});
		afterEach(() => opened.close());
		const given: Given = () => opened.cache;

		describe('adding', () => claimAdding(given));
		describe('routes', () => claimRoutes(given));
		describe('removing', () => claimRemoving(given));
		describe('looking for one', () => claimLooking(given));
		describe('clearing', () => claimClearing(given));
		describe('the pause', () => claimPause(given));
		describe('withdrawals', () => claimWithdrawals(given));
		describe('several callers', () => claimCallers(() => opened));
		it(`a route may have ${manyRows} rows`, () => claimMany(opened.cache, manyRows), 240_000);
	});
}

function claimClearing(given: Given): void {
	it('deletes every action and the pause, and leaves withdrawals', async () => {
		const actions = [actionOf(), actionOf({ origin: 5 }), actionOf({ asset: 'İ' })];
		await given().addRebalances(actions);
		const ids = await Promise.all(actions.map((action) => idOf(given(), action)));
		await given().setPause(true);
		await given().addWithdrawalRecord('0xdeposit', USDC, 'method', 'ref');
		expect(await given().clear()).toBeUndefined();
		expect(await onRoutesOf(given(), ...actions)).toEqual([]);
		for (const id of ids) expect(await given().hasRebalance(id)).toBe(false);
		expect(await given().getRebalanceByTransaction(actions[0]?.transaction ?? '')).toBeUndefined();
		expect(await given().removeRebalances(ids)).toBe(0);
		expect(await given().isPaused()).toBe(false);
		expect(await given().getWithdrawalRecord('0xdeposit')).toEqual({ asset: USDC, method: 'method', refid: 'ref' });
	});

	it('may be called when nothing is there, and what is added afterwards stays', async () => {
		await given().clear();
		await given().clear();
		const action = actionOf();
		await given().addRebalances([action]);
		await given().setPause(true);
		expect(await onRoutesOf(given(), action)).toHaveLength(1);
		expect(await given().isPaused()).toBe(true);
	});
}

function claimPause(given: Given): void {
	it('is off before anybody has set it, and follows whoever sets it', async () => {
		expect(await given().isPaused()).toBe(false);
		for (const paused of [true, true, false, true, false]) {
			expect(await given().setPause(paused)).toBeUndefined();
			expect(await given().isPaused()).toBe(paused);
		}
	});
}

function claimWithdrawals(given: Given): void {
	it('keeps a record until it is overwritten or removed', async () => {
		expect(await given().getWithdrawalRecord('0xd')).toBeUndefined();
		expect(await given().addWithdrawalRecord('0xd', 'WETH', 'arbitrum', 'ref-1')).toBeUndefined();
		expect(await given().getWithdrawalRecord('0xd')).toEqual({ asset: 'WETH', method: 'arbitrum', refid: 'ref-1' });
		await given().addWithdrawalRecord('0xd', '', 'Ünïcode "quoted"', 'ref-2');
		expect(await given().getWithdrawalRecord('0xd')).toEqual({ asset: '', method: 'Ünïcode "quoted"', refid: 'ref-2' });
		expect(await given().removeWithdrawalRecord('0xd')).toBe(true);
		expect(await given().removeWithdrawalRecord('0xd')).toBe(false);
		expect(await given().getWithdrawalRecord('0xd')).toBeUndefined();
	});

	it('lets a deposit have a record again after one was removed', async () => {
		await given().addWithdrawalRecord('0xd', 'WETH', 'arbitrum', 'ref-1');
		await given().removeWithdrawalRecord('0xd');
		await given().addWithdrawalRecord('0xd', 'WETH', 'arbitrum', 'ref-2');
		expect((await given().getWithdrawalRecord('0xd'))?.refid).toBe('ref-2');
		expect(await given().removeWithdrawalRecord('0xd')).toBe(true);
	});

	it('tells deposit transactions apart by their case', async () => {
		await given().addWithdrawalRecord('0xAb', 'WETH', 'arbitrum', 'upper');
		await given().addWithdrawalRecord('0xab', 'WETH', 'arbitrum', 'lower');
		expect((await given().getWithdrawalRecord('0xAb'))?.refid).toBe('upper');
		expect(await given().removeWithdrawalRecord('0xAB')).toBe(false);
		expect(await given().removeWithdrawalRecord('0xab')).toBe(true);
		expect((await given().getWithdrawalRecord('0xAb'))?.refid).toBe('upper');
	});
}

const CALLERS = 20;

function claimCallers(opened: () => Opened): void {
	const callers = async () => {
		const { cache, another } = opened();
		const others = await Promise.all([another(), another(), another()]);
		return Array.from({ length: CALLERS }, (_, index) => [cache, ...others][index % 4] ?? cache);
	};

	it('exactly one of twenty that remove an id at once gets 1', async () => {
		const { cache } = opened();
		const all = await callers();
		for (let round = 0; round < 5; round += 1) {
			const action = actionOf();
			await cache.addRebalances([action]);
			const id = await idOf(cache, action);
			const counts = await Promise.all(all.map((caller) => caller.removeRebalances([id, id])));
			expect(counts.filter((count) => count === 1)).toHaveLength(1);
			expect(counts.filter((count) => count === 0)).toHaveLength(CALLERS - 1);
		}
	});

	it('of many that remove overlapping ids at once, each id is counted for one', async () => {
		const { cache } = opened();
		await cache.addRebalances(Array.from({ length: 60 }, () => actionOf()));
		const ids = (await onRoutesOf(cache, actionOf())).map(({ id }) => id);
		const shares = (await callers()).map((caller, index) =>
			caller.removeRebalances([...ids.slice(index), ...ids.slice(0, index)].slice(0, 45)),
		);
		expect((await Promise.all(shares)).reduce((sum, count) => sum + count, 0)).toBe(60);
	});

	it('exactly one of twenty that remove a withdrawal at once gets true', async () => {
		const { cache } = opened();
		await cache.addWithdrawalRecord('0xd', 'WETH', 'arbitrum', 'ref');
		const answers = await Promise.all((await callers()).map((caller) => caller.removeWithdrawalRecord('0xd')));
		expect(answers.filter((answer) => answer)).toHaveLength(1);
	});

	it('loses nothing that twenty add at once', async () => {
		const added = (await callers()).map((caller) => caller.addRebalances([actionOf(), actionOf()]));
		expect(await Promise.all(added)).toEqual(Array.from({ length: CALLERS }, () => 2));
		const rows = await onRoutesOf(opened().cache, actionOf());
		expect(new Set(rows.map(({ transaction }) => transaction)).size).toBe(2 * CALLERS);
	});

	it('another instance sees at once what a call has done', async () => {
		const { cache, another } = opened();
		const other = await another();
		const action = actionOf();
		await cache.addRebalances([action]);
		await cache.setPause(true);
		await cache.addWithdrawalRecord('0xd', 'WETH', 'arbitrum', 'ref');
		expect(await onRoutesOf(other, action)).toHaveLength(1);
		expect(await other.isPaused()).toBe(true);
		expect((await other.getWithdrawalRecord('0xd'))?.refid).toBe('ref');
		await other.clear();
		expect([await onRoutesOf(cache, action), await cache.isPaused()]).toEqual([[], false]);
	});
}

const AT_ONCE = 10_000;

async function claimMany(cache: RebalanceCache, rows: number): Promise<void> {
	for (let added = 0; added < rows; added += AT_ONCE) {
		await cache.addRebalances(Array.from({ length: Math.min(AT_ONCE, rows - added) }, () => actionOf()));
	}
	const stored = await onRoutesOf(cache, actionOf());
	expect(new Set(stored.map(({ id }) => id)).size).toBe(rows);
	expect(stored).toHaveLength(rows);
	const last = stored[rows - 1];
	expect((await cache.getRebalanceByTransaction(last?.transaction ?? ''))?.id).toBe(last?.id);
	const gone = stored.slice(0, AT_ONCE).map(({ id }) => id);
	expect(await cache.removeRebalances(gone)).toBe(gone.length);
	expect(await onRoutesOf(cache, actionOf())).toHaveLength(rows - gone.length);
	await cache.clear();
	expect(await onRoutesOf(cache, actionOf())).toEqual([]);
}
