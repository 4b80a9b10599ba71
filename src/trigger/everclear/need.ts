/** What an invoice asks of us: from hub units and ticker hashes to our assets, venues and base units. */
import type { Hex } from 'viem';
import { PermanentError } from '../../errors.ts';
import type { VenueId } from '../../inventory/venue.ts';
import type { Destination } from '../../invoice/demand.ts';
import { fromHub } from '../../money/units.ts';
import type { EverclearInvoice } from './invoice.ts';
import type { MinAmounts, RejectedVenue } from './min-amounts.ts';

/** The part of the configuration that says what we can pay with and where. */
export interface PayablePlaces {
	readonly assets: ReadonlyMap<string, { readonly tickerHash: Hex; readonly venues: ReadonlyMap<VenueId, { readonly decimals: number }> }>;
	readonly everclear: { readonly spokes: ReadonlyMap<VenueId, unknown> };
}

export interface Need {
	readonly invoiceId: string;
	readonly asset: string;
	/** Where the invoice can be paid, with the base units that pay it there, rounded up. */
	readonly destinations: readonly Destination[];
	/** Unix seconds. */
	readonly enqueuedAt: number;
	/** The invoice's other destinations, each with its reason. */
	readonly rejected: readonly RejectedVenue[];
}

/** Throws `PermanentError` naming a ticker that is no configured asset. */
export function readNeed(invoice: EverclearInvoice, minAmounts: MinAmounts, places: PayablePlaces): Need {
	const asset = assetOf(invoice, places);
	const destinations: Destination[] = [];
	const rejected: RejectedVenue[] = [];
	for (const venue of invoice.destinations) {
		const found = destinationAt(venue, { asset, minAmounts, places });
		if ('reason' in found) rejected.push(found);
		else destinations.push(found);
	}
	return { invoiceId: invoice.id, asset, destinations, enqueuedAt: invoice.enqueuedAt, rejected };
}

interface Facts {
	readonly asset: string;
	readonly minAmounts: MinAmounts;
	readonly places: PayablePlaces;
}

function destinationAt(venue: VenueId, { asset, minAmounts, places }: Facts): Destination | RejectedVenue {
	const token = places.assets.get(asset)?.venues.get(venue);
	if (token === undefined) return { venue, reason: `${asset} is not configured there` };
	if (!places.everclear.spokes.has(venue)) return { venue, reason: 'it has no contract under everclear.spokes' };
	const units = minAmounts.minAmounts.get(venue);
	if (units === undefined) {
		return minAmounts.rejected.find((each) => each.venue === venue) ?? { venue, reason: 'the API gives no minimum amount for it' };
	}
	// Zero means that the hub can settle without us, and an intent of nothing would be refused.
	if (units === 0n) return { venue, reason: 'its minimum amount is zero: nothing is needed' };
	return { venue, amount: fromHub(units, token.decimals, 'up') };
}

function assetOf({ id, tickerHash }: EverclearInvoice, { assets }: PayablePlaces): string {
	for (const [symbol, asset] of assets) {
		if (asset.tickerHash.toLowerCase() === tickerHash) return symbol;
	}
	throw new PermanentError(`invoice ${id}: ticker ${tickerHash} is no configured asset`, {
		invoice: id,
		field: 'ticker_hash',
		ticker: tickerHash,
	});
}
