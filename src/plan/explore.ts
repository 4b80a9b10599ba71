/**
 * Depth first over the sets of candidates with an exact number of operations: each candidate in, then out. No route is
 * used twice, alone or as a hop.
 */
import { type Bounds, boundsOf, IN, OPEN, OUT } from './bound.ts';
import type { Candidate, Market } from './candidate.ts';
import { type SplitResult, splitNeed } from './split.ts';

/** Counts down the choices that may still be looked at, and remembers whether any search was cut short. */
export interface Budget {
	left: number;
	exact: boolean;
}

/** A market with what one search after the other learns about it. */
export interface Field {
	readonly market: Market;
	readonly bounds: Bounds;
	/** Candidate indices, cheapest as a whole first. */
	readonly cheapestFirst: readonly number[];
	/** Candidate indices by route id. */
	readonly byId: readonly number[];
	readonly splits: Map<string, SplitResult>;
}

export interface Exploration {
	readonly operations: number;
	readonly order: readonly number[];
	readonly budget: Budget;
	/** Whether nothing below this point can matter, given the operations left. */
	hopeless(operationsLeft: number): boolean;
	/** Called with each set that has the operations and can cover the need; true ends the search. */
	found(chosen: readonly Candidate[], split: SplitResult): boolean;
}

export function fieldOf(market: Market): Field {
	const byId = market.candidates.map((_, index) => index);
	const whole = market.candidates.map(({ estimate }) => estimate.rate + estimate.fixedCost / Math.min(estimate.high, market.needTokens));
	return {
		market,
		bounds: boundsOf(market),
		cheapestFirst: [...byId].sort((a, b) => (whole[a] ?? 0) - (whole[b] ?? 0) || a - b),
		byId,
		splits: new Map(),
	};
}

/** Walks until everything has been seen or ruled out, `found` says stop (then true), or the budget ends. */
export function explore(field: Field, task: Exploration): boolean {
	const { status } = field.bounds;
	const chosen: Candidate[] = [];
	const usedHops = new Set<string>();
	const walk = (from: number, left: number): boolean => {
		if (left === 0) return settle(field, { chosen, task });
		let stopped = false;
		let index = from;
		for (; index < task.order.length && !stopped; index += 1) {
			if (!spend(task.budget) || task.hopeless(left)) break;
			const candidate = field.market.candidates[task.order[index] ?? -1];
			if (candidate === undefined) break;
			if (candidate.operations <= left && candidate.path.hops.every((hop) => !usedHops.has(hop.route.id))) {
				take(candidate, status, { chosen, usedHops });
				stopped = walk(index + 1, left - candidate.operations);
				giveBack(candidate, { chosen, usedHops });
			}
			status[candidate.index] = OUT;
		}
		for (let undo = from; undo < index; undo += 1) status[task.order[undo] ?? 0] = OPEN;
		return stopped;
	};
	field.bounds.aim(task.operations);
	const stopped = walk(0, task.operations);
	status.fill(OPEN);
	return stopped;
}

interface Taken {
	readonly chosen: Candidate[];
	readonly usedHops: Set<string>;
}

function take(candidate: Candidate, status: Int8Array, { chosen, usedHops }: Taken): void {
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
	let result = field.splits.get(key);
	if (result === undefined) {
		result = splitNeed(inOrder, field.market);
		field.splits.set(key, result);
	}
	if (!result.exact) task.budget.exact = false;
	return result.split !== null && task.found(inOrder, result);
}

function spend(budget: Budget): boolean {
	if (budget.left <= 0) {
		budget.exact = false;
		return false;
	}
	budget.left -= 1;
	return true;
}
