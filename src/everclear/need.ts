/** What an invoice asks of us: from hub units and ticker hashes to our assets, venues and base units. */
import type { Hex } from 'viem';
import { PermanentError } from '../errors.ts';
import type { VenueId } from '../inventory/venue.ts';
import type { Destination } from '../invoice/demand.ts';
import { type HubAmount, hubAmount, MAX_UINT256 } from '../money/amount.ts';
import { parseBps, type Rate } from '../money/rate.ts';
import { fromHub } from '../money/units.ts';
import type { EverclearInvoice } from './invoice.ts';
import type { MinAmounts, RejectedVenue } from './min-amounts.ts';

/** The part of the configuration that says what we can pay with, where, and what has to be left of it. */
interface PayablePlaces {
	readonly assets: ReadonlyMap<string, { readonly tickerHash: Hex; readonly venues: ReadonlyMap<VenueId, { readonly decimals: number }> }>;
	readonly everclear: { readonly spokes: ReadonlyMap<VenueId, unknown>; readonly margin: Rate };
}

export interface Need {
	readonly invoiceId: string;
	readonly asset: string;
	/** Where the invoice can be paid, with the base units that pay it there, rounded up. */
	readonly destinations: readonly Destination[];
	/**
	 * The most that a plan for it may cost, in 18-decimal token units, rounded down: what the discount brings, less the margin, at the
	 * destination where that is least. A plan is made for whichever destination suits it, so only the smallest is safe everywhere: no plan
	 * costs more than it earns, wherever it pays. Zero when nothing is left, or when there is no destination.
	 */
	readonly maxCost: HubAmount;
	/** Unix seconds. */
	readonly enqueuedAt: number;
	/** The invoice's other destinations, each with its reason. */
	readonly rejected: readonly RejectedVenue[];
}

/** Throws `PermanentError` naming a ticker that is no configured asset, or a discount of more than everything. */
export function readNeed(invoice: EverclearInvoice, minAmounts: MinAmounts, places: PayablePlaces): Need {
	const asset = assetOf(invoice, places);
	const destinations: Destination[] = [];
	const rejected: RejectedVenue[] = [];
	for (const venue of invoice.destinations) {
		const found = destinationAt(venue, { asset, minAmounts, places });
		if ('reason' in found) rejected.push(found);
		else destinations.push(found);
	}
	const kept = keptOf(discountOf(invoice, minAmounts), places.everclear.margin);
	const maxCost = worth(
		destinations.flatMap(({ venue }) => minAmounts.minAmounts.get(venue) ?? []),
		kept,
	);
	return { invoiceId: invoice.id, asset, destinations, maxCost, enqueuedAt: invoice.enqueuedAt, rejected };
}

/** The minimum amounts are read with the discount that they were computed from; the invoice's own may be an epoch older. */
function discountOf({ id, discountBps }: EverclearInvoice, minAmounts: MinAmounts): Rate {
	const text = minAmounts.discountBps ?? discountBps;
	const discount = parseBps(text);
	if (discount.numerator <= discount.denominator) return discount;
	throw new PermanentError(`invoice ${id}: discountBps ${text} is more than everything`, { invoice: id, field: 'discountBps' });
}

/** What is left of the discount after the margin; negative when the margin is larger. */
function keptOf(discount: Rate, margin: Rate): Rate {
	return {
		numerator: discount.numerator * margin.denominator - margin.numerator * discount.denominator,
		denominator: discount.denominator * margin.denominator,
	};
}

function worth(paid: readonly HubAmount[], { numerator, denominator }: Rate): HubAmount {
	const earned = paid.map((units) => (units * numerator) / denominator).reduce((least, each) => (each < least ? each : least), MAX_UINT256);
	return hubAmount(paid.length === 0 || numerator <= 0n ? 0n : earned);
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
