import { describe, expect, it } from 'vitest';
import { timesOf } from '../../bench/inventory/arrivals.ts';
import { missesOf } from '../../bench/inventory/bench.ts';
import { drawEntries, type Entry, timeReplay } from '../../bench/inventory/books.ts';
import { startEndpoints } from '../../bench/inventory/far.ts';
import { ratioOf } from '../../bench/inventory/syncs.ts';
import { LEDGER_ACCOUNTS } from '../../src/inventory/moves.ts';
import { positionKey } from '../../src/inventory/venue.ts';
import { amount } from '../../src/money/amount.ts';
import { openStore } from '../../src/store/db.ts';
import { post } from '../../src/store/ledger.ts';
import { generator } from '../faults/random.ts';
import { testDatabase } from '../stack.ts';

const positions = ['1', '1/safe', '10'].flatMap((venue) => ['T0', 'T1'].map((asset) => ({ venue, asset })));

function draw(events: number, seed = 1): Entry[] {
	return [...drawEntries({ events, positions, random: generator(seed) })];
}

describe('the entries of the long books', () => {
	it('are exactly as many as wanted, and every posting sums to zero at each of its positions', () => {
		for (const events of [2, 3, 4, 5, 6, 7, 1_001]) {
			const entries = draw(events);
			expect(entries).toHaveLength(events);
			const sums = new Map<string, bigint>();
			for (const each of entries) {
				const key = `${each.posting} ${positionKey(each)}`;
				sums.set(key, (sums.get(key) ?? 0n) + each.units);
			}
			expect([...sums.values()].every((sum) => sum === 0n)).toBe(true);
		}
	});

	it('reach every account of every position with amounts beyond 64 bits, the same for the same seed', () => {
		const entries = draw(5_000);
		expect(new Set(entries.map((each) => `${each.account} ${positionKey(each)}`)).size).toBe(LEDGER_ACCOUNTS.length * positions.length);
		expect(entries.filter(({ units }) => units > 2n ** 64n).length).toBeGreaterThan(1_000);
		expect(draw(5_000)).toEqual(entries);
		expect(draw(5_000, 2)).not.toEqual(entries);
	});

	it('come to the same when they are replayed, and no longer when somebody else has written as well', async () => {
		const databaseUrl = await testDatabase();
		const { db, close } = openStore({ databaseUrl, pool: 2 });
		try {
			expect(await timeReplay({ databaseUrl, db }, { events: 5_000, seed: 3, positions })).toMatchObject({
				events: 5_000,
				identical: true,
			});
			const moves = [{ venue: '1', asset: 'T0', from: 'external', to: 'wallet', amount: amount(1n) } as const];
			await db.transaction((tx) => post(tx, { event: 'external', earmarkId: null, legId: null, tx: '0x', moves }));
			expect(await timeReplay({ databaseUrl, db }, { events: 2, seed: 4, positions })).toMatchObject({ events: 5_004, identical: false });
		} finally {
			await close();
		}
	});
});

describe('the process of the endpoints', () => {
	it('moves what it is told to, says what was so at a block, and counts what it was asked', async () => {
		const endpoints = await startEndpoints({ chains: [1, 10], latencyMs: 0, seed: 5 });
		try {
			const [chain] = endpoints.chains;
			const [[wallet, other], [token]] = [chain?.holders ?? [], chain?.tokens ?? []];
			if (chain === undefined || wallet === undefined || other === undefined || token === undefined) throw new Error('there is no chain');
			const ask = async (method: string) => {
				const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: [] });
				return ((await (await fetch(chain.url, { method: 'POST', body })).json()) as { result: string }).result;
			};
			const before = Number(await ask('eth_blockNumber'));
			await endpoints.mine();
			const move = { token: token.address, from: other, to: wallet, amount: 7n };
			const minedMs = await endpoints.transfer({ chainId: 1, move });
			expect(Math.abs(Date.now() - minedMs)).toBeLessThan(10_000);
			expect(Number(await ask('eth_blockNumber'))).toBe(before + 2);
			const at = (block: number) => endpoints.balances({ chainId: 1, block, positions: [{ token: token.address, holder: wallet }] });
			const [[held = 0n], [then = 0n]] = [await at(before + 2), await at(before + 1)];
			expect(held - then).toBe(7n);
			expect(await endpoints.takeCounts()).toEqual(
				new Map([
					[1, new Map([['eth_blockNumber', 2]])],
					[10, new Map()],
				]),
			);
			expect((await endpoints.takeCounts()).get(1)).toEqual(new Map());
			await expect(endpoints.transfer({ chainId: 2, move })).rejects.toThrow('there is no chain 2');
			await endpoints.stop();
			await expect(ask('eth_blockNumber')).rejects.toThrow();
			await expect(endpoints.mine()).rejects.toThrow();
		} finally {
			await endpoints.stop();
		}
	});
});

describe('the figures of the inventory', () => {
	const times = { logToAvailableMs: { p50: 1, p95: 2 } };
	const replay = { events: 1_000_000, seconds: 1, identical: true };
	const good = { ...times, replay, requestsPerChain: 3, syncVsSlowestRead: 2.5 };

	it('hold with three requests, a sync of two and a half reads, and books that come to the same', () => {
		expect(missesOf(good)).toEqual([]);
	});

	it('are missed one by one, each with what was measured', () => {
		expect(missesOf({ ...good, requestsPerChain: 4 })).toEqual([expect.stringContaining('4 times')]);
		expect(missesOf({ ...good, syncVsSlowestRead: 2.51 })).toEqual([expect.stringContaining('2.51 times')]);
		expect(missesOf({ ...good, replay: { ...replay, identical: false } })).toEqual([expect.stringContaining('something else')]);
	});

	it('are medians of the ratios, and quantiles of the times', () => {
		const pair = (syncMs: number, readMs: number) => ({ syncMs, readMs, syncCpuMs: 0 });
		expect(ratioOf([pair(100, 50), pair(900, 100), pair(120, 40)])).toBe(3);
		expect(timesOf(Array.from({ length: 101 }, (_, index) => index))).toEqual({ p50: 50, p95: 95 });
	});
});
