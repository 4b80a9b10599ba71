/**
 * How much each of a given set of candidates sends: the cheapest, then least-sending, then smallest sends that bring what
 * is needed. Filling up the cheapest first is nearly always proven best by the relaxed bound; where whole units, steps or
 * gaps leave a doubt, a bounded exact search decides.
 */

import { powerOfTen } from '../money/units.ts';
import type { Candidate, Market } from './candidate.ts';
import { ceilDivide, greatestCommonDivisor } from './exact.ts';
import { arrivalOf, pathSendFrom, pathSendUpTo, RELAXED_BITS, smallestPathSend } from './path.ts';
import { type Range, type Relaxed, relax, relaxedMost, roomsOf } from './relaxed.ts';
import { toleranceOf } from './tolerance.ts';

export interface Split {
	/** Parallel to the chosen candidates, in base units of each origin. */
	readonly sends: readonly bigint[];
	/** Money units of the market; `cost` includes gas. */
	readonly cost: bigint;
	readonly sent: bigint;
	/** False when the bounded search ended before it had proven the split best. */
	readonly exact: boolean;
}

/** `split` is null when the set cannot bring what is needed; that is certain only if `exact`. */
export interface SplitResult {
	readonly split: Split | null;
	readonly exact: boolean;
}

/** Sends tried per set. Reached only by sets whose steps or shared origins leave a wide doubt. */
const MAX_TRIALS = 3_000;

interface Trial {
	readonly market: Market;
	/** In the order of filling. */
	readonly chosen: readonly Candidate[];
	/** Places among the chosen in the order of deciding: the coarsest first, because the finer ones can make up for it. */
	readonly order: readonly number[];
	/** By depth: what those not decided by then send together is a multiple of it, in money units. */
	readonly grains: readonly bigint[];
	/** By place among the chosen. */
	readonly decided: (bigint | null)[];
	depth: number;
	readonly gas: bigint;
	readonly tolerance: bigint;
	best: { readonly sends: readonly bigint[]; readonly cost: bigint; readonly sent: bigint } | null;
	left: number;
}

/** Finds the best split. `chosen` are candidates of the market, in id order. */
export function splitNeed(chosen: readonly Candidate[], market: Market): SplitResult {
	const order = [...chosen].sort((a, b) => a.fillRank - b.fillRank);
	const ranges = order.map((candidate) => ({ candidate, low: candidate.low, high: candidate.high }));
	if (roomsOf(ranges, market).some((room) => room < 0n)) return { split: null, exact: true };
	const trial = trialOf(order, market);
	const bound = relax(ranges, market, trial.grains[0] ?? 1n);
	if (!bound.covers) return { split: null, exact: true };
	const filled = fillCheapestFirst(ranges, market);
	if (filled !== null) record(trial, filled);
	if (trial.best === null || !isProven(trial, bound)) decide(trial);
	const exact = trial.left > 0;
	if (trial.best === null) return { split: null, exact };
	const sends = chosen.map((candidate) => trial.best?.sends[order.indexOf(candidate)] ?? 0n);
	return { split: { sends, cost: trial.best.cost, sent: trial.best.sent, exact }, exact };
}

function trialOf(chosen: readonly Candidate[], market: Market): Trial {
	const all = chosen.map(({ path, sendWeight }) => path.hops[0].lattice * sendWeight);
	const coarsest = chosen.map(({ path }) =>
		path.hops
			.map(({ lattice, originDecimals }) => (lattice * market.moneyScale) / powerOfTen(originDecimals))
			.reduce((most, each) => (each > most ? each : most)),
	);
	const order = chosen.map((_, place) => place).sort((a, b) => compare(coarsest[b] ?? 0n, coarsest[a] ?? 0n) || a - b);
	const grains = order.map((_, depth) => order.slice(depth).reduce((common, place) => greatestCommonDivisor(common, all[place] ?? 1n), 0n));
	return {
		market,
		chosen,
		order,
		grains,
		decided: chosen.map(() => null),
		depth: 0,
		gas: chosen.reduce((sum, candidate) => sum + candidate.gas, 0n),
		tolerance: toleranceOf(
			chosen.reduce((sum, candidate) => sum + candidate.operations, 0),
			market.moneyScale,
		),
		best: null,
		left: MAX_TRIALS,
	};
}

function compare(a: bigint, b: bigint): number {
	return a === b ? 0 : a < b ? -1 : 1;
}

