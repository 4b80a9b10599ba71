/**
 * Bounds on what a partly chosen set of candidates can still become. Floats propose here: every bound leans toward "could
 * be better" by more than a float can err, so it may keep a branch alive for nothing, but never cuts one off wrongly.
 */
import { powerOfTen } from '../money/units.ts';
import type { Candidate, Estimate, Market } from './candidate.ts';

/** A candidate is open, in or out. */
export const OPEN = 0;
export const IN = 1;
export const OUT = 2;

export interface Bounds {
	readonly status: Int8Array;
	/** The most tokens that can arrive with this many operations more; at least, up to float error, the truth. */
	reach(operationsLeft: number): number;
	/** The least total cost, and the least total sent, in tokens, of covering the need with exactly this many operations more. */
	cost(operationsLeft: number): number;
	sent(operationsLeft: number): number;
	/** The least cost with any number of operations more. */
	costAtAll(): number;
	/** Sharpens `cost` and `sent` for a search that starts with this many operations. */
	aim(operations: number): void;
}

/** Relative room for float errors. */
const SLACK = 1e-12;
/** Money this coarse (in tokens) is worth rounding a bound up to. */
const COARSE_SCALE = Number(powerOfTen(7));

interface Entry {
	readonly index: number;
	/** `true`: what a chosen candidate sends beyond its least; `false`: an open candidate as a whole. */
	readonly chosen: boolean;
	readonly weight: number;
}

/** Open candidates bear their fixed part, and a price per operation, in proportion; the price of all operations is refunded. */
interface Spread {
	readonly price: number;
	readonly entries: readonly Entry[];
}

interface Objective {
	readonly fixed: readonly number[];
	/** No price: valid for any number of operations. */
	readonly free: Spread;
	/** The price that makes the bound sharpest where few operations must bring much. */
	priced: Spread;
	/** Open candidates bear no fixed part. */
	readonly plain: readonly Entry[];
	/** Indices by fixed part per operation. */
	readonly pieces: readonly number[];
}

export function boundsOf(market: Market): Bounds {
	const { candidates, groupReach, needTokens } = market;
	const status = new Int8Array(candidates.length);
	const scale = Number(market.moneyScale);
	const cost = objectiveOf(candidates, (estimate) => estimate.fixedCost);
	const fees = objectiveOf(candidates, (estimate) => estimate.fixedFees);
	let aimed = 0;
	const byDensity = candidates.map((_, index) => index).sort((a, b) => density(candidates[b]) - density(candidates[a]));
	const rooms = new Float64Array(groupReach.length);
	const view = { candidates, status, rooms, groupReach: groupReach.map((tokens) => tokens * (1 + SLACK)), need: needTokens * (1 - SLACK) };
	const round = (value: number): number => {
		const careful = value - Math.abs(value) * SLACK;
		return scale < COARSE_SCALE ? Math.ceil(careful * scale - 1e-6) / scale : careful;
	};
	const lower = (objective: Objective, left: number): number => {
		if (left < 0) return Number.POSITIVE_INFINITY;
		const { entries, price } = objective.priced;
		const spread = fill(view, objective, { entries, left }) - price * left;
		const pieces = fill(view, objective, { entries: objective.plain, left }) + cheapestPieces(view, objective, left);
		return Math.max(spread, pieces);
	};
	return {
		status,
		reach: (left) => reach(view, byDensity, left),
		cost: (left) => round(lower(cost, left)),
		sent: (left) => round(needTokens + lower(fees, left)),
		costAtAll: () => round(fill(view, cost, { entries: cost.free.entries, left: Number.POSITIVE_INFINITY })),
		aim: (operations) => {
			if (aimed === operations) return;
			aimed = operations;
			for (const objective of [cost, fees]) objective.priced = sharpest(view, objective, operations);
		},
	};
}

interface View {
	readonly candidates: readonly Candidate[];
	readonly status: Int8Array;
	readonly rooms: Float64Array;
	readonly groupReach: readonly number[];
	readonly need: number;
}

function density(candidate: Candidate | undefined): number {
	return candidate === undefined ? 0 : candidate.estimate.high / candidate.operations;
}

function objectiveOf(candidates: readonly Candidate[], fixedOf: (estimate: Estimate) => number): Objective {
	const fixed = candidates.map(({ estimate }) => fixedOf(estimate));
	const perOperation = (index: number): number => (fixed[index] ?? 0) / (candidates[index]?.operations ?? 1);
	const free = spreadAt(candidates, fixed, 0);
	return {
		fixed,
		free,
		priced: free,
		plain: entriesOf(candidates, ({ estimate }) => estimate.rate),
		pieces: candidates.map((_, index) => index).sort((a, b) => perOperation(a) - perOperation(b)),
	};
}

