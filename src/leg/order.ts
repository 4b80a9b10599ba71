/** What one hop is told to do, and what is seen of it. Origin is where funds leave, destination is where they arrive. */
import type { Address, Hash } from 'viem';
import type { VenueId } from '../inventory/venue.ts';
import type { Amount } from '../money/amount.ts';

/** One end of a move: an asset's token at a venue. Both ends are of one asset, unless the bridge swaps. */
export interface BridgeEnd {
	readonly venue: VenueId;
	readonly chainId: number;
	readonly asset: string;
	readonly token: Address;
	readonly decimals: number;
}

/** One hop that the plan has decided, before anything has left. */
export interface HopOrder {
	readonly origin: BridgeEnd;
	readonly destination: BridgeEnd;
	readonly send: Amount;
	/** The least that must be delivered, in base units at the destination. */
	readonly receive: Amount;
	/** That the quote promised: how soon it is worth looking. */
	readonly seconds: number;
	readonly sender: Address;
	readonly recipient: Address;
}

/** What a later step needs to go on from here, storable as JSON: decimal strings, never bigints. */
export type Evidence = Readonly<Record<string, string>>;

/** What really arrived, read from the destination chain. */
export interface Delivery {
	readonly venue: VenueId;
	/** Base units at that venue. */
	readonly amount: Amount;
	readonly transactionHash: Hash;
	readonly blockNumber: bigint;
}
