/**
 * Everclear's REST API over the local hub's book. Kept: paths, parameters, field names and types, FIFO order, opaque cursors, 404 for
 * an invoice that is settled, 18-decimal amounts as text, native amounts in `POST /intents`, the unsigned transaction that it returns.
 * Not kept: discounts that grow by epoch, Solana and Tron, fee adapters (the call goes to the spoke itself).
 */
import { encodeFunctionData, isAddress, zeroAddress } from 'viem';
import { z } from 'zod';
import { spokeAbi } from '../chains/abi.ts';
import type { LocalChain } from '../chains/chain.ts';
import { ApiError, type ApiHandler, type ApiRequest } from '../http/api-server.ts';
import type { Invoice } from '../invoices/invoice.ts';
import { type Hub, headFirst, termsAt } from './hub.ts';

const USUAL_LIMIT = 10;
const MAX_FEE = 100_000;

/** What the API keeps to itself. */
export interface Hidden {
	/** Intent ids. */
	readonly rows: Set<string>;
	/** "<intent id> <domain>". */
	readonly minAmounts: Set<string>;
}

interface ApiSources {
	readonly hub: Hub;
	readonly chains: ReadonlyMap<string, LocalChain>;
	/** Rows that are listed as they are, however malformed, and that the hub knows nothing of. */
	readonly strayRows: readonly unknown[];
	readonly hidden: Hidden;
}

export function everclearApi(sources: ApiSources): ApiHandler {
	return (request) => {
		const [root, id, part] = request.path.split('/').slice(1);
		const key = `${request.method} /${root}${id === undefined ? '' : id === 'status' ? '/status' : '/{id}'}${part === undefined ? '' : `/${part}`}`;
		switch (key) {
			case 'GET /invoices':
				return { status: 200, body: listInvoices(request, sources) };
			case 'GET /invoices/{id}':
				return { status: 200, body: { invoice: invoiceOf(sources.hub, id) } };
			case 'GET /invoices/{id}/min-amounts':
				return { status: 200, body: minAmounts(sources, invoiceOf(sources.hub, id)) };
			case 'POST /intents':
				return { status: 200, body: newIntents(request.body, sources.chains) };
			case 'POST /intents/status':
				return { status: 200, body: statuses(request.body, sources.hub) };
			case 'GET /intents/{id}':
				return { status: 200, body: intentOf(sources.hub, id) };
			default:
				throw new ApiError(404, `there is no ${request.method} ${request.path}`);
		}
	};
}

function listInvoices({ query }: ApiRequest, { hub, strayRows, hidden }: ApiSources) {
	const limit = Number(query.get('limit') ?? USUAL_LIMIT);
	if (!Number.isInteger(limit) || limit < 1) throw new ApiError(400, 'limit is no positive whole number');
	const named = (parameter: string) => [...query.getAll(parameter), ...query.getAll(`${parameter}[]`)].flatMap((each) => each.split(','));
	const [origins, destinations, ticker] = [named('origins'), named('destinations'), query.get('tickerHash')?.toLowerCase()];
	const rows = headFirst(hub.invoices).filter(
		(each) =>
			!hidden.rows.has(each.intent_id) &&
			(ticker === undefined || each.ticker_hash === ticker) &&
			(origins.length === 0 || origins.includes(each.origin)) &&
			(destinations.length === 0 || each.destinations.some((domain) => destinations.includes(domain))),
	);
	const rest = after(rows, query.get('cursor'));
	const page = rest.slice(0, limit);
	const isLast = rest.length <= limit;
	return {
		// Stray rows stand at the end, on the last page.
		invoices: isLast ? [...page, ...strayRows] : page,
		nextCursor: isLast ? null : cursorOf(page.at(-1)),
		prevCursor: query.get('cursor'),
		maxCount: rows.length + strayRows.length,
	};
}

/** A cursor names a row and not a number, so that a row settled between two pages does not hide another one. */
function cursorOf(row: Invoice | undefined): string | null {
	return row === undefined ? null : Buffer.from(`${row.hub_invoice_enqueued_timestamp} ${row.intent_id}`).toString('base64url');
}

function after(rows: readonly Invoice[], cursor: string | null): readonly Invoice[] {
	if (cursor === null || cursor === '') return rows;
	const [timestamp = '', id = ''] = Buffer.from(cursor, 'base64url').toString('utf8').split(' ');
	if (!/^\d+$/.test(timestamp)) throw new ApiError(400, 'the cursor is not one of ours');
	const at = rows.findIndex((each) => each.intent_id === id);
	if (at >= 0) return rows.slice(at + 1);
	return rows.filter((each) => each.hub_invoice_enqueued_timestamp > Number(timestamp));
}

