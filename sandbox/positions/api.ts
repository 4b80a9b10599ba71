/**
 * `GET /positions` of Polymarket's Data API over a table. Kept: parameters and their usual values (positions below one share stay hidden
 * unless `sizeThreshold` says otherwise, and a page has 100 rows), field names and types, the largest position first, addresses in lower
 * case, no word about how many pages there are, refusals as `{ error }`. Not kept: filters by market and title, other orders,
 * `GET /v2/positions`. What the real API does beyond its bounds (`limit` 500, `offset` 10,000) is not documented; here it refuses, so
 * that a reader who goes there is seen.
 */
import { type ApiAnswer, ApiError, type ApiRequest } from '../http/api-server.ts';
import { unitsOf } from '../scale.ts';
import { type Position, type PositionRow, rowOf } from './position.ts';

const USUAL_LIMIT = 100;
const MOST_ROWS = 500;
const LAST_OFFSET = 10_000;
const USUAL_THRESHOLD = '1';
/** Finer than any share: a threshold may have more digits than a size. */
const THRESHOLD_DECIMALS = 18;

/** Positions by user: addresses in lower case. */
export type Tables = ReadonlyMap<string, readonly Position[]>;

export function answer(request: ApiRequest, tables: Tables): ApiAnswer {
	try {
		return { status: 200, body: page(request, tables) };
	} catch (error) {
		if (error instanceof ApiError) return { status: error.status, body: { error: error.message } };
		throw error;
	}
}

function page({ method, path, query }: ApiRequest, tables: Tables): PositionRow[] {
	if (method !== 'GET' || path !== '/positions') throw new ApiError(404, `there is no ${method} ${path}`);
	const user = (query.get('user') ?? '').toLowerCase();
	if (!/^0x[0-9a-f]{40}$/.test(user)) throw new ApiError(400, "required query param 'user' not provided");
	const limit = wholeNumber(query.get('limit') ?? `${USUAL_LIMIT}`, { name: 'limit', most: MOST_ROWS });
	const offset = wholeNumber(query.get('offset') ?? '0', { name: 'offset', most: LAST_OFFSET });
	const threshold = thresholdOf(query.get('sizeThreshold') ?? USUAL_THRESHOLD);
	return (tables.get(user) ?? [])
		.map((position) => ({ position, size: unitsOf(position.shares, THRESHOLD_DECIMALS) }))
		.filter(({ size }) => size >= threshold)
		.sort((a, b) => Number(b.size > a.size) - Number(b.size < a.size))
		.slice(offset, offset + limit)
		.map(({ position }) => rowOf(user, position));
}

function wholeNumber(text: string, { name, most }: { name: string; most: number }): number {
	if (!/^\d{1,6}$/.test(text) || Number(text) > most) throw new ApiError(400, `invalid query param '${name}': 0 to ${most}`);
	return Number(text);
}

function thresholdOf(text: string): bigint {
	if (!/^\d{1,18}(\.\d{1,18})?$/.test(text)) throw new ApiError(400, "invalid query param 'sizeThreshold'");
	return unitsOf(text, THRESHOLD_DECIMALS);
}
