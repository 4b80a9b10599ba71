/**
 * A fill is what the venue's channel says has been traded, for as long as the chain has not shown it. What it counts for ends when the chain has
 * absorbed it, when the channel says that it failed, or when nobody has seen it settle for too long.
 */
import type { Position } from '../inventory/venue.ts';
import type { Amount } from '../money/amount.ts';
import { statesOf } from '../transitions.ts';

/**
 * `pending`: counted on top of the chain. `absorbed`: on the chain. `failed`: the channel says that it never will be. `expired`: nobody has seen it settle
 * in time. `late`: settled although it had failed or expired. A block that is taken back takes what it had absorbed back with it.
 */
export const FILL_TRANSITIONS = {
	pending: ['absorbed', 'failed', 'expired'],
	absorbed: ['pending'],
	failed: ['late'],
	expired: ['failed', 'late'],
	late: ['failed', 'expired'],
} as const satisfies Record<string, readonly string[]>;

export type FillStatus = keyof typeof FILL_TRANSITIONS;
export const FILL_STATUSES = statesOf(FILL_TRANSITIONS);

/**
 * What the channel says of a trade (docs.polymarket.com, trades overview). `retrying` is reverted or reorganised and sent again, so as good as
 * `matched`; only `confirmed` and `failed` are final.
 */
export const CHANNEL_STATUSES = ['matched', 'retrying', 'mined', 'confirmed', 'failed'] as const;
export type ChannelStatus = (typeof CHANNEL_STATUSES)[number];

/** They come in any order and more than once, and only advance. The first final one stands. */
export function advances(from: ChannelStatus, to: ChannelStatus): boolean {
	return !isFinal(from) && CHANNEL_STATUSES.indexOf(to) > CHANNEL_STATUSES.indexOf(from);
}

export const isFinal = (status: ChannelStatus): boolean => status === 'confirmed' || status === 'failed';

export type Side = 'buy' | 'sell';

/** A trade may be settled in several buckets, and may have several orders of ours, of different tokens. */
interface FillKey {
	readonly trade: string;
	readonly order: string;
	readonly bucket: number;
}

/** What one message says of one order of ours. */
export interface FillReport extends FillKey {
	/** The token that the order was about, where it is held. */
	readonly position: Position;
	readonly side: Side;
	/** Base units. */
	readonly amount: Amount;
	readonly status: ChannelStatus;
	readonly transactionHash: string | null;
	/** When the trade was made, by the channel: Unix milliseconds. */
	readonly tradedMs: number;
}

export interface Block {
	readonly number: bigint;
	readonly hash: string;
}

/** What one block has shown of a fill. */
export interface Part {
	readonly amount: Amount;
	readonly block: Block;
}

/** Changed by the book alone. */
export interface Fill extends Omit<FillReport, 'status' | 'transactionHash'> {
	readonly id: string;
	/** When the book first heard of it: Unix milliseconds. It counts from then, whatever is taken back. */
	readonly firstSeenMs: number;
	/** In the order in which the book heard of them. */
	readonly number: number;
	status: FillStatus;
	channel: ChannelStatus;
	/** All that were named: a trade that is sent again has another one. */
	readonly hashes: string[];
	/** What the chain has shown of it. */
	parts: readonly Part[];
	/** Whether it was ever counted as late. */
	wasLate: boolean;
	/** The last block that was seen when it expired; it goes on taking headroom until a later one is. Null as long as it has not, or none was seen. */
	droppedAt: bigint | null;
}

/** Base units that the chain has not shown. */
export function restOf({ amount, parts }: Pick<Fill, 'amount' | 'parts'>): Amount {
	return parts.reduce<bigint>((rest, part) => rest - part.amount, amount) as Amount;
}

export const fillId = ({ trade, order, bucket, position }: FillKey & { readonly position: Position }): string =>
	JSON.stringify([trade, order, bucket, position.venue, position.asset]);
