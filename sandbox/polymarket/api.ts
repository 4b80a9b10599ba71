/**
 * `GET /data/trades` of the CLOB API over a table. Kept: the headers and the signature of level 2, cursors that are numbers of rows in base64 from "MA==" to
 * "LTE=", filters, field names and types, statuses with their prefix. Not kept: every other path. What is not documented is chosen here: the trade that was made last
 * comes first, `after` and `before` are exclusive, and a timestamp may be a minute off.
 */
import { createHmac } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Address } from 'viem';
import { type ApiAnswer, ApiError, type ApiRequest } from '../http/api-server.ts';
import { type Trade, tradeRow } from './trade.ts';

export interface ApiAuth {
	readonly apiKey: string;
	readonly secret: string;
	readonly passphrase: string;
	readonly address: Address;
}

export interface SignedRequest extends ApiRequest {
	readonly headers: IncomingHttpHeaders;
}

interface Books {
	readonly auth: ApiAuth;
	/** In the order in which they were made. */
	readonly trades: readonly Trade[];
	readonly pageRows: number;
	readonly nowMs: number;
}

const CLOCK_S = 60;
const LAST_CURSOR = Buffer.from('-1').toString('base64');

export function answer(request: SignedRequest, books: Books): ApiAnswer {
	try {
		verify(request, books);
		return { status: 200, body: page(request, books) };
	} catch (error) {
		if (error instanceof ApiError) return { status: error.status, body: { error: error.message } };
		throw error;
	}
}

function verify({ method, path, headers }: SignedRequest, { auth, nowMs }: Books): void {
	const timestamp = String(headers.poly_timestamp ?? '');
	const signed = createHmac('sha256', Buffer.from(auth.secret, 'base64')).update(`${timestamp}${method}${path}`).digest();
	const given = String(headers.poly_signature ?? '');
	const isKnown = headers.poly_api_key === auth.apiKey && headers.poly_passphrase === auth.passphrase;
	const isHolder = String(headers.poly_address ?? '').toLowerCase() === auth.address.toLowerCase();
	const isNow = /^\d{10}$/.test(timestamp) && Math.abs(nowMs / 1_000 - Number(timestamp)) <= CLOCK_S;
	// Not every client keeps the alphabet of URLs, but all keep the padding.
	const isSigned = given.endsWith('=') && !/[+/]/.test(given) && Buffer.from(given, 'base64url').equals(signed);
	if (!isKnown || !isHolder || !isNow || !isSigned) throw new ApiError(401, 'Unauthorized/Invalid api key');
}

function page({ method, path, query }: SignedRequest, { trades, pageRows }: Books) {
	if (method !== 'GET' || path !== '/data/trades') throw new ApiError(404, `there is no ${method} ${path}`);
	const begin = offsetOf(query.get('next_cursor') ?? '');
	const found = trades.filter((trade) => matches(trade, query)).reverse();
	const rows = found.slice(begin, begin + pageRows);
	const end = begin + rows.length;
	const next = end < found.length ? Buffer.from(`${end}`).toString('base64') : LAST_CURSOR;
	return { limit: pageRows, count: rows.length, next_cursor: next, data: rows.map(tradeRow) };
}

function matches(trade: Trade, query: URLSearchParams): boolean {
	const is = (name: string, ...values: readonly string[]) => {
		const wanted = query.get(name);
		return wanted === null || values.some((each) => each.toLowerCase() === wanted.toLowerCase());
	};
	const time = Number(trade.match_time);
	const makers = trade.maker_orders.map((maker) => maker.maker_address);
	return (
		is('id', trade.id) &&
		is('market', trade.market) &&
		is('asset_id', trade.asset_id) &&
		is('maker_address', trade.maker_address, ...makers) &&
		time > secondsOf(query, 'after', 0) &&
		time < secondsOf(query, 'before', Number.MAX_SAFE_INTEGER)
	);
}

function secondsOf(query: URLSearchParams, name: string, usual: number): number {
	const text = query.get(name) ?? `${usual}`;
	if (!/^\d{1,16}$/.test(text)) throw new ApiError(400, `invalid ${name}`);
	return Number(text);
}

function offsetOf(cursor: string): number {
	const text = cursor === '' ? '0' : Buffer.from(cursor, 'base64').toString();
	if (!/^\d{1,9}$/.test(text)) throw new ApiError(400, 'next item should be greater than or equal to 0');
	return Number(text);
}
