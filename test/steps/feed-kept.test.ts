import { toHex } from 'viem';
import { describe, expect, it } from 'vitest';
import { ConflictError } from '../../src/store/db.ts';
import { readReport } from '../../src/store/fill-reports.ts';
import { readFills } from '../../src/store/fills.ts';
import { keepOn, leave } from '../../src/store/keeper.ts';
import { until } from '../product.ts';
import { type FeedStand, feedStandPerFile, SHARE } from './feed-stand.ts';

const stand = feedStandPerFile();

const bought: FeedStand['bought'] = (...told) => stand().bought(...told);
const listening: FeedStand['listening'] = (options) => stand().listening(options);

/** The keeper of another process, after the end of the one before. */
async function reopened(holder: string) {
	const { db } = stand().appOf();
	await leave(db, 'one');
	return stand().open({}, holder);
}

describe('what the keeper of fills keeps', () => {
	it('goes on from what was kept, in another process, which the one before cannot write over', async () => {
		await stand().move('YES', 100n);
		const { keeper, app } = await listening();
		bought('10', { id: 'kept' });
		await until('it is heard', async () => (stand().told('fill heard').length === 1 ? true : null));
		await keeper.sync();
		await stand().move('YES', 1n);
		const other = await reopened('two');
		await expect(keeper.tick()).rejects.toThrow(ConflictError);
		expect(await keepOn(app.db, { holder: 'one', forMs: 1_000 })).toBe(false);
		const hash = await stand().move('YES', 10n);
		bought('10', { id: 'kept', status: 'MINED', hash });
		await other.keeper.connected(null);
		await other.keeper.sync();
		expect(await other.token()).toMatchObject({ confirmed: '111', pendingBuy: '0', effective: '111' });
		expect(other.feed.book.at({ venue: '10/funder', asset: 'YES' }).unexplained(0)).toBe(SHARE);
	});

	it('relies on the API before the chain is relied on, and counts how far they differ', async () => {
		await stand().move('YES', 7n);
		const { token, keeper, published, app } = await listening({ phase: 'shadow' });
		const { positions, funder, idOf, market } = stand();
		const yes = { asset: idOf('YES'), oppositeAsset: idOf('NO'), conditionId: market.conditionId, outcomeIndex: 0, shares: '6.5' } as const;
		positions.set(funder, [yes]);
		await keeper.compare();
		expect(await token()).toMatchObject({ confirmed: '7', api: '6.5', source: 'api', size: '6.5' });
		stand().pass(700);
		await keeper.tick();
		const { all, markets } = await published();
		expect([all.state, markets[0]?.tokens[0]?.advice]).toEqual([
			'halted',
			{ state: 'normal', sizeBps: 10_000, sides: 'both', widenTicks: 0 },
		]);
		const rows = await readReport(app.db, { phase: 'shadow', since: new Date(0).toISOString() });
		expect(rows.map(({ asset, compared, differed, worst }) => [asset, compared, differed, worst])).toEqual([
			['NO', 1, 0, 0n],
			['YES', 1, 1, SHARE / 2n],
		]);
	});

	it('takes back what a block had absorbed that is not on the chain any more (scenario 20)', async () => {
		await stand().move('YES', 100n);
		const { token, keeper, feed } = await listening();
		const id = bought('10');
		await until('it is heard', async () => ((await token())?.effective === '110' ? true : null));
		const { firstSeenMs } = [...feed.book.at({ venue: '10/funder', asset: 'YES' }).pending.buy.oldestFirst()][0] ?? {};
		stand().pass(5);
		const hash = await stand().move('YES', 10n);
		stand().polymarket.advance(id, 'MINED', { hash });
		await keeper.sync();
		expect(await token()).toMatchObject({ confirmed: '110', pendingBuy: '0' });
		await stand().local.client.transport.request({ method: 'anvil_reorg', params: [1, []] });
		await stand().local.client.mine({ blocks: 1 });
		for (const _ of ['once', 'and again']) {
			await keeper.sync();
			expect(await token()).toMatchObject({ confirmed: '100', pendingBuy: '10', effective: '110' });
		}
		const [again] = feed.book.at({ venue: '10/funder', asset: 'YES' }).pending.buy.oldestFirst();
		expect(again?.firstSeenMs).toBe(firstSeenMs);
		const other = await reopened('two');
		expect(await other.token()).toMatchObject({ confirmed: '100', pendingBuy: '10', effective: '110' });
	});

	it('reads the endpoint that is set, asks the chain its own about the same block, and believes neither where they differ', async () => {
		await stand().move('YES', 3n);
		const { local } = stand();
		const { token, keeper, published } = await stand().open({
			env: { AQ_ONCHAIN_PROVIDER_URL: local.anvilUrl, AQ_ONCHAIN_MULTI_CALL_ENABLED: 'false' },
		});
		await keeper.sync();
		expect(await token()).toMatchObject({ confirmed: '3' });
		await local.client.mine({ blocks: 1 });
		local.proxy.fault = (method) => (method === 'eth_call' ? 'error' : 'pass');
		await keeper.sync();
		expect([(await token())?.block, (await published()).all.state]).toEqual([`${await local.client.getBlockNumber()}`, 'normal']);
		local.proxy.fault = (method) => (method === 'eth_call' ? { result: toHex(7n, { size: 32 }) } : 'pass');
		await stand().move('YES', 1n);
		for (const state of ['normal', 'halted']) {
			await keeper.sync();
			expect([(await token())?.confirmed, (await published()).all.state]).toEqual(['3', state]);
		}
	});

	it('takes what is pending for a discrepancy where it is told to', async () => {
		await stand().move('YES', 100n);
		const { keeper, published } = await listening({ discrepancy: 'effective' });
		bought('12');
		await until('it is heard', async () => (stand().told('fill heard').length === 1 ? true : null));
		for (const [seconds, state] of [
			[0, 'normal'],
			[29, 'normal'],
			[1, 'degraded'],
		] as const) {
			stand().pass(seconds);
			await keeper.tick();
			expect((await published()).all.state).toBe(state);
		}
		expect((await published()).markets[0]).toMatchObject({
			state: 'degraded',
			reason: 'the discrepancy has been at least 10000000 base units for 30 s',
		});
	});

	it('takes what has moved while a token was not read, and back what was taken back meanwhile', async () => {
		const { local, idOf, market } = stand();
		const { token, keeper, feed } = await listening({ env: { AQ_ONCHAIN_MULTI_CALL_ENABLED: 'false' } });
		const lose = (of: 'YES' | 'NO') => {
			const id = idOf(of).toString(16).padStart(64, '0');
			local.proxy.fault = (method, params) => (method === 'eth_call' && JSON.stringify(params).includes(id) ? 'error' : 'pass');
		};
		const trade = { market: market.conditionId, asset: idOf('NO'), side: 'BUY', matchedMs: stand().clock.nowMs } as const;
		stand().polymarket.trade({ ...trade, size: '5' });
		await until('it is heard', async () => ((await token('NO'))?.effective === '5' ? true : null));
		lose('NO');
		await stand().move('NO', 5n);
		await keeper.sync();
		expect(await token('NO')).toMatchObject({ confirmed: '0', effective: '5' });
		local.proxy.fault = () => 'pass';
		await stand().move('YES', 1n);
		await keeper.sync();
		expect(await token('NO')).toMatchObject({ confirmed: '5', pendingBuy: '0', effective: '5' });
		expect(stand().told('transfers do not come to what the balance has changed; the balance stands')).toEqual([]);

		stand().polymarket.trade({ ...trade, size: '7' });
		await until('it is heard', async () => ((await token('NO'))?.effective === '12' ? true : null));
		await stand().move('NO', 7n);
		await keeper.sync();
		expect(await token('NO')).toMatchObject({ confirmed: '12', pendingBuy: '0' });
		await local.client.transport.request({ method: 'anvil_reorg', params: [1, []] });
		await local.client.mine({ blocks: 2 });
		lose('NO');
		await keeper.sync();
		local.proxy.fault = () => 'pass';
		await local.client.mine({ blocks: 1 });
		await keeper.sync();
		expect(await token('NO')).toMatchObject({ confirmed: '5', pendingBuy: '7', effective: '12' });
		expect(feed.missed.size).toBe(0);
	});

	it('does not take twice what two looks beside each other have seen', async () => {
		const { local } = stand();
		const { token, keeper, feed } = await listening();
		await stand().move('YES', 5n);
		let isFirst = true;
		local.proxy.fault = (method) => {
			if (method !== 'eth_getLogs' || !isFirst) return 'pass';
			isFirst = false;
			return { delayMs: 300 };
		};
		const slow = keeper.sync();
		await until('the first look waits', async () => (isFirst ? null : true));
		await stand().move('YES', 2n);
		await keeper.sync();
		expect((await token())?.confirmed).toBe('7');
		await slow;
		expect((await token())?.confirmed).toBe('7');
		expect(feed.book.at({ venue: '10/funder', asset: 'YES' }).unexplained(0)).toBe(7n * SHARE);
		expect(stand().told('transfers do not come to what the balance has changed; the balance stands')).toEqual([]);
	});

	it('fetches trades from time to time, although the channel says that all is well', async () => {
		const { keeper, token } = await listening();
		await keeper.tick();
		stand().polymarket.hold();
		bought('3');
		stand().polymarket.release({ lose: true });
		stand().pass(59);
		await keeper.tick();
		expect((await token())?.effective).toBe('0');
		stand().pass(1);
		await keeper.tick();
		expect((await token())?.effective).toBe('3');
	});

	it('keeps what nothing explains, and how far a market can be relied on, for the next process', async () => {
		await stand().move('YES', 1n);
		const { keeper } = await listening();
		await stand().move('YES', 12n);
		await keeper.sync();
		stand().pass(30);
		await keeper.tick();
		const other = await reopened('two');
		expect(other.feed.book.at({ venue: '10/funder', asset: 'YES' }).unexplained(0)).toBe(12n * SHARE);
		expect((await other.published()).all.state).toBe('degraded');
		expect(other.feed.gates.get('btc')?.state).toBe('degraded');
	});

	it('keeps later what it could not keep, and forgets at last what is settled', async () => {
		const { keeper, token, app } = await stand().open();
		await keeper.sync();
		const say = (id: string) => keeper.hear(stand().textOf('4', { id }));
		await leave(app.db, 'one');
		await expect(say('first')).rejects.toThrow(ConflictError);
		expect((await token())?.effective).toBe('0');
		expect(await keepOn(app.db, { holder: 'one', forMs: 600_000 })).toBe(true);
		await say('second');
		expect((await token())?.effective).toBe('8');
		const theirs = { event_type: 'order', id: 'theirs', owner: 'somebody', asset_id: `${stand().idOf('YES')}`, market: '0x', side: 'BUY' };
		await keeper.hear(JSON.stringify({ ...theirs, original_size: '9', size_matched: '9', type: 'UPDATE', timestamp: '1767225600' }));
		stand().pass(5);
		await keeper.tick();
		await keeper.tick();
		expect(stand().told('the channel has not told all of an order')).toEqual([]);
		expect(await readFills(app.db)).toHaveLength(2);
		stand().pass(86_400 + 180 + 600);
		await keeper.tick();
		expect(await readFills(app.db)).toEqual([]);
	});
});
