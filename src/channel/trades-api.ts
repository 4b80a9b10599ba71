/**
 * What the channel may have left out: `GET /data/trades` of Polymarket's CLOB API (docs.polymarket.com, get trades), signed as its own client does it
 * (github.com/Polymarket/py-clob-client, py_clob_client/signing/hmac.py and headers/headers.py).
 */
import { createHmac } from 'node:crypto';
import type { Address } from 'viem';
import { z } from 'zod';
import { PermanentError, TransientError } from '../errors.ts';
import { createJsonClient, type JsonAnswer, type JsonClient } from '../http.ts';
import { type ChannelAuth, withoutSecrets } from './auth.ts';
import { type ChannelMessages, readTrade } from './messages.ts';

export interface TradesApi {
	readonly apiUrl: string;
	/** The address is the one that the key was made for. */
	readonly auth: ChannelAuth & { readonly address: Address };
	readonly fetch?: typeof fetch;
	readonly nowMs: () => number;
	/** Only trades of this account; all of the key's where it is not given. */
	readonly makerAddress?: Address;
}

const PATH = '/data/trades';
const FIRST_CURSOR = 'MA==';
const LAST_CURSOR = 'LTE=';
const MOST_PAGES = 100;
const TIMEOUT_MS = 5_000;
const SECOND_MS = 1_000;

/** An API written in Go says null where it has no rows. */
const page = z.object({
	data: z
		.array(z.unknown())
		.nullable()
		.transform((rows) => rows ?? []),
	next_cursor: z.string().min(1),
});
type Page = z.output<typeof page>;

/**
 * Trades that were made at this time or later, and at most two seconds earlier: the API counts in seconds, and does not say on which side of the bound it
 * begins. Rows that were not understood stop none beside them. Throws `TransientError` when any page cannot be read: what was read until then is no answer.
 */
export async function readTrades(api: TradesApi, { afterMs }: { afterMs: number }): Promise<ChannelMessages> {
	const http = signedClient(api);
	const read: ChannelMessages = { reports: [], orders: [], rejected: [] };
	const after = String(Math.max(Math.floor(afterMs / SECOND_MS) - 1, 0));
	const maker = api.makerAddress === undefined ? {} : { maker_address: api.makerAddress };
	const seen = new Set<string>();
	for (let cursor = FIRST_CURSOR; cursor !== LAST_CURSOR; ) {
		if (seen.has(cursor)) throw new TransientError(`the trades API repeats the page cursor "${cursor}"`);
		if (seen.size === MOST_PAGES) throw new TransientError(`the trades API has more than ${MOST_PAGES} pages of trades since ${after}`);
		seen.add(cursor);
		const { data, next_cursor: next } = await readPage(http, { after, ...maker, next_cursor: cursor }, api.auth);
		for (const row of data) readTrade(row, read);
		cursor = next;
	}
	return read;
}

async function readPage(http: JsonClient, query: Readonly<Record<string, string>>, auth: ChannelAuth): Promise<Page> {
	const answer = await ask(http, query, auth);
	if (answer.kind === 'notFound') throw new TransientError(`the trades API answers 404: it does not know ${PATH}`);
	return answer.value;
}

async function ask(http: JsonClient, query: Readonly<Record<string, string>>, auth: ChannelAuth): Promise<JsonAnswer<Page>> {
	try {
		return await http.get({ path: PATH, query, schema: page });
	} catch (error) {
		// A key that is refused says nothing about the trades. The cause is left behind: it may repeat what it was sent.
		if (error instanceof PermanentError) throw new TransientError(withoutSecrets(error.message, auth), error.details);
		throw error;
	}
}

/** Every request has a time of its own. */
function signedClient({ apiUrl, auth, fetch: send = fetch, nowMs }: TradesApi): JsonClient {
	const signed: typeof fetch = (url, init) => {
		const headers = new Headers(init?.headers);
		const timestamp = String(Math.floor(nowMs() / SECOND_MS));
		headers.set('POLY_ADDRESS', auth.address);
		headers.set('POLY_SIGNATURE', signatureOf(auth.secret, `${timestamp}GET${PATH}`));
		headers.set('POLY_TIMESTAMP', timestamp);
		headers.set('POLY_API_KEY', auth.apiKey);
		headers.set('POLY_PASSPHRASE', auth.passphrase);
		return send(url, { ...init, headers });
	};
	return createJsonClient({ fetch: signed, timeoutMs: TIMEOUT_MS, baseUrl: apiUrl, service: 'trades API' });
}

/** HMAC-SHA256 as base64 of the URL alphabet, with its padding. Time, method and path are signed, the query is not. */
export function signatureOf(secret: string, text: string): string {
	const digest = createHmac('sha256', Buffer.from(secret, 'base64')).update(text).digest('base64');
	return digest.replaceAll('+', '-').replaceAll('/', '_');
}
