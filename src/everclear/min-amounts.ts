/** How much a new intent must bring, per domain, for the hub to settle an invoice. Moves with custody, epoch and rivals: always read afresh. */
import { z } from 'zod';
import { PermanentError } from '../errors.ts';
import type { VenueId } from '../inventory/venue.ts';
import type { HubAmount } from '../money/amount.ts';
import { discountBps, domain, hubUnits } from './fields.ts';

/** A domain whose amount cannot be used; the others can. */
export interface RejectedVenue {
	readonly venue: VenueId;
	readonly reason: string;
	/** Its amount is there and cannot be read: nothing is known about it, which is not the API's word that it is closed. */
	readonly isUnreadable?: true;
}

export interface MinAmounts {
	readonly invoiceAmount: HubAmount;
	readonly minAmounts: ReadonlyMap<VenueId, HubAmount>;
	/** What the invoice is worth after its discount: one amount for all, or one per domain. Empty when the API does not say. */
	readonly amountAfterDiscounts: ReadonlyMap<VenueId, HubAmount>;
	/** Basis points as decimal text; null when the API does not say. */
	readonly discountBps: string | null;
	readonly rejected: readonly RejectedVenue[];
}

const perDomain = z.record(z.string(), z.unknown());

const envelope = z.object({
	invoiceAmount: hubUnits.refine((units) => units > 0n, 'is zero'),
	minAmounts: perDomain,
	amountAfterDiscounts: perDomain.optional(),
	amountAfterDiscount: hubUnits.optional(),
	discountBps: discountBps.nullish(),
});

/** Throws `PermanentError` naming the field and the invoice. */
export function readMinAmounts(raw: unknown, invoiceId: string): MinAmounts {
	const parsed = envelope.safeParse(raw);
	if (!parsed.success) {
		const [issue] = parsed.error.issues;
		const field = issue?.path.join('.') || 'body';
		throw new PermanentError(`minimum amounts of invoice ${invoiceId}: ${field} ${issue?.message}`, { invoice: invoiceId, field });
	}
	const { invoiceAmount, minAmounts, amountAfterDiscounts, amountAfterDiscount } = parsed.data;
	const read = readPerDomain(minAmounts);
	const discounted =
		amountAfterDiscount === undefined
			? readPerDomain(amountAfterDiscounts ?? {}).amounts
			: new Map([...read.amounts.keys()].map((venue) => [venue, amountAfterDiscount]));
	return {
		invoiceAmount,
		minAmounts: read.amounts,
		amountAfterDiscounts: discounted,
		discountBps: parsed.data.discountBps ?? null,
		rejected: read.rejected,
	};
}

function readPerDomain(record: Readonly<Record<string, unknown>>) {
	const amounts = new Map<VenueId, HubAmount>();
	const rejected: RejectedVenue[] = [];
	for (const [key, raw] of Object.entries(record)) {
		const venue = domain.safeParse(key);
		const units = hubUnits.safeParse(raw);
		if (!venue.success) rejected.push({ venue: key, reason: `"${key}" is not a domain` });
		else if (!units.success)
			rejected.push({ venue: key, reason: `its minimum amount ${units.error.issues[0]?.message}`, isUnreadable: true });
		else amounts.set(venue.data, units.data);
	}
	return { amounts, rejected };
}
