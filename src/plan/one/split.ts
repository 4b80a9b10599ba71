/** How much each of a given set of candidates sends: the cheapest, then least-sending, then smallest sends that bring what is needed. */

import type { Budget } from './budget.ts';
import type { Candidate, Market } from './candidate.ts';
import { pathSendFrom, pathSendUpTo } from './path.ts';
import { rangeOf, rangesOf } from './range.ts';
import { type Filled, type Region, regionOf, search, type Total, type Trial, trialOf } from './search-sends.ts';

export interface Split extends Total {
	/** Parallel to the chosen candidates, in base units of each origin. */
	readonly sends: readonly bigint[];
	/** False when the bounded search ended before it had proven the split best. */
	readonly exact: boolean;
}

/** `split` is null when the set cannot bring what is needed; that is certain only if `exact`. */
interface SplitResult {
	readonly split: Split | null;
	readonly exact: boolean;
}

/** How a set divides what is needed: the least that it takes is known at once, all else once it is asked for. */
export class Division {
	/** No split of the set costs or sends less. Null when the set cannot bring what is needed, which is certain. */
	readonly least: Total | null;
	private readonly trial: Trial;
	private readonly whole: Region;
	private result: SplitResult | null = null;

	/** `chosen` are candidates of the market, in id order. */
	constructor(chosen: readonly Candidate[], market: Market) {
		const ranges = rangesOf(chosen);
		this.trial = trialOf(
			ranges.map(({ candidate }) => candidate),
			market,
		);
		this.whole = regionOf(this.trial, ranges);
		this.least = this.whole.least;
	}

	/** The cheapest split, and the least-sending of those. */
	solve(budget: Budget): SplitResult {
		if (this.result !== null) return this.result;
		const { tolerance } = this.trial;
		let best: Filled | null = null;
		const exact = search(this.trial, this.whole, {
			budget,
			hopes: (least) => best === null || couldImprove(best, least, tolerance),
			found: (filled) => {
				if (best === null || filled.cost < best.cost || (filled.cost === best.cost && filled.sent < best.sent)) best = filled;
			},
		});
		this.result = { split: best === null ? null : this.splitOf(best, exact), exact };
		return this.result;
	}

	/** Whether the set covers the need at all; null when that was not found out. */
	covers(budget: Budget): boolean | null {
		const { found, exact } = this.anyWithin(this.whole, { budget, limit: null });
		return found !== null || (exact ? false : null);
	}

	/** Of the splits that cost and send no more than the best, the one with the smaller sends. */
	smallest(budget: Budget): SplitResult {
		const { split, exact } = this.solve(budget);
		// Where amounts count as equal within a tolerance, so do splits.
		if (split === null || this.trial.tolerance > 0n) return { split, exact };
		let known: Filled = { cost: split.cost, sent: split.sent, sends: this.inFillOrder(split.sends) };
		let region = this.whole;
		let isSure = exact;
		for (const place of byId(this.trial.chosen)) {
			const lowered = this.lowest(region, { place, known, budget });
			known = lowered.known;
			isSure &&= lowered.exact;
			region = this.part(region, place, [known.sends[place] ?? 0n, known.sends[place] ?? 0n]);
		}
		return { split: this.splitOf(known, isSure), exact: isSure };
	}

	/** The split within the same limits in which whoever is at this place sends the least. */
	private lowest(
		region: Region,
		{ place, known, budget }: { place: number; known: Filled; budget: Budget },
	): { known: Filled; exact: boolean } {
		const range = region.ranges[place];
		if (range === undefined) return { known, exact: true };
		const { path } = range.candidate;
		let best = known;
		let isSure = true;
		let low = range.low;
		while (low < (best.sends[place] ?? low)) {
			const middle = pathSendUpTo(path, (low + (best.sends[place] ?? low)) / 2n) ?? low;
			const top = middle < low || middle >= (best.sends[place] ?? low) ? low : middle;
			const { found, exact } = this.anyWithin(this.part(region, place, [low, top]), { budget, limit: known });
			isSure &&= found !== null || exact;
			if (found === null) low = pathSendFrom(path, top + 1n) ?? best.sends[place] ?? low;
			else best = found;
		}
		return { known: best, exact: isSure };
	}

	private anyWithin(region: Region, { budget, limit }: { budget: Budget; limit: Total | null }): { found: Filled | null; exact: boolean } {
		let any: Filled | null = null;
		const isWithin = (total: Total): boolean => limit === null || (total.cost <= limit.cost && total.sent <= limit.sent);
		const exact = search(this.trial, region, {
			budget,
			hopes: (least) => any === null && isWithin(least),
			found: (filled) => {
				if (any === null && isWithin(filled)) any = filled;
			},
		});
		return { found: any, exact };
	}

	private part({ ranges }: Region, place: number, [low, high]: readonly [bigint, bigint]): Region {
		const candidate = this.trial.chosen[place];
		return candidate === undefined ? this.whole : regionOf(this.trial, ranges.with(place, rangeOf(candidate, low, high)));
	}

	private splitOf({ sends, cost, sent }: Filled, exact: boolean): Split {
		return { sends: byId(this.trial.chosen).map((place) => sends[place] ?? 0n), cost, sent, exact };
	}

	private inFillOrder(sends: readonly bigint[]): readonly bigint[] {
		const places = byId(this.trial.chosen);
		return this.trial.chosen.map((_, place) => sends[places.indexOf(place)] ?? 0n);
	}
}

/** Places in the order of ids. */
function byId(chosen: readonly Candidate[]): readonly number[] {
	return chosen.map((_, place) => place).sort((a, b) => (chosen[a]?.index ?? 0) - (chosen[b]?.index ?? 0));
}

/** Whether something that costs and sends at least this could be better, by more than what counts as equal. */
function couldImprove(best: Total, least: Total, tolerance: bigint): boolean {
	return least.cost < best.cost - tolerance || (least.cost <= best.cost && least.sent < best.sent - tolerance);
}
