/**
 * What an API says that an account holds: `GET /positions` of Polymarket's Data API (docs.polymarket.com, Data API). A second opinion only: it may lag, and
 * it leaves rows out unless it is asked for all of them.
 */
import type { Address } from 'viem';
import { z } from 'zod';
import { errorText, TransientError } from '../errors.ts';
import { createJsonClient } from '../http.ts';
import { type Amount, amount, MAX_UINT256 } from '../money/amount.ts';
import { parseAmount } from '../money/units.ts';

export interface ApiPositions {
	/** Base units by token id; shares have 6 decimals. */
	readonly byId: ReadonlyMap<bigint, Amount>;
	/** Whether every page was read and every row understood: only then is a token that is not in the list not held. */
	readonly isComplete: boolean;
	/** Rows that were not understood, with the reason. */
	readonly rejected: readonly string[];
}

/** The API's own bounds. */
const PAGE_ROWS = 500;
const LAST_OFFSET = 10_000;
const SHARE_DECIMALS = 6;
const TIMEOUT_MS = 5_000;

const row = z.looseObject({
	asset: z
		.string()
		.regex(/^[0-9]{1,78}$/, 'is no token id as decimal text')
		.transform((text) => BigInt(text))
		.refine((id) => id <= MAX_UINT256, 'is more than a uint256'),
	// A JSON number as short as it can be told from its neighbours: as the API wrote it, for whatever has 6 decimals.
	size: z.number().transform((size) => String(size)),
});

/** Throws `TransientError` when the first page cannot be read: nothing is known then, least of all that nothing is held. */
export async function readApiPositions(
	holder: Address,
	{ apiUrl, fetch: ask = fetch }: { apiUrl: string; fetch?: typeof fetch },
): Promise<ApiPositions> {
	const http = createJsonClient({ fetch: ask, timeoutMs: TIMEOUT_MS, baseUrl: apiUrl, service: 'positions API' });
	const byId = new Map<bigint, Amount>();
	const rejected: string[] = [];
	for (let offset = 0; offset <= LAST_OFFSET; offset += PAGE_ROWS) {
		const query = { user: holder, sizeThreshold: '0', limit: `${PAGE_ROWS}`, offset: `${offset}` };
		const answer = await http.get({ path: '/positions', query, schema: z.array(z.unknown()) });
		if (answer.kind === 'notFound') throw new TransientError('the positions API does not know /positions');
		for (const each of answer.value) readRow(each, { byId, rejected });
		if (answer.value.length < PAGE_ROWS) return { byId, isComplete: rejected.length === 0, rejected };
	}
	return { byId, isComplete: false, rejected };
}

function readRow(each: unknown, { byId, rejected }: { byId: Map<bigint, Amount>; rejected: string[] }): void {
	try {
		const { asset, size } = row.parse(each);
		byId.set(asset, amount((byId.get(asset) ?? 0n) + parseAmount(size, SHARE_DECIMALS)));
	} catch (error) {
		rejected.push(errorText(error));
	}
}
