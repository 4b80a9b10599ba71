/**
 * What an API says that an account holds: `GET /positions` of Polymarket's Data API (docs.polymarket.com, Data API). A second opinion only: it may lag, and
 * it leaves rows out unless it is asked for all of them. It does not say how many there are, and they move while they are read, the largest position first:
 * so a page begins with the last row of a full one before it, and after one that is not full there must be nothing.
 */
import type { Address } from 'viem';
import { z } from 'zod';
import { IMPOSSIBLE_UNITS } from '../chain/token-balances.ts';
import { errorText, TransientError } from '../errors.ts';
import { createJsonClient } from '../http.ts';
import { type Amount, amount, MAX_UINT256 } from '../money/amount.ts';
import { parseAmount, rescale } from '../money/units.ts';

export interface ApiPositions {
	/** Base units by token id; shares have 6 decimals. */
	readonly byId: ReadonlyMap<bigint, Amount>;
	/** Whether all pages were read, each went on where the one before had ended, and every row was understood: only then is a token that is not listed not held. */
	readonly isComplete: boolean;
	/** Rows that do not count, with the reason. */
	readonly rejected: readonly string[];
	/** Those of them that say what cannot be, not what was not understood: less than nothing, or more than any token has. */
	readonly impossible: readonly string[];
}

/** The API's own bounds. */
const PAGE_ROWS = 500;
const LAST_OFFSET = 10_000;
const SHARE_DECIMALS = 6;
const TIMEOUT_MS = 5_000;
/** Whole shares: as many are still possible. */
const MOST_SHARES = rescale(amount(IMPOSSIBLE_UNITS), SHARE_DECIMALS, 0, 'down');

const row = z.looseObject({
	asset: z
		.string()
		.regex(/^[0-9]{1,78}$/, 'is no token id as decimal text')
		.transform((text) => BigInt(text))
		.refine((id) => id <= MAX_UINT256, 'is more than a uint256'),
	// A JSON number as short as it can be told from its neighbours: as the API wrote it, for whatever has 6 decimals.
	size: z.number().transform((size) => String(size)),
});

const named = z.looseObject({ asset: z.string() });
/** Of JSON, whose numbers may be beyond what a number can be. */
const sized = z.looseObject({ asset: z.unknown(), size: z.custom<number>((size) => typeof size === 'number') });

/** Throws `TransientError` when the first page cannot be read: nothing is known then, least of all that nothing is held. */
export async function readApiPositions(
	holder: Address,
	{ apiUrl, fetch: ask = fetch }: { apiUrl: string; fetch?: typeof fetch },
): Promise<ApiPositions> {
	const http = createJsonClient({ fetch: ask, timeoutMs: TIMEOUT_MS, baseUrl: apiUrl, service: 'positions API' });
	const rows: Rows = { byId: new Map(), rejected: [], impossible: [] };
	let [before, offset]: [readonly unknown[] | null, number] = [null, 0];
	while (offset <= LAST_OFFSET) {
		const query = { user: holder, sizeThreshold: '0', limit: `${PAGE_ROWS}`, offset: `${offset}` };
		const answer = await http.get({ path: '/positions', query, schema: z.array(z.unknown()) });
		if (answer.kind === 'notFound') throw new TransientError('the positions API does not know /positions');
		const added = before === null ? answer.value : addedTo(before, answer.value);
		if (added === null) break;
		if (added.length === 0) return { ...rows, isComplete: rows.rejected.length === 0 };
		for (const each of added) readRow(each, rows);
		before = answer.value;
		offset += isFull(before) ? before.length - 1 : before.length;
	}
	return { ...rows, isComplete: false };
}

const isFull = (page: readonly unknown[]): boolean => page.length >= PAGE_ROWS;

/** The rows of a page that were not on the one before; null when it does not go on where that one has ended. */
function addedTo(before: readonly unknown[], page: readonly unknown[]): readonly unknown[] | null {
	if (!isFull(before)) return page.length === 0 ? [] : null;
	const [last, first] = [before.at(-1), page[0]].map((each) => named.safeParse(each).data?.asset);
	return first !== undefined && first === last ? page.slice(1) : null;
}

interface Rows {
	readonly byId: Map<bigint, Amount>;
	readonly rejected: string[];
	readonly impossible: string[];
}

function readRow(each: unknown, { byId, rejected, impossible }: Rows): void {
	const problem = impossibilityOf(each);
	if (problem !== null) {
		impossible.push(problem);
		rejected.push(problem);
		return;
	}
	try {
		const { asset, size } = row.parse(each);
		byId.set(asset, amount((byId.get(asset) ?? 0n) + parseAmount(size, SHARE_DECIMALS)));
	} catch (error) {
		rejected.push(errorText(error));
	}
}

/** Why no account can hold that; null when it may, or when the row says no number. */
function impossibilityOf(each: unknown): string | null {
	const { data } = sized.safeParse(each);
	if (data === undefined) return null;
	const { asset, size } = data;
	if (size < 0) return errorText(`token ${asset}: ${size} shares are fewer than none`);
	const isPossible = Number.isFinite(size) && BigInt(Math.trunc(size)) <= MOST_SHARES;
	return isPossible ? null : errorText(`token ${asset}: ${size} shares are more than any token has`);
}
