/**
 * The sends of one set of candidates, searched from their relaxed split: the cheapest are filled up first, which is nearly always proven best at
 * once. Where whole units, steps, floors or shared origins leave a doubt, the range of one candidate is cut, and each part is looked at.
 */

import { powerOfTen } from '../../money/units.ts';
import { ceilDivide, greatestCommonDivisor } from '../exact.ts';
import { toleranceOf } from '../tolerance.ts';
import { type Budget, spend } from './budget.ts';
import type { Candidate, Market } from './candidate.ts';
import { fillUp } from './fill.ts';
import { arrivalOf, type Path, pathSendUpTo, RELAXED_BITS, smallestPathSend } from './path.ts';
import { type Range, rangeOf } from './range.ts';
import { relax } from './relaxed.ts';

/** Money units of the market; `cost` includes gas. */
export interface Total {
	readonly cost: bigint;
	readonly sent: bigint;
}

/** `sends` in base units of each origin, in the order of filling. */
export interface Filled extends Total {
	readonly sends: readonly bigint[];
}

/** Looks per question. Reached only by sets whose steps, floors or shared origins leave a wide doubt. */
const MAX_LOOKS = 20_000;

export interface Trial {
	readonly market: Market;
	/** In the order of filling. */
	readonly chosen: readonly Candidate[];
	/** Places among the chosen, the coarsest first, because the finer ones can make up for it. */
	readonly order: readonly number[];
	/** By place: what each sends is a multiple of it, in money units. */
	readonly grains: readonly bigint[];
	readonly gas: bigint;
	readonly tolerance: bigint;
}

export function trialOf(chosen: readonly Candidate[], market: Market): Trial {
	const coarsest = chosen.map(({ path }) =>
		path.hops
			.map(({ lattice, originDecimals }) => (lattice * market.moneyScale) / powerOfTen(originDecimals))
			.reduce((most, each) => (each > most ? each : most)),
	);
	return {
		market,
		chosen,
		order: chosen.map((_, place) => place).sort((a, b) => compare(coarsest[b] ?? 0n, coarsest[a] ?? 0n) || a - b),
		grains: chosen.map(({ path, sendWeight }) => path.hops[0].lattice * sendWeight),
		gas: chosen.reduce((sum, candidate) => sum + candidate.gas, 0n),
		tolerance: toleranceOf(
			chosen.reduce((sum, candidate) => sum + candidate.operations, 0),
			market.moneyScale,
		),
	};
}

function compare(a: bigint, b: bigint): number {
	return a === b ? 0 : a < b ? -1 : 1;
}

/** What each of the chosen may send, in the order of filling, and what no such split can beat; `least` is null when none covers. */
export interface Region {
	readonly ranges: readonly Range[];
	readonly least: Total | null;
	/** What each sends in the split without whole units, and who has a part there that may not be a real one. */
	readonly relaxed: readonly bigint[];
	readonly between: number;
}

export function regionOf(trial: Trial, ranges: readonly Range[]): Region {
	const { market, grains } = trial;
	const open = ranges.reduce(
		(common, { low, high }, place) => (low < high ? greatestCommonDivisor(common, grains[place] ?? 1n) : common),
		0n,
	);
	const { covers, cost, sent, sends, between } = relax(ranges, market, open === 0n ? 1n : open);
	const least = covers ? { cost: wholeCost(trial, { ranges, open, cost }), sent: wholeMoney(sent) } : null;
	return { ranges, least, relaxed: sends, between };
}

/** What the decided ones cost is known, and what the open ones cost is a multiple of what divides all that they may send and bring. */
function wholeCost({ gas }: Trial, { ranges, open, cost }: { ranges: readonly Range[]; open: bigint; cost: bigint }): bigint {
	let decided = 0n;
	for (const { candidate, low, high, lowArrival } of ranges) {
		if (low === high) decided += low * candidate.sendWeight - (lowArrival >> RELAXED_BITS) * candidate.arriveWeight;
	}
	const grain = greatestCommonDivisor(open, ranges[0]?.candidate.arriveWeight ?? 1n);
	return decided + ceilDivide(wholeMoney(cost) - decided, grain) * grain + gas;
}

