/**
 * Bounds on what a partly chosen set of candidates can still become. Floats propose here: every bound leans toward "could
 * be better" by more than a float can err, so it may keep a branch alive for nothing, but never cuts one off wrongly.
 */
import { FLOAT_ROOM, raisedToMoney } from './best-known.ts';
import type { Market } from './candidate.ts';
import { priceOf } from './price.ts';
import { reachIn } from './reach.ts';
import { columnOf, restrict, tableOf } from './table.ts';

/** Of least totals; the work for a sharp one ends once it has reached `enough`, or cannot. */
export interface Bounds {
	/** By candidate index: open, in or out. */
	readonly status: Uint8Array;
	/** The most tokens that can arrive with this many operations more; at least, up to float error, the truth. */
	reach(operationsLeft: number): number;
	/** The least total cost, and the least total sent, in tokens, of covering the need with exactly this many operations more. */
	cost(operationsLeft: number, enough: number): number;
	sent(operationsLeft: number, enough: number): number;
	/** The least cost with any number of operations more. */
	costAtAll(enough: number): number;
	/** Leaves out all candidates but these. */
	open(live: readonly number[]): void;
	/**
	 * The same, and sharpens `cost` and `sent` for a search that starts with this many operations.
	 * The least cost, in tokens.
	 */
	aim(operations: number, live: readonly number[]): number;
	/** What a candidate adds to the cost, by the last bound: the smaller, the more promising. */
	promise(index: number): number;
}

/** At first all candidates are of interest. */
export function boundsOf(market: Market): Bounds {
	const { candidates, needTokens } = market;
	const table = tableOf(market);
	const scale = Number(market.moneyScale);
	const cost = priceOf(
		table,
		columnOf(candidates, ({ estimate }) => estimate.fixedCost),
		columnOf(candidates, ({ estimate }) => estimate.gas),
	);
	const fees = priceOf(
		table,
		columnOf(candidates, ({ estimate }) => estimate.fixedFees),
		new Float64Array(candidates.length),
	);
	const round = (value: number): number => raisedToMoney(value - Math.abs(value) * FLOAT_ROOM, scale);
	restrict(
		table,
		market,
		candidates.map((_, index) => index),
	);
	return {
		status: table.status,
		reach: (left) => reachIn(table, left),
		cost: (left, enough) => round(cost.lower(left, enough)),
		sent: (left, enough) => round(needTokens + fees.lower(left, enough - needTokens)),
		costAtAll: (enough) => round(cost.lower('any', enough)),
		open: (live) => restrict(table, market, live),
		aim: (operations, live) => {
			restrict(table, market, live);
			fees.sharpen(operations);
			return round(cost.sharpen(operations));
		},
		promise: (index) => cost.valueOf(index),
	};
}
