/**
 * The most that can be brought to a place, to the last unit. Origins that share no hop are independent of each other, so
 * each is a small question: which of its paths, and how much over each.
 */
import { type Candidate, type Market, ratio } from './candidate.ts';
import type { Budget } from './explore.ts';
import { mostOver } from './split.ts';

/** Base units that can arrive at the market's place, whatever they cost; less than the truth only if the budget ends. */
export function mostArriving(market: Market, budget: Budget): bigint {
	return independentParts(market.candidates).reduce((sum, part) => sum + mostOfPart(part, market, budget), 0n);
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
	const order = [...part].sort((a, b) => b.estimate.high - a.estimate.high || a.index - b.index);
	const groups = new Set(part.map((candidate) => candidate.group));
	const reachable = [...groups].reduce((sum, group) => sum + (market.groupReach[group] ?? 0), 0);
	let best = 0n;
	const walk = (from: number, chosen: readonly Candidate[]): void => {
		if (budget.left <= 0) {
			budget.exact = false;
			return;
		}
		budget.left -= 1;
		if (chosen.length > 0) {
			const found = mostOver(chosen, market);
			if (!found.exact) budget.exact = false;
			if (found.units > best) best = found.units;
		}
		const chosenReach = chosen.reduce((sum, candidate) => sum + candidate.estimate.high, 0);
		for (let index = from; index < order.length; index += 1) {
			const rest = order.slice(index).reduce((sum, candidate) => sum + candidate.estimate.high, chosenReach);
			const bestTokens = ratio(best, market.unitsPerToken);
			// A bound that errs by less than floats can: equal is not worth another look, unless floats cannot tell.
			if (Math.min(rest, reachable) * (1 + 1e-12) <= bestTokens) return;
			const next = order[index];
			if (next === undefined || sharesHop(next, chosen)) continue;
			walk(index + 1, [...chosen, next]);
		}
	};
	walk(0, []);
	return best;
}

function sharesHop(candidate: Candidate, chosen: readonly Candidate[]): boolean {
	const hops = new Set(chosen.flatMap((each) => each.path.hops.map((hop) => hop.route.id)));
	return candidate.path.hops.some((hop) => hops.has(hop.route.id));
}