interface Aim {
	/** Each look is one choice of it. */
	readonly budget: Budget;
	/** Whether something that costs and sends at least this is wanted. */
	hopes(least: Total): boolean;
	/** Called with splits that cover; the last of any hope among them. */
	found(filled: Filled): void;
}

/** Fills up the cheapest; where that leaves a hope, one range is cut, and so on. False when it ended before all hope had. */
export function search(trial: Trial, region: Region, { budget, hopes, found }: Aim): boolean {
	// No recursion: where steps are many and fine, it can go down for thousands of cuts.
	const waiting = [region];
	for (let left = MAX_LOOKS; waiting.length > 0; ) {
		const next = waiting.pop();
		if (next === undefined || next.least === null || !hopes(next.least)) continue;
		left = spend(budget) ? left - 1 : -1;
		if (left < 0) return false;
		const { sends, missing } = fillUp(next.ranges, trial.market);
		if (missing <= 0n) found(filledBy(trial, sends));
		if (hopes(next.least)) waiting.push(...partsOf(trial, next));
	}
	return true;
}

/** The region in parts, the cheapest last; none when all is decided. */
function partsOf(trial: Trial, region: Region): readonly Region[] {
	const { ranges, relaxed } = region;
	const place = doubtfulPlace(trial, region);
	const range = ranges[place];
	if (range === undefined) return [];
	const parts = cut(range, relaxed[place] ?? range.low).map((part) => regionOf(trial, ranges.with(place, part)));
	return parts.sort((a, b) => compare(b.least?.cost ?? 0n, a.least?.cost ?? 0n));
}

function filledBy({ chosen, gas }: Trial, sends: readonly bigint[]): Filled {
	const sent = chosen.reduce((sum, candidate, index) => sum + (sends[index] ?? 0n) * candidate.sendWeight, 0n);
	const cost = chosen.reduce(
		(sum, candidate, index) => sum - arrivalOf(candidate.path, sends[index] ?? 0n) * candidate.arriveWeight,
		sent + gas,
	);
	return { sends, cost, sent };
}

/**
 * Whose range to cut, -1 when everything is decided: whoever the relaxed split gives something between his steps, the last that is filled up
 * first; else whoever it gives a part that may not be a real one; else the coarsest.
 */
function doubtfulPlace({ order }: Trial, { ranges, relaxed, between }: Region): number {
	const offStep = ranges.findLastIndex(({ candidate, low, high }, place) => {
		const send = relaxed[place] ?? low;
		return send > low && send < high && send % candidate.path.hops[0].lattice !== 0n;
	});
	if (offStep >= 0) return offStep;
	return between >= 0 ? between : (order.find((place) => isOpen(ranges[place])) ?? -1);
}

function isOpen(range: Range | undefined): boolean {
	return range !== undefined && range.low < range.high;
}

/**
 * The sends of a range below, at and above one. Only those that bring more than every smaller one are worth a look: the others cost and send
 * more for the same.
 */
function cut({ candidate, low, high }: Range, send: bigint): readonly Range[] {
	const { path } = candidate;
	const legal = pathSendUpTo(path, send);
	const at = legal === null || legal < low ? low : usefulFrom(path, low, legal);
	const above = smallestPathSend(path, arrivalOf(path, at) + 1n);
	const upper = above === null || above > high ? [] : [rangeOf(candidate, above, high)];
	if (at < send) return [...upper, rangeOf(candidate, low, at)];
	const before = pathSendUpTo(path, at - 1n);
	const lower = before === null || before < low ? [] : [rangeOf(candidate, low, usefulFrom(path, low, before))];
	return [...upper, rangeOf(candidate, at, at), ...lower];
}

/** The smallest send from `low` upwards that brings as much as this one. */
function usefulFrom(path: Path, low: bigint, send: bigint): bigint {
	const smallest = smallestPathSend(path, arrivalOf(path, send)) ?? send;
	return smallest < low ? low : smallest;
}

function wholeMoney(relaxed: bigint): bigint {
	return ceilDivide(relaxed, 1n << RELAXED_BITS);
}
