/**
 * How much each of a given set of candidates sends: the cheapest, then least-sending, then smallest sends that bring what
 * is needed. Filling up the cheapest first is nearly always proven best by the relaxed bound; where whole units, steps or
 * gaps leave a doubt, a bounded exact search decides.
 */

import type { Candidate, Market } from './candidate.ts';
import { ceilDivide } from './exact.ts';
import { arrivalOf, pathSendUpTo, RELAXED_BITS, smallestPathSend } from './path.ts';
import { type Range, type Relaxed, relax, roomsOf } from './relaxed.ts';
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
	readonly decided: bigint[];
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
	const bound = relax(ranges, market);
	if (!bound.covers) return { split: null, exact: true };
	const operations = chosen.reduce((sum, candidate) => sum + candidate.operations, 0);
	const trial: Trial = {
		market,
		chosen: order,
		decided: [],
		gas: chosen.reduce((sum, candidate) => sum + candidate.gas, 0n),
		tolerance: toleranceOf(operations, market.moneyScale),
		best: null,
		left: MAX_TRIALS,
	};
	const filled = fillCheapestFirst(ranges, market);
	if (filled !== null) record(trial, filled);
	if (trial.best === null || !isProven(trial, bound)) decide(trial);
	const exact = trial.left > 0;
	if (trial.best === null) return { split: null, exact };
	const sends = chosen.map((candidate) => trial.best?.sends[order.indexOf(candidate)] ?? 0n);
	return { split: { sends, cost: trial.best.cost, sent: trial.best.sent, exact }, exact };
}

/** The most that these candidates bring together; `exact` is false when more could not be ruled out. Zero if they cannot all be used. */
export function mostOver(chosen: readonly Candidate[], market: Market): { units: bigint; exact: boolean } {
	const order = [...chosen].sort((a, b) => a.fillRank - b.fillRank);
	const ranges = order.map((candidate) => ({ candidate, low: candidate.low, high: candidate.high }));
	if (roomsOf(ranges, market).some((room) => room < 0n)) return { units: 0n, exact: true };
	const everything = { ...market, need: { ...market.need, units: chosen.reduce((sum, { highArrival }) => sum + highArrival, 0n) } };
	const sends = fillUp(ranges, everything).sends;
	let units = order.reduce((sum, candidate, index) => sum + arrivalOf(candidate.path, sends[index] ?? 0n), 0n);
	// Whole units, steps and gaps may hide a better division of a shared origin: ask for more as long as the bound allows it.
	let exact = true;
	let ceiling = everything.need.units;
	let stride = 1n;
	while (units < ceiling) {
		const asked = units + stride < ceiling ? units + stride : ceiling;
		const result = splitNeed(chosen, { ...market, need: { ...market.need, units: asked } });
		if (!result.exact && result.split === null) exact = false;
		if (result.split === null) ceiling = asked - 1n;
		else units = asked;
		stride = result.split === null ? (stride + 1n) / 2n : stride * 2n;
	}
	return { units, exact };
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

/** Decides the candidates in order of filling, each from about what is needed of it upwards, then downwards. */
function decide(trial: Trial): void {
	const index = trial.decided.length;
	const candidate = trial.chosen[index];
	if (candidate === undefined) {
		record(trial, [...trial.decided]);
		return;
	}
	const span = spanOf(trial, candidate);
	if (span === null) return;
	const { start, top } = span;
	for (let send: bigint | null = start; send !== null && send <= top; send = nextUseful(candidate, send)) {
		if (attempt(trial, send) !== 'promising') break;
	}
	// Just below the start whole units hide up to one unit per candidate, so the bound may still fall for that many steps.
	let doubts = trial.chosen.length + 1;
	for (let send = previousUseful(candidate, start); send !== null && doubts > 0; send = previousUseful(candidate, send)) {
		const outcome = attempt(trial, send);
		if (outcome === 'short') break;
		if (outcome === 'worse') doubts -= 1;
	}
}

/** Goes on with this send. `short`: it brings too little, as any smaller one would; `worse`: what is known is as good. */
function attempt(trial: Trial, send: bigint): 'promising' | 'short' | 'worse' {
	if (trial.left <= 0) return 'short';
	trial.left -= 1;
	trial.decided.push(send);
	const bound = relax(rangesOf(trial), trial.market);
	const promising = bound.covers && couldImprove(trial, bound);
	if (promising) decide(trial);
	trial.decided.pop();
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
function spanOf(trial: Trial, candidate: Candidate): { start: bigint; top: bigint } | null {
	const ranges = rangesOf(trial);
	const room = candidate.low + (roomsOf(ranges, trial.market)[candidate.group] ?? 0n);
	const limit = pathSendUpTo(candidate.path, room < candidate.high ? room : candidate.high);
	if (limit === null || limit < candidate.low) return null;
	const top = smallestPathSend(candidate.path, arrivalOf(candidate.path, limit)) ?? limit;
	const others = ranges.reduce(
		(sum, range) => (range.candidate === candidate ? sum : sum + arrivalOf(range.candidate.path, range.low)),
		0n,
	);
	const wanted = smallestPathSend(candidate.path, trial.market.need.units - others);
	if (wanted === null || wanted > top) return { start: top, top };
	return { start: wanted > candidate.low ? wanted : candidate.low, top };
}

function rangesOf(trial: Trial): readonly Range[] {
	return trial.chosen.map((candidate, index) => {
		const send = trial.decided[index];
		return send === undefined ? { candidate, low: candidate.low, high: candidate.high } : { candidate, low: send, high: send };
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