function invoiceOf(hub: Hub, id: string | undefined): Invoice {
	const invoice = hub.invoices.get(id?.toLowerCase() ?? '');
	if (invoice === undefined) throw new ApiError(404, `invoice ${id} is not found`);
	return invoice;
}

function minAmounts({ hub, hidden }: ApiSources, invoice: Invoice) {
	const shown = invoice.destinations.filter((domain) => !hidden.minAmounts.has(`${invoice.intent_id} ${domain}`));
	const positions = shown.map((domain) => ({ domain, at: hub.position(invoice, domain) }));
	const perDomain = (read: (at: (typeof positions)[number]['at']) => bigint) =>
		Object.fromEntries(positions.map(({ domain, at }) => [domain, `${read(at)}`]));
	return {
		invoiceAmount: invoice.amount,
		amountAfterDiscounts: perDomain((at) => termsAt(at).amountAfterDiscount),
		discountBps: invoice.discountBps,
		custodiedAmounts: perDomain((at) => at.custodied),
		minAmounts: perDomain((at) => termsAt(at).minAmount),
	};
}

const domainText = z.union([z.string(), z.number()]).transform(String);
const address = z.string().refine((text) => isAddress(text, { strict: false }), 'is not an address');
const intentRequest = z.object({
	origin: domainText,
	destinations: z.array(domainText).min(1).max(10),
	to: address,
	inputAsset: address,
	amount: z.string().regex(/^[1-9][0-9]*$/, 'is not a positive whole number as text'),
	callData: z.string().regex(/^0x([0-9a-fA-F]{2})*$/, 'is not hex'),
	maxFee: z
		.union([z.string(), z.number()])
		.transform(Number)
		.refine((fee) => Number.isInteger(fee) && fee >= 0 && fee <= MAX_FEE, 'is not between 0 and 100000'),
});

function newIntents(body: unknown, chains: ApiSources['chains']) {
	return Array.isArray(body) ? body.map((each) => newIntent(each, chains)) : newIntent(body, chains);
}

/** The unsigned call of a new intent. Throws an `ApiError` that names what is wrong with the request. */
export function newIntent(body: unknown, chains: ApiSources['chains']) {
	const parsed = intentRequest.safeParse(body);
	if (!parsed.success) throw new ApiError(400, z.prettifyError(parsed.error));
	const { origin, destinations, to, inputAsset, amount, callData, maxFee } = parsed.data;
	const chain = chains.get(origin);
	if (chain === undefined) throw new ApiError(400, `origin ${origin} is not supported`);
	if (inputAsset.toLowerCase() !== chain.usdc.toLowerCase())
		throw new ApiError(400, `inputAsset ${inputAsset} is not supported on ${origin}`);
	const unknown = destinations.find((each) => !chains.has(each) || each === origin);
	if (unknown !== undefined) throw new ApiError(400, `destination ${unknown} is not possible from ${origin}`);
	const [only] = destinations;
	const outputAsset = destinations.length === 1 && only !== undefined ? chains.get(only)?.usdc : undefined;
	const data = encodeFunctionData({
		abi: spokeAbi,
		functionName: 'newIntent',
		args: [
			destinations.map(Number),
			to as `0x${string}`,
			chain.usdc,
			outputAsset ?? zeroAddress,
			BigInt(amount),
			maxFee,
			0,
			callData as `0x${string}`,
		],
	});
	return { to: chain.spoke, data, value: '0', chainId: chain.chainId };
}

function statuses(body: unknown, hub: Hub) {
	const parsed = z.object({ intentIds: z.array(z.string()).max(100) }).safeParse(body);
	if (!parsed.success) throw new ApiError(400, z.prettifyError(parsed.error));
	return { intents: parsed.data.intentIds.map((intentId) => ({ intentId, status: hub.statusOf(intentId.toLowerCase()) })) };
}

function intentOf(hub: Hub, id: string | undefined) {
	const status = hub.statusOf(id?.toLowerCase() ?? '');
	if (status === 'NONE') throw new ApiError(404, `intent ${id} is not found`);
	const deposit = hub.deposits.get(id?.toLowerCase() ?? '');
	return {
		intent: {
			intent_id: id,
			status,
			...(deposit && {
				origin: deposit.origin,
				destinations: deposit.destinations,
				receiver: deposit.receiver,
				amount: `${deposit.amount}`,
				transaction_hash: deposit.tx,
			}),
		},
	};
}
