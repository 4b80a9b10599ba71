/**
 * What Polymarket's Data API says about who holds which outcome tokens: not the chain's word, but that of a table which a test sets.
 * It is told to fall behind by `freeze`, and to misbehave through `fault`, in the ways of `sandbox/http/misbehave.ts` and in those below:
 * `positions.fault = firstOf(times(1, onPage(100, broken())), onPage(0, withoutRows(asset)))`.
 */
import type { Address } from 'viem';
import { type ApiFace, type ApiFault, type ApiFaultRule, type ApiRequest, requestOf, startServer } from '../http/api-server.ts';
import { answer, type Tables } from './api.ts';
import { type Position, type PositionRow, rowOf } from './position.ts';

export interface Positions extends ApiFace {
	/** All requests in the order in which they came, also those that were refused or got no answer. */
	readonly requests: readonly ApiRequest[];
	/** Replaces all positions of a user. Throws when a figure of one is no amount with at most 6 decimals. */
	set(user: Address, positions: readonly Position[]): void;
	/** The API falls behind: it goes on answering with what is set now, whatever is set afterwards. */
	freeze(): void;
	/** It has caught up. */
	thaw(): void;
	/** Forgets every position and request, and behaves as usual again. */
	forget(): void;
	stop(): Promise<void>;
}

export async function startPositions(): Promise<Positions> {
	const tables = new Map<string, readonly Position[]>();
	const requests: ApiRequest[] = [];
	let frozen: Tables | null = null;
	const api = await startServer({
		async read(incoming) {
			const request = requestOf(incoming, undefined);
			requests.push(request);
			return request;
		},
		handle: (request) => answer(request, frozen ?? tables),
		refusal: { error: 'told to fail' },
	});
	return Object.assign(api, {
		requests,
		set(user: Address, positions: readonly Position[]) {
			for (const position of positions) rowOf(user, position);
			tables.set(user.toLowerCase(), [...positions]);
		},
		freeze() {
			frozen = new Map(tables);
		},
		thaw() {
			frozen = null;
		},
		forget() {
			tables.clear();
			frozen = null;
			requests.length = 0;
			api.counts.clear();
			api.fault = () => undefined;
		},
	} satisfies Omit<Positions, keyof ApiFace | 'stop'>);
}

/** These positions are missing from a page that is otherwise whole, and nothing says so. */
export const withoutRows = (...assets: readonly bigint[]): ApiFault =>
	changed((rows) => rows.filter(({ asset }) => !assets.includes(BigInt(asset))));

/** The row of one position, as something else: `alteredRow(asset, (row) => ({ ...row, size: -5 }))`, or no row at all. */
export const alteredRow = (asset: bigint, alter: (row: PositionRow) => unknown): ApiFault =>
	changed((rows) => rows.map((row) => (BigInt(row.asset) === asset ? alter(row) : row)));

/** Only for requests of the page that begins at this offset. */
export function onPage(offset: number, fault: ApiFault): ApiFaultRule {
	return ({ path, query }) => (path === '/positions' && Number(query.get('offset') ?? 0) === offset ? fault : undefined);
}

function changed(change: (rows: readonly PositionRow[]) => unknown): ApiFault {
	// Only what the handler itself has answered comes here.
	return { change: (body) => change(body as readonly PositionRow[]) };
}
