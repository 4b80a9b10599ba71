/** Orders and trades as a test makes them, and what the channel and the API make of them. */
import type { Address, Hex } from 'viem';
import { unitsOf } from '../scale.ts';

const DECIMALS = 6;

export type TradeStatus = 'MATCHED' | 'MINED' | 'CONFIRMED' | 'RETRYING' | 'FAILED';
type Side = 'BUY' | 'SELL';

interface Maker {
	readonly order: string;
	/** Shares with at most 6 decimals, as "12.5". */
	readonly size: string;
	/** The token and the side of the other party are taken for granted where they are not given. */
	readonly asset?: bigint;
	readonly side?: Side;
	/** A stranger unless told otherwise. */
	readonly owner?: string;
	readonly address?: Address;
}

export interface NewTrade {
	/** "trade-1" and so on unless told otherwise. Buckets of one trade have one id. */
	readonly id?: string;
	readonly bucket?: number;
	readonly market: Hex;
	readonly asset: bigint;
	/** Of the taker's order, as its size. */
	readonly side: Side;
	readonly size: string;
	readonly price?: string;
	/** On which side the account was: taker unless told otherwise. */
	readonly role?: 'TAKER' | 'MAKER';
	readonly order?: string;
	readonly makers?: readonly Maker[];
	readonly status?: TradeStatus;
	readonly hash?: Hex;
	readonly matchedMs?: number;
}

export interface NewOrder {
	readonly id: string;
	readonly market: Hex;
	readonly asset: bigint;
	readonly side: Side;
	readonly size: string;
	readonly matched?: string;
	readonly price?: string;
	/** By what is matched unless told otherwise. */
	readonly type?: 'PLACEMENT' | 'UPDATE' | 'CANCELLATION';
	/** Ids of trades. */
	readonly trades?: readonly string[];
}

interface Account {
	/** The API key. */
	readonly owner: string;
	readonly address: Address;
}

const STRANGER: Account = { owner: '00000000-0000-4000-8000-00000000beef', address: '0x000000000000000000000000000000000000beef' };

/** What both the channel and the API say of a trade; times are Unix seconds. */
export type Trade = ReturnType<typeof tradeOf>;

/** Throws when a size is no amount with at most 6 decimals. */
export function tradeOf({ id, matchedMs, ...trade }: NewTrade & { id: string; matchedMs: number }, account: Account) {
	const { market, asset, side, size, price = '0.5', role = 'TAKER', order = `${id}-taker`, bucket = 0 } = trade;
	const { makers = [{ order: `${id}-maker`, size }], status = 'MATCHED', hash = '' } = trade;
	for (const each of [size, ...makers.map((maker) => maker.size)]) unitsOf(each, DECIMALS);
	const time = seconds(matchedMs);
	return {
		...{ id, taker_order_id: order, market, asset_id: `${asset}`, side, size, fee_rate_bps: '0', price },
		...{ status: status as TradeStatus, match_time: time, last_update: time, outcome: 'Yes', bucket_index: bucket },
		...{ owner: account.owner, maker_address: (role === 'TAKER' ? account : STRANGER).address },
		...{ transaction_hash: hash as Hex | '', trader_side: role },
		maker_orders: makers.map((maker) => ({
			order_id: maker.order,
			owner: maker.owner ?? STRANGER.owner,
			maker_address: maker.address ?? (maker.owner === account.owner ? account : STRANGER).address,
			matched_amount: maker.size,
			...{ price, fee_rate_bps: '0', asset_id: `${maker.asset ?? asset}`, outcome: 'Yes' },
			side: maker.side ?? sideOf(maker.asset ?? asset, { asset, side }),
		})),
	};
}

/** Whoever gives the same token sells it; whoever gives its complement does the same as the taker. */
function sideOf(asset: bigint, taker: { asset: bigint; side: Side }): Side {
	if (asset !== taker.asset) return taker.side;
	return taker.side === 'BUY' ? 'SELL' : 'BUY';
}

export function tradeMessage(trade: Trade, nowMs: number): object {
	const owner = trade.trader_side === 'TAKER' ? trade.owner : STRANGER.owner;
	return { event_type: 'trade', type: 'TRADE', ...trade, trade_owner: owner, timestamp: `${nowMs}` };
}

/** The API writes statuses otherwise than the channel does. */
export const tradeRow = (trade: Trade): object => ({ ...trade, status: `TRADE_STATUS_${trade.status}` });

/** Throws when a size is no amount with at most 6 decimals. */
export function orderMessage(order: NewOrder, { owner }: Account, nowMs: number): object {
	const { id, market, asset, side, size, matched = '0', price = '0.5', trades = [] } = order;
	const type = order.type ?? (unitsOf(matched, DECIMALS) === 0n ? 'PLACEMENT' : 'UPDATE');
	unitsOf(size, DECIMALS);
	return {
		...{ event_type: 'order', type, id, owner, order_owner: owner, market, asset_id: `${asset}`, side, price, outcome: 'Yes' },
		...{ original_size: size, size_matched: matched, associate_trades: trades.length === 0 ? null : trades, timestamp: `${nowMs}` },
	};
}

export const seconds = (ms: number): string => `${Math.floor(ms / 1_000)}`;
