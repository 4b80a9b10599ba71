import { describe, expect, it } from 'vitest';
import { askRecovery, isRecoveryTaken, readHealthLog } from '../../src/store/health.ts';
import { until } from '../product.ts';
import { type FeedStand, feedStandPerFile, SHARE } from './feed-stand.ts';

const stand = feedStandPerFile();

const bought: FeedStand['bought'] = (...told) => stand().bought(...told);
const listening: FeedStand['listening'] = (options) => stand().listening(options);

describe('the keeper of fills', () => {
	it('counts what the channel says at once, until the chain shows it, and keeps both (scenario 1)', async () => {
		await stand().move('YES', 100n);
		const { token, keeper } = await listening();
		const trade = bought('10');
		await until('it is heard', async () => ((await token())?.effective === '110' ? true : null));
		expect(await token()).toMatchObject({
			confirmed: '100',
			pendingBuy: '10',
			bought: '110',
			sellable: '100',
			size: '110',
			source: 'chain',
		});
		const hash = await stand().move('YES', 10n);
		stand().polymarket.advance(trade, 'MINED', { hash });
		await keeper.sync();
		expect(await token()).toMatchObject({ confirmed: '110', pendingBuy: '0', effective: '110', sellable: '110', late: 0 });
	});

	it('forgets what has failed before anything else happens, and what is told again changes nothing (scenario 8)', async () => {
		await stand().move('YES', 100n);
		const { token, keeper, feed } = await listening();
		const book = feed.book.at({ venue: '10/funder', asset: 'YES' });
		const matched = stand().textOf('20', { id: 't' });
		await keeper.hear(matched);
		expect((await token())?.effective).toBe('120');
		const kept = keeper.hear(stand().textOf('20', { id: 't', status: 'FAILED' }));
		expect(book.effective).toBe(100n * SHARE);
		await kept;
		await keeper.hear(matched);
		expect((await token())?.effective).toBe('100');
	});

	it('drops what nobody has seen settle, looks at once, and counts it as late when it settles after all (scenarios 11 and 12)', async () => {
		await stand().move('YES', 100n);
		const { token, keeper, feed } = await listening();
		bought('10');
		await until('it is heard', async () => ((await token())?.effective === '110' ? true : null));
		stand().pass(179);
		await keeper.tick();
		expect((await token())?.effective).toBe('110');
		stand().pass(1);
		const { counts } = stand().local.proxy;
		counts.clear();
		await keeper.tick();
		expect(counts.get('eth_call')).toBe(1);
		expect(stand().told('fill dropped: nobody has seen it settle')).toHaveLength(1);
		expect(await token()).toMatchObject({ effective: '100', bought: '110' });
		await stand().local.client.mine({ blocks: 1 });
		await keeper.sync();
		expect(await token()).toMatchObject({ effective: '100', bought: '100' });
		stand().pass(20);
		await stand().move('YES', 10n);
		await keeper.sync();
		expect(await token()).toMatchObject({ confirmed: '110', pendingBuy: '0', pendingSell: '0', effective: '110', late: 1 });
		expect(feed.book.at({ venue: '10/funder', asset: 'YES' }).unexplained(0)).toBe(0n);
	});

	it('looks within 250 ms after the channel is there again, keeps what is pending, and fetches what it was not told (scenario 13)', async () => {
		const { token, keeper, feed } = await listening();
		const { polymarket, market, idOf } = stand();
		const order = { id: 'o-1', market: market.conditionId, asset: idOf('YES'), side: 'BUY', size: '50' } as const;
		const part = (id: string, size: string) => bought(size, { id, order: 'o-1' });
		part('t-1', '20');
		polymarket.order({ ...order, matched: '20' });
		await until('it is heard', async () => ((await token())?.effective === '20' ? true : null));
		polymarket.channel.down();
		polymarket.hold();
		part('t-2', '10');
		polymarket.release({ lose: true });
		polymarket.channel.up();
		await until('it is there again', async () => (polymarket.channel.lines === 1 ? true : null));
		await until('the chain was asked', async () => (stand().moments.lookedMs > stand().moments.connectedMs ? true : null));
		expect(stand().moments.lookedMs - stand().moments.connectedMs).toBeLessThan(250);
		await until('what was not told is fetched', async () => ((await token())?.effective === '30' ? true : null));

		// A gap without a loss: an order says more than its trades.
		polymarket.hold();
		part('t-3', '5');
		polymarket.release({ lose: true });
		polymarket.order({ ...order, matched: '35' });
		await until('the gap is known', async () => (feed.gaps.gapsIn().length === 1 ? true : null));
		expect(feed.gaps.gapsIn()).toEqual([{ order: 'o-1', missing: 5n * SHARE }]);
		await keeper.tick();
		stand().pass(5);
		await keeper.tick();
		expect((await token())?.effective).toBe('35');
		expect(stand().told('the channel has not told all of an order')).toHaveLength(1);
		expect(feed.gaps.gapsIn()).toEqual([]);
	});

	it('reads the transfers of all blocks since the last look, and takes the balance where they do not come to it (scenario 14)', async () => {
		await stand().move('YES', 1n);
		const { token, keeper, feed } = await listening();
		const { local } = stand();
		const last = await local.client.getBlockNumber();
		await stand().move('YES', 3n);
		await local.client.mine({ blocks: 11 });
		const ranges: string[] = [];
		let isLying = false;
		local.proxy.fault = (method, params) => {
			const [filter] = params as [{ fromBlock: string; toBlock: string }];
			if (method === 'eth_getLogs') ranges.push(`${BigInt(filter.fromBlock)}-${BigInt(filter.toBlock)}`);
			return method === 'eth_getLogs' && isLying ? { result: [] } : 'pass';
		};
		await keeper.sync();
		expect(new Set(ranges)).toEqual(new Set([`${last + 1n}-${last + 12n}`]));
		expect((await token())?.confirmed).toBe('4');
		isLying = true;
		await stand().move('YES', 2n);
		await keeper.sync();
		expect((await token())?.confirmed).toBe('6');
		expect(stand().told('transfers do not come to what the balance has changed; the balance stands')).toHaveLength(1);
		expect(feed.book.at({ venue: '10/funder', asset: 'YES' }).unexplained(0)).toBe(6n * SHARE - SHARE);
	});

	it('asks the API while the chain is lost, and never takes it for the chain (scenario 17)', async () => {
		await stand().move('YES', 110n);
		const { token, keeper, published } = await listening();
		const { positions, funder, idOf, market, local } = stand();
		const row = (of: 'YES' | 'NO', shares: string) => {
			const [asset, oppositeAsset] = of === 'YES' ? [idOf('YES'), idOf('NO')] : [idOf('NO'), idOf('YES')];
			return { asset, oppositeAsset, conditionId: market.conditionId, outcomeIndex: of === 'YES' ? 0 : 1, shares } as const;
		};
		const many = Array.from({ length: 501 }, (_, index) => ({ ...row('NO', '1000'), asset: BigInt(index + 1) }));
		positions.set(funder, [...many, row('YES', '100'), row('NO', '0.5')]);
		await keeper.compare();
		expect(positions.requests).toEqual([]);
		local.proxy.fault = () => 'error';
		for (const _ of [1, 2, 3]) {
			expect((await published()).all.state).toBe('normal');
			await keeper.sync();
		}
		expect(await published()).toMatchObject({ all: { state: 'degraded', reason: '3 reads of the chain failed in a row' } });
		await keeper.compare();
		expect(new Set(positions.requests.map(({ query }) => query.get('sizeThreshold')))).toEqual(new Set(['0']));
		expect(positions.requests.length).toBeGreaterThan(1);
		expect(await token()).toMatchObject({ confirmed: '110', effective: '110', source: 'api', size: '100', api: '100' });
		expect(await token('NO')).toMatchObject({ confirmed: '0', source: 'api', size: '0.5' });
		expect((await token())?.advice).toEqual({ state: 'degraded', sizeBps: 5_000, sides: 'sell', widenTicks: 1 });
		// A row that is missing from a list which is not whole says nothing.
		positions.set(funder, [row('YES', '90')]);
		positions.fault = ({ query }) =>
			query.get('offset') === '0' ? { change: (rows) => [...(rows as unknown[]), { asset: 'nonsense' }] } : undefined;
		await keeper.compare();
		expect((await token())?.api).toBe('90');
		expect((await token('NO'))?.api).toBe('0.5');
		local.proxy.fault = () => 'pass';
		await keeper.sync();
		expect(await token()).toMatchObject({ confirmed: '110', source: 'chain', size: '110' });
	});

	it('halts after 600 s without the chain, whatever the API says, and comes back by itself (scenario 18)', async () => {
		await stand().move('YES', 5n);
		const { token, keeper, published, app } = await listening();
		const { local, pass } = stand();
		local.proxy.fault = () => 'error';
		for (const _ of [1, 2, 3]) await keeper.sync();
		pass(599);
		await keeper.compare();
		await keeper.tick();
		expect((await published()).all.state).toBe('degraded');
		pass(1);
		await keeper.compare();
		await keeper.tick();
		expect(await published()).toMatchObject({ all: { state: 'halted' }, markets: [{ state: 'halted' }] });
		expect((await token())?.advice).toEqual({ state: 'halted', sizeBps: 0, sides: 'none', widenTicks: 0 });
		local.proxy.fault = () => 'pass';
		for (const _ of [1, 2, 3]) {
			await keeper.sync();
			expect((await published()).all.state).toBe('halted');
			pass(10);
		}
		await keeper.sync();
		expect((await published()).all.state).toBe('degraded');
		pass(60);
		await keeper.sync();
		expect((await published()).all.state).toBe('normal');
		const changes = (await readHealthLog(app.db, 20))
			.filter(({ market }) => market === 'btc')
			.map(({ before, after, actor }) => [before, after, actor]);
		expect(changes.reverse()).toEqual([
			[null, 'normal', 'feed'],
			['normal', 'degraded', 'feed'],
			['degraded', 'halted', 'feed'],
			['halted', 'degraded', 'feed'],
			['degraded', 'normal', 'feed'],
		]);
	});

	it('keeps the last value where a balance cannot be, halts at the second one, and silently discards an older block (scenario 19)', async () => {
		await stand().move('YES', 5n);
		const { token, keeper, published } = await listening();
		const { local } = stand();
		await stand().move('YES', 1n);
		const older = await local.client.getBlock();
		await local.client.mine({ blocks: 1 });
		await keeper.sync();
		local.proxy.fault = (method) => (method === 'eth_getBlockByNumber' ? { lagBlocks: 1 } : 'pass');
		await keeper.sync();
		expect(await token()).toMatchObject({ confirmed: '6', block: `${older.number + 1n}` });
		expect((await published()).all.state).toBe('normal');
		expect(stand().said.filter(({ level }) => Number(level) >= 40)).toEqual([]);
		const problems = async () => {
			await keeper.sync();
			return [(await token())?.confirmed, (await published()).all.state];
		};
		local.proxy.fault = () => 'pass';
		await local.client.setCode({ address: stand().market.address, bytecode: '0x' });
		try {
			expect(await problems()).toEqual(['6', 'normal']);
			expect(await problems()).toEqual(['6', 'halted']);
			expect((await published()).all.reason).toBe('balances that cannot be, 2 times in a row');
		} finally {
			await local.client.setCode({ address: stand().market.address, bytecode: stand().bytecode });
		}
	});

	it('is told by an operator to rely on a market again, one step at a time, on record', async () => {
		const { keeper, published, app } = await listening();
		stand().local.proxy.fault = () => 'error';
		for (const _ of [1, 2, 3]) await keeper.sync();
		stand().pass(600);
		await keeper.tick();
		expect((await published()).all.state).toBe('halted');
		stand().local.proxy.fault = () => 'pass';
		await keeper.sync();
		const id = await askRecovery(app.db, { market: '*', actor: 'ann', reason: 'the endpoint is back' });
		await keeper.tick();
		expect(await isRecoveryTaken(app.db, id)).toBe(true);
		expect(await published()).toMatchObject({
			all: { state: 'degraded', reason: 'ann: the endpoint is back' },
			markets: [{ state: 'halted' }],
		});
		await keeper.tick();
		const changes = await readHealthLog(app.db, 20);
		expect(changes.filter(({ actor }) => actor !== 'feed')).toEqual([
			expect.objectContaining({ market: '*', before: 'halted', after: 'degraded', actor: 'ann', reason: 'ann: the endpoint is back' }),
		]);
	});
});
