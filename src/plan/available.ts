/** What may be spent where: `confirmed − reserve − held`, never below zero, less what earlier plans of the same run use. */
import { availableOf as available } from '../inventory/available.ts';
import { type Position, positionKey } from '../inventory/venue.ts';
import { type Amount, ZERO } from '../money/amount.ts';
import type { Plan } from './plan.ts';

/** Base units at that position. `inbound` is not here: it is never counted. */
export interface InventoryRow extends Position {
	readonly confirmed: Amount;
	readonly reserve: Amount;
	readonly held: Amount;
}

/** Base units by `positionKey`. A position without an entry has nothing, or nothing used. */
export type Units = ReadonlyMap<string, bigint>;

/** What is available, less `used`. With `reserve: 'lifted'` as if there were no reserves: the question behind a refusal's reason. */
export function availableOf(rows: readonly InventoryRow[], used: Units, reserve: 'kept' | 'lifted' = 'kept'): Units {
	return new Map(
		rows.map((row) => {
			const key = positionKey(row);
			const free = available(reserve === 'kept' ? row : { ...row, reserve: ZERO }) - (used.get(key) ?? 0n);
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
	for (const [key, units] of b) sum.set(key, (sum.get(key) ?? 0n) + units);
	return sum;
}
