/** What may be spent where: `confirmed − reserve − held`, never below zero, less what earlier plans of the same run use. */
import { type Position, positionKey } from '../inventory/venue.ts';
import type { Amount } from '../money/amount.ts';
import type { Plan } from './plan.ts';

/** Base units at that position. `inbound` is not here: it is never counted. */
export interface InventoryRow extends Position {
	readonly confirmed: Amount;
	readonly reserve: Amount;
	readonly held: Amount;
}

/** Base units by `positionKey`. A position without an entry has nothing, or nothing used. */
export type Units = ReadonlyMap<string, bigint>;

/** The same for whoever asks for single positions only: nothing is added up for the others. */
export type Funds = Pick<Units, 'get'>;

/**
 * What is available, less `used`, in plain bigints: the rows of a plan file need not fit a uint256.
 * With `reserve: 'lifted'` as if there were no reserves: the question behind a refusal's reason.
 */
export function availableOf(rows: readonly InventoryRow[], used: Units, reserve: 'kept' | 'lifted' = 'kept'): Units {
	return new Map(
		rows.map((row) => {
			const key = positionKey(row);
			const kept = reserve === 'kept' ? row.reserve : 0n;
			const free = row.confirmed - kept - row.held - (used.get(key) ?? 0n);
			return [key, free > 0n ? free : 0n] as const;
		}),
	);
}

/** What a plan takes: its local part, and what its first hops send. What its legs deliver serves no other plan. */
export function usedBy(plan: Plan): Units {
	const used = new Map<string, bigint>();
	const take = (position: Position, units: bigint): void => {
		const key = positionKey(position);
		used.set(key, (used.get(key) ?? 0n) + units);
	};
	take({ venue: plan.destination, asset: plan.asset }, plan.local);
	for (const leg of plan.legs) take({ venue: leg.origin, asset: leg.asset }, leg.send);
	return used;
}

export function addUnits(a: Units, b: Units): Units {
	const sum = new Map(a);
	addTo(sum, b);
	return sum;
}

/** Adds to the first in place: what all plans of a large batch use is one map, and not a new one for each of them. */
export function addTo(sum: Map<string, bigint>, units: Units): void {
	for (const [key, more] of units) sum.set(key, (sum.get(key) ?? 0n) + more);
}

/** What is left of some units without some others. */
export function fundsLess(all: Funds, gone: Funds): Funds {
	return {
		get: (key) => {
			const there = all.get(key);
			const left = there === undefined ? undefined : there - (gone.get(key) ?? 0n);
			return left !== undefined && left < 0n ? 0n : left;
		},
	};
}