function spreadAt(candidates: readonly Candidate[], fixed: readonly number[], price: number): Spread {
	const weight = ({ estimate, operations }: Candidate, index: number): number =>
		estimate.rate + ((fixed[index] ?? 0) + price * operations) / estimate.high;
	return { price, entries: entriesOf(candidates, weight) };
}

function entriesOf(candidates: readonly Candidate[], open: (candidate: Candidate, index: number) => number): Entry[] {
	return candidates
		.flatMap((candidate, index) => [
			{ index, chosen: true, weight: candidate.estimate.rate },
			{ index, chosen: false, weight: open(candidate, index) },
		])
		.sort((a, b) => a.weight - b.weight);
}

/** Any price gives a valid bound; the best of a few steps up and down from the usual fixed part is good enough. */
function sharpest(view: View, objective: Objective, operations: number): Spread {
	let best = objective.free;
	let bestBound = fill(view, objective, { entries: best.entries, left: operations });
	const mean = objective.fixed.reduce((sum, each) => sum + each, 0) / Math.max(1, objective.fixed.length);
	const usual = mean > 0 ? mean : view.need / 1_048_576;
	let factor = 1 / 16;
	for (let tries = 0; tries < 14; tries += 1) {
		const spread = spreadAt(view.candidates, objective.fixed, usual * factor);
		const bound = fill(view, objective, { entries: spread.entries, left: operations }) - spread.price * operations;
		if (bound > bestBound) [best, bestBound] = [spread, bound];
		factor *= 2;
	}
	return best;
}

/** Starts from what the chosen ones must do anyway, then covers what is missing at the lowest weights. */
function fill(view: View, objective: Objective, { entries, left }: { entries: readonly Entry[]; left: number }): number {
	const { candidates, status, rooms } = view;
	let missing = view.need;
	let total = 0;
	rooms.set(view.groupReach);
	for (let index = 0; index < candidates.length; index += 1) {
		const candidate = candidates[index];
		if (candidate === undefined || status[index] !== IN) continue;
		total += (objective.fixed[index] ?? 0) + candidate.estimate.rate * candidate.estimate.low;
		missing -= candidate.estimate.low;
		rooms[candidate.group] = (rooms[candidate.group] ?? 0) - candidate.estimate.low;
	}
	for (const { index, chosen, weight } of entries) {
		if (missing <= 0) break;
		const candidate = candidates[index];
		if (candidate === undefined || !isUsable(candidate, { chosen, status: status[index] ?? OUT, left })) continue;
		const room = rooms[candidate.group] ?? 0;
		const wanted = chosen ? candidate.estimate.high - candidate.estimate.low : candidate.estimate.high;
		const taken = Math.min(wanted, room, missing);
		if (taken <= 0) continue;
		total += taken * weight;
		missing -= taken;
		rooms[candidate.group] = room - taken;
	}
	return missing > view.need * SLACK * 8 ? Number.POSITIVE_INFINITY : total;
}

function isUsable(candidate: Candidate, { chosen, status, left }: { chosen: boolean; status: number; left: number }): boolean {
	return chosen ? status === IN : status === OPEN && candidate.operations <= left;
}

/** The least fixed part of exactly `left` operations more. */
function cheapestPieces({ candidates, status }: View, objective: Objective, left: number): number {
	let open = left;
	let total = 0;
	for (const index of objective.pieces) {
		if (open <= 0) break;
		const operations = candidates[index]?.operations ?? 1;
		if (status[index] !== OPEN || operations > left) continue;
		const taken = Math.min(open, operations);
		total += ((objective.fixed[index] ?? 0) * taken) / operations;
		open -= taken;
	}
	return open > 0 ? Number.POSITIVE_INFINITY : total;
}

function reach(view: View, byDensity: readonly number[], operationsLeft: number): number {
	const { candidates, status, rooms, groupReach } = view;
	let left = operationsLeft;
	let total = 0;
	rooms.set(groupReach);
	for (let index = 0; index < candidates.length; index += 1) {
		const candidate = candidates[index];
		if (candidate === undefined || status[index] !== IN) continue;
		const { estimate, group } = candidate;
		const taken = Math.min(estimate.high, rooms[group] ?? 0);
		total += taken;
		rooms[group] = (rooms[group] ?? 0) - taken;
	}
	for (const index of byDensity) {
		if (left <= 0) break;
		const candidate = candidates[index];
		if (candidate === undefined) continue;
		const { estimate, group, operations } = candidate;
		if (status[index] !== OPEN || operations > operationsLeft) continue;
		const whole = Math.min(estimate.high, rooms[group] ?? 0);
		const share = Math.min(1, (left * estimate.high) / (operations * whole || 1));
		const taken = whole * share;
		total += taken;
		left -= (operations * taken) / estimate.high;
		rooms[group] = (rooms[group] ?? 0) - taken;
	}
	return total * (1 + SLACK);
}
