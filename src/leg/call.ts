/** A call on one chain, before and after it was mined. */
import type { Address, Hash, Hex, Log } from 'viem';
import type { VenueId } from '../inventory/venue.ts';
import type { Payload } from './effect.ts';

/** An unsigned call on one chain. */
export interface UnsignedCall {
	readonly chainId: number;
	readonly to: Address;
	readonly data: Hex;
	readonly value: bigint;
}

/** The mined transaction of one of our calls. */
export interface MinedCall {
	readonly transactionHash: Hash;
	readonly blockNumber: bigint;
	readonly logs: readonly Log[];
	/** Unix milliseconds; left out by who sees it just mined. */
	readonly minedAtMs?: number;
	/** What it has cost, in wei of the chain's own currency; left out where nobody has asked. */
	readonly feePaid?: bigint;
}

/** A mined call of ours of which nothing else is known. */
export interface SentCall extends MinedCall {
	readonly venue: VenueId;
	readonly sender: Address;
	/** Its calldata, without the tag of its owner. */
	readonly data: Hex;
}

/** A mined call that has moved a token of ours, whole. */
export interface OwnCall extends SentCall {
	readonly payload: Payload;
	readonly nonce: bigint;
	/** The token of ours that it has moved; the first, if there are several. */
	readonly token: Address;
	/** The signed bytes, as they were broadcast; null for a transaction of a form that Ballast does not sign. */
	readonly raw: Hex | null;
	readonly fees: { readonly maxFeePerGas: bigint; readonly maxPriorityFeePerGas: bigint };
	/** Unix seconds of its block. */
	readonly minedAt: number;
}
