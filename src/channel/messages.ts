/**
 * What Polymarket's user channel says, read at the edge (docs.polymarket.com, user channel). Sizes are decimal texts of shares with 6 decimals; times are
 * Unix seconds or milliseconds. One unreadable message never stops those beside it.
 */
import { type Address, isAddressEqual } from 'viem';
import { z } from 'zod';
import type { ChannelStatus, FillReport, Side } from '../fills/fill.ts';
import type { Position } from '../inventory/venue.ts';
import { parseAmount } from '../money/units.ts';

const SHARE_DECIMALS = 6;
const SECONDS_DIGITS = 10;

const STATUSES = new Map<string, ChannelStatus>(
	Object.entries({
		MATCHED: 'matched',
		MATCHED_NOT_BROADCASTED: 'matched',
		MINED: 'mined',
		CONFIRMED: 'confirmed',
		RETRYING: 'retrying',
		FAILED: 'failed',
	} as const),
);

const shares = z.string().transform((text, context) => {
	try {
		return parseAmount(text, SHARE_DECIMALS);
	} catch (error) {
		return refuse(context, error instanceof Error ? error.message : 'no size');
	}
});

const timeMs = z.union([z.string(), z.number()]).transform((time, context) => {
	const text = String(time);
	const named = z.iso.datetime({ offset: true }).safeParse(text);
	if (named.success) return Date.parse(named.data);
	if (!/^(\d{10}|\d{13})$/.test(text)) return refuse(context, `"${text}" is no time of 10 or 13 digits, nor one of ISO 8601`);
	return Number(text.length === SECONDS_DIGITS ? `${text}000` : text);
});

/** The channel says the plain word, the trades API the same word with a prefix. */
const status = z
	.string()
	.transform((text, context) => STATUSES.get(text.replace(/^TRADE_STATUS_/, '')) ?? refuse(context, `unknown status "${text}"`));

const side = z.enum(['BUY', 'SELL']).transform((text): Side => (text === 'BUY' ? 'buy' : 'sell'));
const assetId = z
	.string()
	.regex(/^\d{1,78}$/)
	.transform(BigInt);
const address = z
	.string()
	.regex(/^0x[0-9a-fA-F]{40}$/)
	.transform((text) => text.toLowerCase() as Address);
const hash = z
	.union([z.literal(''), z.string().regex(/^0x[0-9a-fA-F]{64}$/)])
	.transform((text) => (text === '' ? null : text.toLowerCase()));

/** The documented example has neither the maker's address nor its side. */
const makerOrder = z.object({
	order_id: z.string().min(1),
	owner: z.string(),
	maker_address: z.union([z.literal('').transform(() => null), address]).nullish(),
	matched_amount: shares,
	asset_id: assetId,
	side: side.nullish(),
});

const tradeMessage = z.object({
	event_type: z.literal('trade'),
	id: z.string().min(1),
	asset_id: assetId,
	market: z.string(),
	owner: z.string(),
	side,
	size: shares,
	status,
	taker_order_id: z.string().min(1),
	/** Not in the documented example. */
	trader_side: z.enum(['TAKER', 'MAKER']).nullish(),
	transaction_hash: hash.nullish(),
	bucket_index: z.int().nonnegative().nullish(),
	match_time: timeMs,
	maker_orders: z.array(makerOrder),
});

const orderMessage = z.object({
	event_type: z.literal('order'),
	id: z.string().min(1),
	asset_id: assetId,
	market: z.string(),
	owner: z.string(),
	side,
	original_size: shares,
	size_matched: shares,
	type: z.enum(['PLACEMENT', 'UPDATE', 'CANCELLATION']),
	timestamp: timeMs,
});

const message = z.discriminatedUnion('event_type', [tradeMessage, orderMessage]);

/** Sizes in base units, times in Unix milliseconds. */
export type ChannelTrade = z.output<typeof tradeMessage>;
export type ChannelOrder = z.output<typeof orderMessage>;

export interface ChannelMessages {
	readonly reports: ChannelTrade[];
	readonly orders: ChannelOrder[];
	/** Why, for each that could not be read; without what it said. */
	readonly rejected: string[];
}

/** One text of the channel: an object or an array of them, or the answer to a heartbeat, which says nothing. Never throws. */
export function readMessages(text: string): ChannelMessages {
	const read: ChannelMessages = { reports: [], orders: [], rejected: [] };
	if (text === 'PONG') return read;
	let content: unknown;
	try {
		content = JSON.parse(text);
	} catch {
		read.rejected.push('no JSON');
		return read;
	}
	for (const each of Array.isArray(content) ? content : [content]) readOne(each, read);
	return read;
}

/** A row of the trades API: a trade that does not say that it is one. Never throws. */
export function readTrade(row: unknown, read: ChannelMessages): void {
	readOne({ ...(row as object), event_type: 'trade' }, read);
}

function readOne(each: unknown, read: ChannelMessages): void {
	const { data, error } = message.safeParse(withMatchTime(each));
	if (error) read.rejected.push(error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '));
	else if (data.event_type === 'trade') read.reports.push(data);
	else read.orders.push(data);
}

/** It is documented as `matchtime`, and named `match_time` by the API and its clients. */
function withMatchTime(each: unknown): unknown {
	return typeof each === 'object' && each !== null && 'matchtime' in each ? { match_time: each.matchtime, ...each } : each;
}

export interface Own {
	/** The API key. */
	readonly owner: string;
	readonly addresses: readonly Address[];
}

interface OwnFills {
	readonly fills: FillReport[];
	/** Orders of ours of tokens that are not known here. */
	readonly unknown: number;
}

/** What a trade says of our orders, and of nobody else's. */
export function fillsOf(trade: ChannelTrade, own: Own, positionOf: (assetId: bigint) => Position | null): OwnFills {
	const fills: FillReport[] = [];
	let unknown = 0;
	for (const { order, asset, side, amount } of ownOrders(trade, own)) {
		const position = positionOf(asset);
		if (position === null) {
			unknown += 1;
			continue;
		}
		const key = { trade: trade.id, order, bucket: trade.bucket_index ?? 0 };
		const { status, transaction_hash: transactionHash = null, match_time: tradedMs } = trade;
		fills.push({ ...key, position, side, amount, status, transactionHash, tradedMs });
	}
	return { fills, unknown };
}

function ownOrders(trade: ChannelTrade, own: Own) {
	const { maker_orders: makers, taker_order_id: order, asset_id: asset, side, size: amount } = trade;
	const ours = makers
		.filter(
			({ owner, maker_address: maker }) => owner === own.owner || (maker && own.addresses.some((each) => isAddressEqual(each, maker))),
		)
		.map((each) => ({
			order: each.order_id,
			asset: each.asset_id,
			side: each.side ?? sideOf(each.asset_id, trade),
			amount: each.matched_amount,
		}));
	// Where nothing says on which side we were, an order of ours among the makers' does.
	const isTaker = trade.trader_side ? trade.trader_side === 'TAKER' : ours.length === 0;
	return isTaker && trade.owner === own.owner ? [...ours, { order, asset, side, amount }] : ours;
}

/** Of one token one side buys and the other sells; of a token and its complement both buy (a mint) or both sell (a merge). */
function sideOf(makerAsset: bigint, { asset_id: takerAsset, side }: ChannelTrade): Side {
	if (makerAsset !== takerAsset) return side;
	return side === 'buy' ? 'sell' : 'buy';
}

function refuse(context: z.RefinementCtx, reason: string): never {
	context.addIssue({ code: 'custom', message: reason });
	return z.NEVER;
}