/** What these candidates bring when the cheapest are filled up first, and what they cannot exceed; zero if they cannot all be used. */
export function roughMost(chosen: readonly Candidate[], market: Market): { filled: bigint; ceiling: bigint } {
	const order = [...chosen].sort((a, b) => a.fillRank - b.fillRank);
	const ranges = order.map((candidate) => ({ candidate, low: candidate.low, high: candidate.high }));
	if (roomsOf(ranges, market).some((room) => room < 0n)) return { filled: 0n, ceiling: 0n };
	const ceiling = relaxedMost(ranges, market);
	const { sends } = fillUp(ranges, { ...market, need: { ...market.need, units: ceiling } });
	return { filled: order.reduce((sum, candidate, index) => sum + arrivalOf(candidate.path, sends[index] ?? 0n), 0n), ceiling };
}

/** The most that these candidates bring together, at most `ceiling`: not proven where the ceiling that is returned is higher. */
export function mostOver(chosen: readonly Candidate[], market: Market, ceiling: bigint): { units: bigint; ceiling: bigint } {
	let units = roughMost(chosen, market).filled;
	let highest = ceiling;
	// Whole units, steps and gaps may hide a better division of a shared origin: ask for more as long as the bound allows it.
	let possible = ceiling;
	let stride = 1n;
	while (units < possible) {
		const asked = units + stride < possible ? units + stride : possible;
		const { split, exact } = splitNeed(chosen, { ...market, need: { ...market.need, units: asked } });
		if (split !== null) units = asked;
		else possible = asked - 1n;
		if (split === null && exact) highest = possible;
		stride = split === null ? (stride + 1n) / 2n : stride * 2n;
	}
	return { units, ceiling: highest };
}

/** Everyone sends the least, then the cheapest are filled up until the need is covered; null when it is not. */
function fillCheapestFirst(ranges: readonly Range[], market: Market): bigint[] | null {
	const { sends, missing } = fillUp(ranges, market);
	return missing <= 0n ? sends : null;
}

function fillUp(ranges: readonly Range[], market: Market): { sends: bigint[]; missing: bigint } {
	const rooms = roomsOf(ranges, market);
	const sends = ranges.map(({ low }) => low);
	let missing = market.need.units - ranges.reduce((sum, { candidate }) => sum + candidate.lowArrival, 0n);
	for (const [index, { candidate, low, high }] of ranges.entries()) {
		if (missing <= 0n) break;
		const room = rooms[candidate.group] ?? 0n;
		const top = high - low < room ? high : low + room;
		const enough = smallestPathSend(candidate.path, candidate.lowArrival + missing);
		const send = enough !== null && enough <= top ? enough : pathSendUpTo(candidate.path, top);
		if (send === null || send <= low) continue;
		sends[index] = send;
		rooms[candidate.group] = room - (send - low);
		missing -= arrivalOf(candidate.path, send) - candidate.lowArrival;
	}
	return { sends, missing };
}

/** Whether no other split of these candidates is better, by more than what counts as equal. */
function isProven(trial: Trial, bound: Relaxed): boolean {
	if (trial.best === null) return false;
	const cost = wholeMoney(bound.cost) + trial.gas;
	return trial.best.cost - cost <= trial.tolerance && trial.best.sent - wholeMoney(bound.sent) <= trial.tolerance;
}

/** Decides one candidate after the other, each from what the relaxed split gives it upwards, then downwards. */
function decide(trial: Trial): void {
	const place = trial.order[trial.depth];
	const candidate = trial.chosen[place ?? -1];
	if (place === undefined || candidate === undefined) {
		record(
			trial,
			trial.decided.map((send) => send ?? 0n),
		);
		return;
	}
	const span = spanOf(trial, place, candidate);
	if (span === null) return;
	const { start, top } = span;
	for (let send: bigint | null = start; send !== null && send <= top; send = nextUseful(candidate, send)) {
		if (attempt(trial, place, send) !== 'promising') break;
	}
	// Just below the start whole units hide up to one unit per candidate, so the bound may still fall for that many steps.
	let doubts = trial.chosen.length + 1;
	for (let send = previousUseful(candidate, start); send !== null && doubts > 0; send = previousUseful(candidate, send)) {
		const outcome = attempt(trial, place, send);
		if (outcome === 'short') break;
		if (outcome === 'worse') doubts -= 1;
	}
}

