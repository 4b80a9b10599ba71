/**
 * The best way to cover one need at one of several destinations, by the goals: fewest operations, lowest cost, least
 * sent, then ties. Costs and sums that count as equal are kept together until the ties decide between them.
 */

import { toleranceOf } from '../tolerance.ts';
import { aboveOf, Best, FLOAT_ROOM } from './best-known.ts';
import type { Budget } from './budget.ts';
import type { Candidate } from './candidate.ts';
import { ratio } from './candidate.ts';
import { type Exploration, explore, type Field, narrow } from './explore.ts';
import { isSurelyEnough, mostArriving } from './most.ts';
import type { Split } from './split.ts';

export interface Choice {
	readonly field: Field;
	/** By route id, parallel to the split's sends. */
	readonly chosen: readonly Candidate[];
	readonly split: Split;
}

interface Wish {
	/** By destination, in the order of ties; all with the same money scale. */
	readonly fields: readonly Field[];
	readonly moneyScale: bigint;
	/** In money units; null when any cost will do. */
	readonly maxCost: bigint | null;
	/** Any way at all instead of the best. */
	readonly anyWill: boolean;
	readonly budget: Budget;
}

/** The best choice, or null when nothing covers the need (certain only while the budget stays exact). */
export function bestChoice(wish: Wish): Choice | null {
	const possible = wish.fields.filter((field) => {
		const { bounds, market } = field;
		const reachable = bounds.reach(operationsIn(field));
		if (reachable < market.needTokens || tooDear(wish, (enough) => bounds.costAtAll(enough))) return false;
		if (isSurelyEnough(market)) return true;
		// Near the edge an exact look is cheaper than a search that proves number by number that nothing covers.
		const share = Math.ceil(wish.budget.left / 2);
		const budget: Budget = { left: share, exact: true };
		const most = mostArriving(market, budget);
		wish.budget.left -= share - budget.left;
		return most >= market.need.units || !budget.exact;
	});
	const choice = climb(wish, possible);
	if (choice !== null || wish.budget.exact) return choice;
	// Not proven, so any plan is better than none: with more operations than the fewest, one is quickly found.
	const fallback: Wish = { ...wish, budget: { left: FALLBACK_NODES, exact: false } };
	return climb(fallback, possible);
}

/** Nodes for finding some plan after the budget for finding the best one has ended. */
const FALLBACK_NODES = 20_000;

/** Tries one number of operations after the other. */
function climb(wish: Wish, possible: readonly Field[]): Choice | null {
	const most = Math.max(0, ...possible.map(operationsIn));
	for (let operations = fewestOf(possible, most); operations <= most; operations += 1) {
		const able = possible.flatMap((field) => prospectOf(field, operations, wish) ?? []);
		if (able.length === 0) continue;
		const choice = bestWith(operations, wish, able);
		if (choice !== null) return choice;
	}
	return null;
}

/** With fewer operations the need is out of reach everywhere. */
function fewestOf(fields: readonly Field[], most: number): number {
	for (const { bounds, byId } of fields) bounds.open(byId);
	let [low, high] = [1, most];
	while (low < high) {
		const middle = Math.floor((low + high) / 2);
		if (fields.every((field) => cannotReach(field, middle))) low = middle + 1;
		else high = middle;
	}
	return low;
}

/** A field with the candidates that may be part of a choice with so many operations. */
interface Prospect {
	readonly field: Field;
	readonly live: readonly number[];
	/** No choice here costs less, in tokens. */
	readonly leastCost: number;
}

function prospectOf(field: Field, operations: number, wish: Wish): Prospect | null {
	const { bounds, byId } = field;
	bounds.open(byId);
	if (cannotReach(field, operations)) return null;
	const live = reaching(field, operations);
	const leastCost = bounds.aim(operations, live);
	return leastCost === Number.POSITIVE_INFINITY || tooDear(wish, () => leastCost) ? null : { field, live, leastCost };
}

/** Those that bring what all others cannot. */
function reaching({ bounds, market, byId }: Field, operations: number): readonly number[] {
	const reach = new Map<number, number>();
	return byId.filter((index) => {
		const candidate = market.candidates[index];
		if (candidate === undefined || candidate.operations > operations) return false;
		const others = reach.get(candidate.operations) ?? bounds.reach(operations - candidate.operations);
		reach.set(candidate.operations, others);
		return others + candidate.estimate.high * (1 + FLOAT_ROOM) >= market.needTokens;
	});
}

/** With exactly so many operations: first the lowest cost, then the least sent among its equals, then the ties. */
function bestWith(operations: number, wish: Wish, prospects: readonly Prospect[]): Choice | null {
	// A quarter of what is left, so that a hopeless number of operations does not keep a larger one from being tried.
	const share: Budget = { left: Math.ceil(wish.budget.left / 4), exact: true };
	const before = share.left;
	const search = { operations, wish: { ...wish, budget: share }, tolerance: toleranceOf(operations, wish.moneyScale) };
	const cheapest = leastCost(search, prospects);
	let choice = cheapest?.choice ?? null;
	if (cheapest !== null && !wish.anyWill) {
		const equals = withinCost(search, prospects, cheapest.limit);
		const leanest = leastSent(search, equals, cheapest);
		choice = firstInOrder(search, equals, { maxCost: cheapest.limit, maxSent: leanest.limit }) ?? leanest.choice;
	}
	wish.budget.left -= before - share.left;
	if (!share.exact) wish.budget.exact = false;
	return choice;
}

interface Search {
	readonly operations: number;
	readonly wish: Wish;
	readonly tolerance: bigint;
}

