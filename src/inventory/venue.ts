/**
 * A venue is a place that holds funds. Our wallet on a chain is the venue named by the chain id as decimal text ("10"),
 * which is also the Everclear domain of that chain.
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