/** Goes on with this send. `short`: it brings too little, as any smaller one would; `worse`: what is known is as good. */
function attempt(trial: Trial, place: number, send: bigint): 'promising' | 'short' | 'worse' {
	if (trial.left <= 0) return 'short';
	trial.left -= 1;
	trial.decided[place] = send;
	trial.depth += 1;
	const bound = relax(rangesOf(trial), trial.market, trial.grains[trial.depth] ?? 1n);
	const promising = bound.covers && couldImprove(trial, bound);
	if (promising) decide(trial);
	trial.depth -= 1;
	trial.decided[place] = null;
	if (promising) return 'promising';
	return bound.covers ? 'worse' : 'short';
}

function couldImprove({ best, gas, tolerance }: Trial, bound: Relaxed): boolean {
	if (best === null) return true;
	const cost = wholeMoney(bound.cost) + gas;
	if (tolerance > 0n) return cost < best.cost - tolerance || (cost <= best.cost && wholeMoney(bound.sent) < best.sent - tolerance);
	return cost < best.cost || (cost === best.cost && wholeMoney(bound.sent) <= best.sent);
}

/** What the next candidate may send beside those decided, and from where to look: null when it may send nothing. */
function spanOf(trial: Trial, place: number, candidate: Candidate): { start: bigint; top: bigint } | null {
	const ranges = rangesOf(trial);
	const room = candidate.low + (roomsOf(ranges, trial.market)[candidate.group] ?? 0n);
	const limit = pathSendUpTo(candidate.path, room < candidate.high ? room : candidate.high);
	if (limit === null || limit < candidate.low) return null;
	const top = smallestPathSend(candidate.path, arrivalOf(candidate.path, limit)) ?? limit;
	const relaxed = relax(ranges, trial.market, trial.grains[trial.depth] ?? 1n).sends[place] ?? candidate.low;
	const legal = pathSendFrom(candidate.path, relaxed);
	const wanted = legal === null ? null : smallestPathSend(candidate.path, arrivalOf(candidate.path, legal));
	if (wanted === null || wanted > top) return { start: top, top };
	return { start: wanted > candidate.low ? wanted : candidate.low, top };
}

function rangesOf(trial: Trial): readonly Range[] {
	return trial.chosen.map((candidate, place) => {
		const send = trial.decided[place] ?? null;
		return send === null ? { candidate, low: candidate.low, high: candidate.high } : { candidate, low: send, high: send };
	});
}

/** Only sends that bring more than every smaller one are worth a look: the others cost and send more for the same. */
function nextUseful(candidate: Candidate, send: bigint): bigint | null {
	return smallestPathSend(candidate.path, arrivalOf(candidate.path, send) + 1n);
}

function previousUseful(candidate: Candidate, send: bigint): bigint | null {
	const below = pathSendUpTo(candidate.path, send - 1n);
	if (below === null || below < candidate.low) return null;
	return smallestPathSend(candidate.path, arrivalOf(candidate.path, below));
}

/** Keeps the sends (in order of filling) if they cover and are better than what is known. */
function record(trial: Trial, sends: readonly bigint[]): void {
	const arrivals = trial.chosen.map((candidate, index) => arrivalOf(candidate.path, sends[index] ?? 0n));
	if (arrivals.reduce((sum, arrival) => sum + arrival, 0n) < trial.market.need.units) return;
	const sent = trial.chosen.reduce((sum, candidate, index) => sum + (sends[index] ?? 0n) * candidate.sendWeight, 0n);
	const cost = trial.chosen.reduce((sum, candidate, index) => sum - (arrivals[index] ?? 0n) * candidate.arriveWeight, sent + trial.gas);
	const found = { sends, cost, sent };
	if (trial.best === null || isBetter(found, trial.best, trial.chosen)) trial.best = found;
}

type Known = NonNullable<Trial['best']>;

function isBetter(a: Known, b: Known, chosen: readonly Candidate[]): boolean {
	if (a.cost !== b.cost) return a.cost < b.cost;
	if (a.sent !== b.sent) return a.sent < b.sent;
	const byId = chosen.map((candidate, index) => ({ id: candidate.index, index })).sort((one, other) => one.id - other.id);
	for (const { index } of byId) {
		const [one, other] = [a.sends[index] ?? 0n, b.sends[index] ?? 0n];
		if (one !== other) return one < other;
	}
	return false;
}

function wholeMoney(relaxed: bigint): bigint {
	return ceilDivide(relaxed, 1n << RELAXED_BITS);
}
