import { describe, expect, it } from 'vitest';
import { type ChannelTrade, fillsOf, readMessages } from '../../src/channel/messages.ts';
import type { Position } from '../../src/inventory/venue.ts';

const OURS = '0x00000000000000000000000000000000000000Aa';
const OTHER = '0x00000000000000000000000000000000000000bb';
const HASH = `0x${'AB'.repeat(32)}`;
const own = { owner: 'key', addresses: [OURS] } as const;
const positionOf = (id: bigint) => (id === 99n ? null : ({ venue: 'polymarket', asset: String(id) } as unknown as Position));

const maker = (changes: object = {}) => ({
	order_id: 'm1',
	owner: 'stranger',
	maker_address: OTHER,
	matched_amount: '10',
	asset_id: '1',
	side: 'SELL',
	price: '0.5',
	...changes,
});

const trade = (changes: object = {}) => ({
	event_type: 'trade',
	id: 't1',
	asset_id: '1',
	market: '0x01',
	owner: 'key',
	side: 'BUY',
	size: '12.5',
	status: 'MATCHED',
	taker_order_id: 'taker',
	trader_side: 'TAKER',
	match_time: '1672290701',
	maker_orders: [maker()],
	...changes,
});

const order = (changes: object = {}) => ({
	event_type: 'order',
	id: 'o1',
	asset_id: '1',
	market: '0x01',
	owner: 'key',
	side: 'SELL',
	original_size: '10',
	size_matched: '0.000001',
	type: 'UPDATE',
	timestamp: '1672290687123',
	...changes,
});

const read = (content: unknown) => readMessages(JSON.stringify(content));

function fills(changes: object = {}) {
	const { reports, rejected } = read(trade(changes));
	expect(rejected).toEqual([]);
	return fillsOf(reports[0] as ChannelTrade, own, positionOf);
}

describe('readMessages', () => {
	it.each([
		['MATCHED', 'matched'],
		['MATCHED_NOT_BROADCASTED', 'matched'],
		['MINED', 'mined'],
		['CONFIRMED', 'confirmed'],
		['RETRYING', 'retrying'],
		['FAILED', 'failed'],
	])('reads the status %s as %s', (status, expected) => {
		expect(read(trade({ status })).reports[0]?.status).toBe(expected);
	});

	it('takes seconds and milliseconds, as text or number', () => {
		for (const time of ['1672290701', 1672290701, '1672290701000', 1672290701000]) {
			expect(read(trade({ match_time: time })).reports[0]?.match_time).toBe(1_672_290_701_000);
		}
		expect(read(trade({ match_time: '16722907010' })).rejected).toHaveLength(1);
	});

	it('reads what makes sense beside what does not', () => {
		const { reports, orders, rejected } = read([
			trade({ size: '-1' }),
			7,
			null,
			trade(),
			order(),
			{ event_type: 'book' },
			trade({ status: 'toString' }),
		]);
		expect([reports.length, orders.length, rejected.length]).toEqual([1, 1, 5]);
		expect(rejected[0]).toContain('size');
		expect(orders[0]).toMatchObject({ size_matched: 1n, original_size: 10_000_000n, timestamp: 1_672_290_687_123 });
	});

	it('rejects no JSON and sizes that are too fine, and hears nothing in a heartbeat', () => {
		expect(readMessages('{').rejected).toEqual(['no JSON']);
		expect(read(trade({ size: '0.0000001' })).rejected).toHaveLength(1);
		expect(readMessages('PONG')).toEqual({ reports: [], orders: [], rejected: [] });
	});
});

describe('fillsOf', () => {
	it('takes the taker order when it is ours', () => {
		expect(fills({ bucket_index: 2, transaction_hash: HASH }).fills).toEqual([
			{
				trade: 't1',
				order: 'taker',
				bucket: 2,
				position: positionOf(1n),
				side: 'buy',
				amount: 12_500_000n,
				status: 'matched',
				transactionHash: HASH.toLowerCase(),
				tradedMs: 1_672_290_701_000,
			},
		]);
	});

	it('takes no order of others', () => {
		expect(fills({ owner: 'stranger' })).toEqual({ fills: [], unknown: 0 });
		expect(fills({ trader_side: 'MAKER' })).toEqual({ fills: [], unknown: 0 });
	});

	it('takes every maker order of ours under its own token, side and amount', () => {
		const maker_orders = [
			maker({ order_id: 'a', owner: 'key', matched_amount: '3' }),
			maker(),
			maker({ order_id: 'b', maker_address: OURS, asset_id: '2', side: 'BUY', matched_amount: '4' }),
		];
		const found = fills({ trader_side: 'MAKER', maker_orders }).fills;
		expect(found.map((each) => [each.order, each.position.asset, each.side, each.amount, each.bucket, each.transactionHash])).toEqual([
			['a', '1', 'sell', 3_000_000n, 0, null],
			['b', '2', 'buy', 4_000_000n, 0, null],
		]);
	});

	it('knows the side of a maker order that does not say it', () => {
		const bare = { owner: 'key', side: undefined, maker_address: undefined };
		const maker_orders = [maker(bare), maker({ ...bare, order_id: 'm2', asset_id: '2' })];
		expect(fills({ trader_side: 'MAKER', maker_orders }).fills.map((each) => each.side)).toEqual(['sell', 'buy']);
	});

	it('counts orders of unknown tokens', () => {
		expect(fills({ asset_id: '99' })).toEqual({ fills: [], unknown: 1 });
	});
});