/** A choice, and the largest money that still counts as equal to the optimum. */
interface Optimum {
	readonly choice: Choice;
	readonly limit: bigint;
}

function leastCost({ operations, wish, tolerance }: Search, prospects: readonly Prospect[]): Optimum | null {
	const state = new Best<Choice>(wish.moneyScale, tolerance);
	for (const { field, live, leastCost } of [...prospects].sort((a, b) => a.leastCost - b.leastCost)) {
		if (state.rulesOut(leastCost)) continue;
		field.bounds.aim(operations, live);
		const stopped = explore(field, {
			operations,
			order: promisingFirst(field, live),
			budget: wish.budget,
			hopeless: (left) =>
				cannotReach(field, left) ||
				tooDear(wish, (enough) => field.bounds.cost(left, enough)) ||
				(state.known !== null && state.rulesOut(field.bounds.cost(left, state.enough))),
			matters: ({ cost }) => (wish.maxCost === null || cost <= wish.maxCost) && !state.rulesOut(ratio(cost, wish.moneyScale)),
			found: (chosen, split) => {
				if (wish.maxCost !== null && split.cost > wish.maxCost) return false;
				state.offer({ field, chosen, split }, split.cost);
				return wish.anyWill;
			},
		});
		if (stopped) break;
	}
	if (state.known === null) return null;
	const limit = state.limit();
	return { choice: state.known, limit: wish.maxCost !== null && limit > wish.maxCost ? wish.maxCost : limit };
}

/** What remains to be looked at when the cost has a limit. */
function withinCost({ operations, wish }: Search, prospects: readonly Prospect[], limit: bigint): readonly Prospect[] {
	const dearest = ratio(limit, wish.moneyScale);
	return prospects
		.filter(({ leastCost }) => !exceeds(leastCost, dearest))
		.map((prospect) => {
			const { field, live } = prospect;
			field.bounds.aim(operations, live);
			const hopeless = (left: number): boolean => cannotReach(field, left) || exceeds(field.bounds.cost(left, aboveOf(dearest)), dearest);
			return { ...prospect, live: narrow(field, live, { operations, hopeless }) };
		});
}

function leastSent({ operations, wish, tolerance }: Search, prospects: readonly Prospect[], cheapest: Optimum): Optimum {
	const state = new Best<Choice>(wish.moneyScale, tolerance);
	state.offer(cheapest.choice, cheapest.choice.split.sent);
	const dearest = ratio(cheapest.limit, wish.moneyScale);
	for (const { field, live } of prospects) {
		field.bounds.aim(operations, live);
		explore(field, {
			operations,
			order: promisingFirst(field, live),
			budget: wish.budget,
			hopeless: (left) =>
				cannotReach(field, left) ||
				exceeds(field.bounds.cost(left, aboveOf(dearest)), dearest) ||
				state.rulesOut(field.bounds.sent(left, state.enough)),
			matters: ({ cost, sent }) => cost <= cheapest.limit && !state.rulesOut(ratio(sent, wish.moneyScale)),
			found: (chosen, split) => {
				if (split.cost <= cheapest.limit) state.offer({ field, chosen, split }, split.sent);
				return false;
			},
		});
	}
	return { choice: state.known ?? cheapest.choice, limit: state.limit() };
}

/** The first within both limits in the order of ties: destinations by code point, then lists of route ids. */
function firstInOrder(
	{ operations, wish }: Search,
	prospects: readonly Prospect[],
	limits: { maxCost: bigint; maxSent: bigint },
): Choice | null {
	const dearest = ratio(limits.maxCost, wish.moneyScale);
	const largest = ratio(limits.maxSent, wish.moneyScale);
	let first: Choice | null = null;
	for (const { field, live } of prospects) {
		field.bounds.aim(operations, live);
		const task: Exploration = {
			operations,
			order: live,
			budget: wish.budget,
			hopeless: (left) =>
				cannotReach(field, left) ||
				exceeds(field.bounds.cost(left, aboveOf(dearest)), dearest) ||
				exceeds(field.bounds.sent(left, aboveOf(largest)), largest),
			matters: ({ cost, sent }) => cost <= limits.maxCost && sent <= limits.maxSent,
			found: (chosen, split, division) => {
				if (split.cost > limits.maxCost || split.sent > limits.maxSent) return false;
				const smallest = division.smallest(wish.budget);
				if (!smallest.exact) wish.budget.exact = false;
				first = { field, chosen, split: smallest.split ?? split };
				return true;
			},
		};
		if (explore(field, task)) break;
	}
	return wish.budget.exact ? first : null;
}

function promisingFirst({ bounds, market }: Field, live: readonly number[]): readonly number[] {
	const promise = new Map(live.map((index) => [index, bounds.promise(index) / (market.candidates[index]?.operations ?? 1)]));
	return [...live].sort((a, b) => (promise.get(a) ?? 0) - (promise.get(b) ?? 0) || a - b);
}

function operationsIn(field: Field): number {
	return field.market.candidates.reduce((sum, candidate) => sum + candidate.operations, 0);
}

function cannotReach({ bounds, market }: Field, operationsLeft: number): boolean {
	return bounds.reach(operationsLeft) < market.needTokens;
}

function tooDear({ maxCost, moneyScale }: Wish, boundOf: (enough: number) => number): boolean {
	if (maxCost === null) return false;
	const dearest = ratio(maxCost, moneyScale);
	return exceeds(boundOf(aboveOf(dearest)), dearest);
}

function exceeds(bound: number, limit: number): boolean {
	return bound > limit + Math.abs(limit) * FLOAT_ROOM;
}
