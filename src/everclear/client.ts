/** The Everclear REST API. A failed look throws; "gone" is the API's own word (404) and never a guess. */
import { type Address, getAddress, type Hex, isAddress, isHex } from 'viem';
import { z } from 'zod';
import { InvariantError, PermanentError, storableText, TransientError } from '../errors.ts';
import { createJsonClient, type JsonClient } from '../http.ts';
import type { VenueId } from '../inventory/venue.ts';
import type { UnsignedCall } from '../leg/call.ts';
import type { Amount } from '../money/amount.ts';
import { domain } from './fields.ts';
import { type EverclearInvoice, type InvoicePage, readInvoice, readInvoiceRows } from './invoice.ts';
import { type MinAmounts, readMinAmounts } from './min-amounts.ts';

interface IntentTerms {
	readonly origin: VenueId;
	/** Where the hub may settle it. */
	readonly destinations: readonly VenueId[];
	/** Who is settled. */
	readonly to: Address;
	readonly inputAsset: Address;
	/** Base units at the origin. */
	readonly amount: Amount;
}

export interface EverclearClient {
	/** All open invoices, oldest first, page by page. Throws `TransientError` when a page fails: the listing is then incomplete. */
	invoices(): AsyncGenerator<InvoicePage>;
	/** Throws `PermanentError` for a malformed invoice. */
	invoice(id: string): Promise<EverclearInvoice | 'gone'>;
	/** Throws `PermanentError` for malformed amounts. */
	minAmounts(id: string): Promise<MinAmounts | 'gone'>;
	/** An unsigned call that nobody has read yet: `checkIntentCall` comes before any signature. */
	buildIntent(terms: IntentTerms): Promise<UnsignedCall>;
	/** Status per intent as the API writes it; ids that it does not know are missing. */
	intentStatuses(ids: readonly string[]): Promise<Map<string, string>>;
}

interface EverclearClientSettings {
	readonly apiUrl: string;
	readonly pageSize: number;
	readonly fetch: typeof fetch;
	readonly timeoutMs?: number;
}

const TIMEOUT_MS = 5_000;
const MAX_PAGES = 1_000;
const STATUS_BATCH = 100;

export function createEverclearClient(settings: EverclearClientSettings): EverclearClient {
	const { apiUrl, pageSize, fetch, timeoutMs = TIMEOUT_MS } = settings;
	const http = createJsonClient({ fetch, timeoutMs, baseUrl: apiUrl, service: 'Everclear API' });
	return {
		invoices: () => allPages(http, pageSize),
		invoice: async (id) => {
			const answer = await http.get({ path: invoicePath(id), schema: z.looseObject({}) });
			if (answer.kind === 'notFound') return 'gone';
			const invoice = readInvoice(answer.value.invoice ?? answer.value, id);
			if (invoice.id === id.toLowerCase()) return invoice;
			throw new TransientError(`the Everclear API answers with invoice ${invoice.id} when asked for ${id}`, { invoice: id });
		},
		minAmounts: async (id) => {
			const answer = await http.get({ path: `${invoicePath(id)}/min-amounts`, schema: z.looseObject({}) });
			return answer.kind === 'notFound' ? 'gone' : readMinAmounts(answer.value, id);
		},
		buildIntent: (terms) => buildIntent(http, terms),
		intentStatuses: (ids) => intentStatuses(http, ids),
	};
}

const page = z.object({ invoices: z.array(z.unknown()), nextCursor: z.union([z.string(), z.number()]).transform(String).nullish() });

async function* allPages(http: JsonClient, pageSize: number): AsyncGenerator<InvoicePage> {
	const seenIds = new Set<string>();
	const seenCursors = new Set<string>();
	let cursor: string | null = null;
	for (let count = 0; count < MAX_PAGES; count++) {
		const query: Record<string, string> = cursor === null ? { limit: String(pageSize) } : { limit: String(pageSize), cursor };
		const answer = await http.get({ path: '/invoices', query, schema: page });
		if (answer.kind === 'notFound') throw new TransientError('the Everclear API has no /invoices: nothing is known about any invoice');
		const { invoices, nextCursor } = answer.value;
		yield readInvoiceRows(invoices, seenIds);
		if (!nextCursor) return;
		if (seenCursors.has(nextCursor))
			throw new TransientError(`the listing of invoices runs in a circle at cursor ${nextCursor}`, { cursor: nextCursor });
		seenCursors.add(nextCursor);
		cursor = nextCursor;
	}
	throw new TransientError(`the listing of invoices has more than ${MAX_PAGES} pages`);
}

const hexText = z
	.string()
	.refine((text) => isHex(text), 'is not hex')
	.transform((text) => text as Hex);
const unsignedCall = z.object({
	to: z
		.string()
		.refine((text) => isAddress(text, { strict: false }), 'is not an address')
		.transform((text) => getAddress(text)),
	data: hexText,
	value: z
		.union([z.string().regex(/^(0x[0-9a-fA-F]+|[0-9]+)$/, 'is not a number'), z.int().min(0)])
		.transform((text) => BigInt(text))
		.default(0n),
	chainId: domain,
});

async function buildIntent(http: JsonClient, { origin, destinations, to, inputAsset, amount }: IntentTerms): Promise<UnsignedCall> {
	const body = { origin, destinations, to, inputAsset, amount: amount.toString(), callData: '0x', maxFee: '0' };
	const answer = await http.post({ path: '/intents', body, schema: unsignedCall });
	if (answer.kind === 'notFound') throw new PermanentError(`the Everclear API builds no intent on ${origin}`, { origin });
	const { chainId, ...call } = answer.value;
	if (chainId !== origin) {
		throw new InvariantError(`the Everclear API answers with a call for chain ${chainId} when asked for an intent on ${origin}`, {
			origin,
			chainId,
		});
	}
	return { ...call, chainId: Number(chainId) };
}

const statuses = z.object({ intents: z.array(z.object({ intentId: z.string(), status: z.string().max(100).transform(storableText) })) });

async function intentStatuses(http: JsonClient, ids: readonly string[]): Promise<Map<string, string>> {
	const found = new Map<string, string>();
	const asked = new Map(ids.map((id) => [id.toLowerCase(), id]));
	for (let start = 0; start < ids.length; start += STATUS_BATCH) {
		const intentIds = ids.slice(start, start + STATUS_BATCH);
		const answer = await http.post({ path: '/intents/status', body: { intentIds }, schema: statuses });
		if (answer.kind === 'notFound')
			throw new TransientError('the Everclear API has no /intents/status: nothing is known about our intents');
		for (const { intentId, status } of answer.value.intents) {
			const id = asked.get(intentId.toLowerCase());
			if (id !== undefined) found.set(id, status);
		}
	}
	return found;
}

function invoicePath(id: string): string {
	return `/invoices/${encodeURIComponent(id)}`;
}
