/**
 * Depth first over the sets of candidates with an exact number of operations: each candidate in, then out. No route is
 * used twice, alone or as a hop.
 */
import { type Bounds, boundsOf } from './bound.ts';
import { type Budget, spend } from './budget.ts';
import type { Candidate, Market } from './candidate.ts';
import type { Total } from './search-sends.ts';
import { Division, type Split } from './split.ts';
import { IN, OPEN, OUT } from './table.ts';
import { twinsOf } from './twins.ts';

/** A market with what one search after the other learns about it. */
export interface Field {
	readonly market: Market;
	readonly bounds: Bounds;
	/** Candidate indices by route id. */
	readonly byId: readonly number[];
	readonly twins: Int32Array;
	readonly divisions: Map<string, Division>;
}

export interface Exploration {
	readonly operations: number;
	/** The candidates to choose from, in the order in which they are tried. */
	readonly order: readonly number[];
	readonly budget: Budget;
	/** Whether nothing below this point can matter, given the operations left. */
	hopeless(operationsLeft: number): boolean;
	/** Whether a set matters that costs and sends no less than this, in money units. */
	matters(least: Total): boolean;
	/** Called with each such set that has the operations and covers the need; true ends the search. */
	found(chosen: readonly Candidate[], split: Split, division: Division): boolean;
}

export function fieldOf(market: Market): Field {
	return {
		market,
		bounds: boundsOf(market),
		byId: market.candidates.map((_, index) => index),
		twins: twinsOf(market.candidates),
		divisions: new Map(),
	};
}

/** Those of `live` with which, once they are in, there is still hope. */
export function narrow(
	{ market, bounds }: Field,
	live: readonly number[],
	{ operations, hopeless }: Pick<Exploration, 'operations' | 'hopeless'>,
): readonly number[] {
	return live.filter((index) => {
		const own = market.candidates[index]?.operations ?? operations + 1;
		if (own > operations) return false;
		bounds.status[index] = IN;
		const isHopeless = hopeless(operations - own);
		bounds.status[index] = OPEN;
		return !isHopeless;
	});
}

/** Walks until everything has been seen or ruled out, `found` says stop (then true), or the budget ends. */
export function explore(field: Field, task: Exploration): boolean {
	const { status } = field.bounds;
	const taken: Taken = { chosen: [], usedHops: new Set() };
	// Where one twin stays out, so do the later ones.
	const leftOut = new Int32Array(field.market.candidates.length);
	const set = (index: number, state: number, change: number): void => {
		status[index] = state;
		const twins = field.twins[index] ?? 0;
		leftOut[twins] = (leftOut[twins] ?? 0) + change;
	};
	const fits = (candidate: Candidate, left: number): boolean =>
		candidate.operations <= left &&
		(leftOut[field.twins[candidate.index] ?? 0] ?? 0) === 0 &&
		candidate.path.hops.every((hop) => !taken.usedHops.has(hop.route.id));
	const walk = (from: number, left: number): boolean => {
		if (left === 0) return settle(field, { chosen: taken.chosen, task });
		let stopped = false;
		let index = from;
		for (; index < task.order.length && !stopped; index += 1) {
			if (!spend(task.budget) || task.hopeless(left)) break;
			const candidate = field.market.candidates[task.order[index] ?? -1];
			if (candidate === undefined) break;
			if (fits(candidate, left)) {
				take(candidate, status, taken);
				stopped = walk(index + 1, left - candidate.operations);
				giveBack(candidate, taken);
			}
			set(candidate.index, OUT, 1);
		}
		for (const undone of task.order.slice(from, index)) set(undone, OPEN, -1);
		return stopped;
	};
	const stopped = walk(0, task.operations);
	status.fill(OPEN);
	return stopped;
}

interface Taken {
	readonly chosen: Candidate[];
	readonly usedHops: Set<string>;
}

function take(candidate: Candidate, status: Uint8Array, { chosen, usedHops }: Taken): void {
	status[candidate.index] = IN;
	chosen.push(candidate);
	for (const hop of candidate.path.hops) usedHops.add(hop.route.id);
}

function giveBack(candidate: Candidate, { chosen, usedHops }: Taken): void {
	chosen.pop();
	for (const hop of candidate.path.hops) usedHops.delete(hop.route.id);
}

function settle(field: Field, { chosen, task }: { chosen: readonly Candidate[]; task: Exploration }): boolean {
	if (task.hopeless(0)) return false;
	const inOrder = [...chosen].sort((a, b) => a.index - b.index);
	const key = inOrder.map(({ index }) => index).join();
	const division = field.divisions.get(key) ?? new Division(inOrder, field.market);
	field.divisions.set(key, division);
	if (division.least === null || !task.matters(division.least)) return false;
	const { split, exact } = division.solve(task.budget);
	if (!exact) task.budget.exact = false;
	return split !== null && task.found(inOrder, split, division);
}
