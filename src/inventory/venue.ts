import type { Address } from 'viem';

/**
 * A venue is a place that holds funds. Our wallet on a chain is the venue named by the chain id as decimal text ("10"),
 * which is also the Everclear domain of that chain. Another account of ours there is the chain and the account's name ("10/funder").
 */
export type VenueId = string;

/** One asset at one venue: the unit in which inventory is kept. */
export interface Position {
	readonly venue: VenueId;
	readonly asset: string;
}

export function positionKey({ venue, asset }: Position): string {
	return `${asset}@${venue}`;
}

/** What is counted at a position. A token id is a whole uint256. */
export type Token =
	| { readonly kind: 'native' }
	| { readonly kind: 'erc20'; readonly address: Address }
	| { readonly kind: 'erc1155'; readonly address: Address; readonly id: bigint };

/** A position on a chain, and whose balance of what it is. */
export interface ChainPosition extends Position {
	readonly holder: Address;
	readonly token: Token;
	readonly decimals: number;
}

export const WALLET = 'wallet';

export function venueOf(chain: VenueId, holder: string): VenueId {
	return holder === WALLET ? chain : `${chain}/${holder}`;
}

/** The chain that a venue is on. */
export function chainOf(venue: VenueId): VenueId {
	return venue.split('/', 1)[0] ?? venue;
}
