/**
 * The most that can be brought to a place, to the last unit. Origins that share no hop are independent of each other, so
 * each is a small question: which of its paths, and how much over each.
 */

import { FLOAT_ROOM } from './best-known.ts';
import { type Budget, spend } from './budget.ts';
import { type Candidate, type Market, ratio } from './candidate.ts';
import { fillUp } from './fill.ts';
import { rangesOf } from './range.ts';
import { relaxedMost } from './relaxed.ts';
import { Division } from './split.ts';
import { twinsOf } from './twins.ts';

/** Base units that can arrive at the market's place, whatever they cost; less than the truth only if the budget ends. */
export function mostArriving(market: Market, budget: Budget): bigint {
	return independentParts(market.candidates).reduce((sum, part) => sum + mostOfPart(part, market, budget), 0n);
}

/** Whether one candidate of each origin is enough: a quick yes, and otherwise no answer. */
export function isSurelyEnough({ candidates, groups, need }: Market): boolean {
	const best = groups.map((): Candidate | undefined => undefined);
	for (const candidate of candidates) {
		if (candidate.highArrival > (best[candidate.group]?.highArrival ?? 0n)) best[candidate.group] = candidate;
	}
	const used = new Set<string>();
	let arriving = 0n;
	for (const candidate of best) {
		if (candidate === undefined || candidate.path.hops.some((hop) => used.has(hop.route.id))) continue;
		for (const hop of candidate.path.hops) used.add(hop.route.id);
		arriving += candidate.highArrival;
	}
	return arriving >= need.units;
}

/** Sets of candidates that share neither an origin nor a hop with one another. */
function independentParts(candidates: readonly Candidate[]): readonly (readonly Candidate[])[] {
	const parts: { keys: Set<string>; members: Candidate[] }[] = [];
	for (const candidate of candidates) {
		const keys = new Set([`origin ${candidate.group}`, ...candidate.path.hops.map((hop) => `hop ${hop.route.id}`)]);
		const part = { keys, members: [candidate] };
		for (const other of parts.filter((each) => [...each.keys].some((key) => keys.has(key)))) {
			for (const key of other.keys) part.keys.add(key);
			part.members.push(...other.members);
			parts.splice(parts.indexOf(other), 1);
		}
		parts.push(part);
	}
	return parts.map(({ members }) => members.sort((a, b) => a.index - b.index));
}

function mostOfPart(part: readonly Candidate[], market: Market, budget: Budget): bigint {
	const sets: { chosen: readonly Candidate[]; filled: bigint; ceiling: bigint }[] = [];
	let best = 0n;
	const look = (chosen: readonly Candidate[]): bigint => {
		const { filled, ceiling } = roughMost(chosen, market);
		if (filled > best) best = filled;
		if (ceiling > best) sets.push({ chosen, filled, ceiling });
		return best;
	};
	eachSet({ part, market, budget }, look);
	let doubtful = 0n;
	for (const { chosen, filled, ceiling } of sets.sort((a, b) => (a.ceiling < b.ceiling ? 1 : a.ceiling > b.ceiling ? -1 : 0))) {
		if (ceiling <= best) break;
		const found = mostOver(chosen, market, { filled, ceiling, budget });
		if (found.units > best) best = found.units;
		if (found.ceiling > found.units && found.ceiling > doubtful) doubtful = found.ceiling;
	}
	if (doubtful > best) budget.exact = false;
	return best;
}

/** What these candidates bring when the cheapest are filled up first, and what they cannot exceed; zero if they cannot all be used. */
function roughMost(chosen: readonly Candidate[], market: Market): { filled: bigint; ceiling: bigint } {
	const ranges = rangesOf(chosen);
	const ceiling = relaxedMost(ranges, market);
	if (ceiling === 0n) return { filled: 0n, ceiling };
	const { missing } = fillUp(ranges, { ...market, need: { ...market.need, units: ceiling } });
	return { filled: ceiling - missing, ceiling };
}

/** The most that these candidates bring together, at most `ceiling`: not proven where the ceiling that is returned is higher. */
function mostOver(
	chosen: readonly Candidate[],
	market: Market,
	{ filled, ceiling, budget }: { filled: bigint; ceiling: bigint; budget: Budget },
): { units: bigint; ceiling: bigint } {
	let units = filled;
	let highest = ceiling;
	// Whole units, steps and gaps may hide a better division of a shared origin: ask for more as long as the bound allows it.
	let possible = ceiling;
	let stride = 1n;
	while (units < possible) {
		const asked = units + stride < possible ? units + stride : possible;
		const covers = new Division(chosen, { ...market, need: { ...market.need, units: asked } }).covers(budget);
		if (covers === true) units = asked;
		else possible = asked - 1n;
		if (covers === false) highest = possible;
		stride = covers === true ? stride * 2n : (stride + 1n) / 2n;
	}
	return { units, ceiling: highest };
}

/** Looks at the sets of candidates that share no hop and could bring more than the last look answered. */
function eachSet(
	{ part, market, budget }: { part: readonly Candidate[]; market: Market; budget: Budget },
	look: (chosen: readonly Candidate[]) => bigint,
): void {
	let known = 0n;
	const order = [...part].sort((a, b) => b.estimate.high - a.estimate.high || a.index - b.index);
	const twins = twinsOf(market.candidates);
	const groups = new Set(part.map((candidate) => candidate.group));
	const reachable = [...groups].reduce((sum, group) => sum + (market.groupReach[group] ?? 0), 0) * (1 + FLOAT_ROOM);
	const walk = (from: number, chosen: readonly Candidate[]): void => {
		if (!spend(budget, LOOK_NODES)) return;
		if (chosen.length > 0) known = look(chosen);
		// Where one twin stays out, so do the later ones.
		const leftOut = new Set<number>();
		let rest = [...chosen, ...order.slice(from)].reduce((sum, { highArrival }) => sum + highArrival, 0n);
		for (const [index, next] of order.entries()) {
			if (index < from) continue;
			if (rest <= known || reachable < ratio(known + 1n, market.unitsPerToken)) return;
			rest -= next.highArrival;
			const twin = twins[next.index] ?? 0;
			if (!leftOut.has(twin) && !sharesHop(next, chosen)) walk(index + 1, [...chosen, next]);
			leftOut.add(twin);
		}
	};
	walk(0, []);
}

/** One look is as much work as so many nodes of a search. */
const LOOK_NODES = 20;

function sharesHop(candidate: Candidate, chosen: readonly Candidate[]): boolean {
	const hops = new Set(chosen.flatMap((each) => each.path.hops.map((hop) => hop.route.id)));
	return candidate.path.hops.some((hop) => hops.has(hop.route.id));
}
