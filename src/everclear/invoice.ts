/** Rows of the invoice listing. One bad row is set aside with its reason; it never costs the others their turn. */
import type { Hex } from 'viem';
import { z } from 'zod';
import { PermanentError } from '../errors.ts';
import type { VenueId } from '../inventory/venue.ts';
import type { HubAmount } from '../money/amount.ts';
import { bytes32, discountBps, domain, hubUnits, unixSeconds } from './fields.ts';

export interface EverclearInvoice {
	readonly id: Hex;
	readonly tickerHash: Hex;
	readonly amount: HubAmount;
	readonly origin: VenueId;
	/** Where it may be paid; not all of them need be ours. */
	readonly destinations: readonly VenueId[];
	/** Unix seconds. */
	readonly enqueuedAt: number;
	/** Who is owed; 20 or 32 bytes as the API writes it. */
	readonly owner: string;
	/** Basis points as decimal text, possibly fractional. */
	readonly discountBps: string;
	/** As the API writes it. */
	readonly hubStatus: string;
}

export interface RejectedRow {
	/** As the API writes it, or null when the row has none. */
	readonly id: string | null;
	readonly field: string;
	readonly problem: string;
}

export interface InvoicePage {
	readonly rows: readonly EverclearInvoice[];
	readonly rejected: readonly RejectedRow[];
}

/** Keys that nobody here reads are allowed: the API may grow. */
const row = z.object({
	intent_id: bytes32,
	ticker_hash: bytes32,
	amount: hubUnits.refine((units) => units > 0n, 'is zero'),
	origin: domain,
	destinations: z.array(domain).min(1, 'is empty').max(1_000),
	hub_invoice_enqueued_timestamp: unixSeconds,
	owner: z.string().regex(/^0x([0-9a-fA-F]{40}|[0-9a-fA-F]{64})$/, 'is no account in hex'),
	discountBps,
	hub_status: z
		.string()
		.regex(/^[A-Za-z_]{1,50}$/, 'is no status')
		.default('INVOICED'),
});

/** `seen` holds the ids of the listing so far, and is added to: the second row of an id is rejected. */
export function readInvoiceRows(rows: readonly unknown[], seen: Set<string>): InvoicePage {
	const accepted: EverclearInvoice[] = [];
	const rejected: RejectedRow[] = [];
	for (const raw of rows) {
		const read = readRow(raw);
		if ('problem' in read) {
			rejected.push(read);
		} else if (seen.has(read.id)) {
			rejected.push({ id: read.id, field: 'intent_id', problem: 'is in the same listing twice' });
		} else {
			seen.add(read.id);
			accepted.push(read);
		}
	}
	return { rows: accepted, rejected };
}

/** Throws `PermanentError` naming the field and the id. */
export function readInvoice(raw: unknown, id: string): EverclearInvoice {
	const read = readRow(raw);
	if ('problem' in read) {
		throw new PermanentError(`invoice ${id}: ${read.field} ${read.problem}`, { invoice: id, field: read.field });
	}
	return read;
}

function readRow(raw: unknown): EverclearInvoice | RejectedRow {
	const parsed = row.safeParse(raw);
	if (!parsed.success) {
		const [issue] = parsed.error.issues;
		return { id: idOf(raw), field: issue?.path.join('.') || 'row', problem: problemOf(raw, issue) };
	}
	const { intent_id, ticker_hash, amount, origin, destinations, hub_invoice_enqueued_timestamp, hub_status, ...named } = parsed.data;
	return {
		id: intent_id,
		tickerHash: ticker_hash,
		amount,
		origin,
		destinations: [...new Set(destinations)],
		enqueuedAt: hub_invoice_enqueued_timestamp,
		owner: named.owner,
		discountBps: named.discountBps,
		hubStatus: hub_status,
	};
}

function problemOf(raw: unknown, issue: z.core.$ZodIssue | undefined): string {
	const [key] = issue?.path ?? [];
	const isMissing = typeof raw === 'object' && raw !== null && typeof key === 'string' && issue?.path.length === 1 && !(key in raw);
	return isMissing ? 'is missing' : (issue?.message ?? 'is malformed');
}

const MAX_ID_CHARS = 100;

function idOf(raw: unknown): string | null {
	const parsed = z.object({ intent_id: z.string() }).safeParse(raw);
	return parsed.success ? parsed.data.intent_id.slice(0, MAX_ID_CHARS) : null;
}
