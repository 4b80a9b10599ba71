/**
 * How much each of a given set of candidates sends: the cheapest, then least-sending, then smallest sends that bring what
 * is needed. Filling up the cheapest first is nearly always proven best by the relaxed bound; where whole units, steps or
 * gaps leave a doubt, a bounded exact search decides.
 */

import { powerOfTen } from '../money/units.ts';
import type { Candidate, Market } from './candidate.ts';
import { ceilDivide, greatestCommonDivisor } from './exact.ts';
import { fillUp } from './fill.ts';
import { arrivalOf, pathSendFrom, pathSendUpTo, RELAXED_BITS, smallestPathSend } from './path.ts';
import { type Range, type Relaxed, rangeOf, relax, roomsOf } from './relaxed.ts';
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
	/** By place among the chosen: what each may send, no more than one amount once it is decided. */
	readonly ranges: Range[];
	depth: number;
	readonly gas: bigint;
	readonly tolerance: bigint;
	best: { readonly sends: readonly bigint[]; readonly cost: bigint; readonly sent: bigint } | null;
	left: number;
}

/** How a set divides what is needed: the least that it takes is known at once, the best split once it is asked for. */
export class Division {
	/** Money units of the market: no split of the set costs or sends less. Null when the set cannot bring what is needed, which is certain. */
	readonly least: { readonly cost: bigint; readonly sent: bigint } | null = null;
	private readonly decided: () => SplitResult = () => IMPOSSIBLE;
	private result: SplitResult | null = null;

	/** `chosen` are candidates of the market, in id order. */
	constructor(chosen: readonly Candidate[], market: Market) {
		const order = [...chosen].sort((a, b) => a.fillRank - b.fillRank);
		const ranges = order.map((candidate) => rangeOf(candidate));
		if (roomsOf(ranges, market).some((room) => room < 0n)) return;
		const trial = trialOf(ranges, market);
		const bound = relax(ranges, market, trial.grains[0] ?? 1n);
		if (!bound.covers) return;
		this.least = { cost: wholeMoney(bound.cost) + trial.gas, sent: wholeMoney(bound.sent) };
		this.decided = () => decided(trial, bound, chosen);
	}

	/** The best split. */
	solve(): SplitResult {
		this.result ??= this.decided();
		return this.result;
	}
}

const IMPOSSIBLE: SplitResult = { split: null, exact: true };

function decided(trial: Trial, bound: Relaxed, chosen: readonly Candidate[]): SplitResult {
	const { sends: filled, missing } = fillUp(trial.ranges, trial.market);
	if (missing <= 0n) record(trial, filled);
	if (trial.best === null || !isProven(trial, bound)) decide(trial, bound);
	const exact = trial.left > 0;
	if (trial.best === null) return { split: null, exact };
	const { sends: found, cost, sent } = trial.best;
	const sends = chosen.map((candidate) => found[trial.chosen.indexOf(candidate)] ?? 0n);
	return { split: { sends, cost, sent, exact }, exact };
}

function trialOf(ranges: readonly Range[], market: Market): Trial {
	const chosen = ranges.map(({ candidate }) => candidate);
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
		ranges: [...ranges],
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

/** Whether no other split of these candidates is better, by more than what counts as equal. */
function isProven(trial: Trial, bound: Relaxed): boolean {
	if (trial.best === null) return false;
	const cost = wholeMoney(bound.cost) + trial.gas;
	return trial.best.cost - cost <= trial.tolerance && trial.best.sent - wholeMoney(bound.sent) <= trial.tolerance;
}

/** Decides one candidate after the other, each from what `bound`, the relaxed split, gives it upwards, then downwards. */
function decide(trial: Trial, bound: Relaxed): void {
	const place = trial.order[trial.depth];
	const candidate = trial.chosen[place ?? -1];
	if (place === undefined || candidate === undefined) {
		record(
			trial,
			trial.ranges.map(({ low }) => low),
		);
		return;
	}
	const span = spanOf(trial, place, bound);
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
	const before = trial.ranges[place];
	if (before === undefined) return 'short';
	trial.left -= 1;
	trial.ranges[place] = rangeOf(before.candidate, send, send);
	trial.depth += 1;
	const bound = relax(trial.ranges, trial.market, trial.grains[trial.depth] ?? 1n);
	const promising = bound.covers && couldImprove(trial, bound);
	if (promising) decide(trial, bound);
	trial.depth -= 1;
	trial.ranges[place] = before;
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
function spanOf({ ranges, market }: Trial, place: number, bound: Relaxed): { start: bigint; top: bigint } | null {
	const range = ranges[place];
	if (range === undefined) return null;
	const { candidate, low, high } = range;
	const room = low + (roomsOf(ranges, market)[candidate.group] ?? 0n);
	const limit = pathSendUpTo(candidate.path, room < high ? room : high);
	if (limit === null || limit < low) return null;
	const top = smallestPathSend(candidate.path, arrivalOf(candidate.path, limit)) ?? limit;
	const legal = pathSendFrom(candidate.path, bound.sends[place] ?? low);
	const wanted = legal === null ? null : smallestPathSend(candidate.path, arrivalOf(candidate.path, legal));
	if (wanted === null || wanted > top) return { start: top, top };
	return { start: wanted > low ? wanted : low, top };
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
