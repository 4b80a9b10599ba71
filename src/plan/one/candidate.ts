/**
 * A candidate is a path that could serve one need now: it ends there, and some legal send is affordable alone. It carries
 * exact limits for the decision and floating-point estimates for the search; only the exact ones ever decide.
 */
import { positionKey, type VenueId } from '../../inventory/venue.ts';
import { powerOfTen } from '../../money/units.ts';
import type { Funds } from '../available.ts';
import { type Exact, leastCommonMultiple, numeratorOver } from '../exact.ts';
import { type Decimals, decimalsAt } from '../route.ts';
import { toleranceOf } from '../tolerance.ts';
import { type Stairs, stairsOf } from './hull.ts';
import { arrivalOf, operationsOf, type Path, pathSendUpTo } from './path.ts';

/** What is to be brought where. */
interface Need {
	readonly venue: VenueId;
	readonly asset: string;
	/** Base units at the venue. */
	readonly units: bigint;
}

export interface Candidate {
	readonly path: Path;
	readonly id: string;
	/** Place among the market's candidates, which is the order of ids. */
	readonly index: number;
	readonly operations: number;
	/** Index of the origin position whose funds it shares with others. */
	readonly group: number;
	/** Smallest and largest affordable legal send, in the origin's base units. */
	readonly low: bigint;
	readonly high: bigint;
	/** What arrives of `low` and `high`, in the destination's base units. */
	readonly lowArrival: bigint;
	readonly highArrival: bigint;
	/** One base unit at the origin, at the destination, and the path's gas, in the market's money units. */
	readonly sendWeight: bigint;
	readonly arriveWeight: bigint;
	readonly gas: bigint;
	/** Place in the order in which a split fills candidates up: the cheapest per token first. */
	readonly fillRank: number;
	readonly estimate: Estimate;
	/** `low`: what a unit more or less makes is equal. */
	readonly stairs: Stairs | 'low';
}

/** Token units, as floats. */
interface Estimate {
	readonly low: number;
	readonly high: number;
	/** Cost of each token that arrives, beyond the fixed part. */
	readonly rate: number;
	/** Gas, fixed fees, and both: paid once when the candidate is used. */
	readonly gas: number;
	readonly fixedFees: number;
	readonly fixedCost: number;
}

/** All that one search looks at. Money is whole numbers of `1 / moneyScale` tokens, in which every cost is exact. */
export interface Market {
	readonly need: Need;
	readonly candidates: readonly Candidate[];
	/** Available base units per group, and an upper bound in tokens of what can arrive from each. */
	readonly groups: readonly bigint[];
	readonly groupReach: readonly number[];
	readonly moneyScale: bigint;
	readonly needTokens: number;
	/** Base units of one token at the place in need. */
	readonly unitsPerToken: bigint;
}

interface MarketFacts {
	/** By route id: the order of candidates, and so of all ties, is theirs. */
	readonly paths: readonly Path[];
	readonly moneyScale: bigint;
	readonly decimals: Decimals;
	readonly available: Funds;
}

/** Gathers what can serve the need. Throws `RangeError` when decimals are unknown. */
export function marketFor(need: Need, facts: MarketFacts): Market {
	const { paths, decimals, available, moneyScale } = facts;
	const place = positionKey(need);
	const ending = paths.filter((path) => path.arrivalKey === place);
	const groupIndex = new Map<string, number>();
	const groups: bigint[] = [];
	const candidates: Unranked[] = [];
	for (const path of ending) {
		const key = path.originKey;
		const funds = available.get(key) ?? 0n;
		let group = groupIndex.get(key);
		if (group === undefined) {
			group = groups.push(funds) - 1;
			groupIndex.set(key, group);
		}
		const candidate = candidateOf(path, { group, funds, moneyScale });
		if (candidate !== null) candidates.push(candidate);
	}
	const unitsPerToken = powerOfTen(decimalsAt(decimals, need.venue, need.asset));
	return {
		need,
		candidates: rankByRate(candidates),
		groups,
		groupReach: reachOf(candidates, groups),
		moneyScale,
		needTokens: ratio(need.units, unitsPerToken),
		unitsPerToken,
	};
}

/** Its place and rank are known once all candidates are. */
type Unranked = Omit<Candidate, 'index' | 'fillRank'> & { index: number; fillRank: number };

/** Cheapest per token first; among equals the larger id, so that ties leave the smaller sends to the smaller ids. */
function rankByRate(candidates: readonly Unranked[]): readonly Candidate[] {
	const kept = candidates.map(({ path, sendWeight, arriveWeight }, index) => ({
		index,
		top: path.slope * arriveWeight,
		bottom: path.divisor * sendWeight,
	}));
	kept.sort((a, b) => {
		const difference = b.top * a.bottom - a.top * b.bottom;
		return difference === 0n ? b.index - a.index : difference > 0n ? 1 : -1;
	});
	for (const [fillRank, { index }] of kept.entries()) {
		const candidate = candidates[index];
		if (candidate !== undefined) [candidate.index, candidate.fillRank] = [index, fillRank];
	}
	return candidates;
}

function candidateOf(path: Path, place: { group: number; funds: bigint; moneyScale: bigint }): Unranked | null {
	const { group, funds, moneyScale } = place;
	const low = path.leastSend;
	if (low === null || low > funds) return null;
	const high = pathSendUpTo(path, funds);
	if (high === null || high < low) return null;
	const [first] = path.hops;
	const last = path.hops.at(-1) ?? first;
	const origin = powerOfTen(first.originDecimals);
	const destination = powerOfTen(last.destinationDecimals);
	const lowArrival = arrivalOf(path, low);
	const highArrival = arrivalOf(path, high);
	const arriveWeight = moneyScale / destination;
	const gas = path.gasCosts.reduce((sum, each) => sum + numeratorOver(each, moneyScale), 0n);
	// Tokens that arrive per token sent, and tokens lost to fixed fees.
	const kept = ratio(path.slope * origin, path.divisor * destination);
	const lost = ratio(path.offset, path.divisor * destination);
	const fixedFees = lost / kept;
	const gasTokens = ratio(gas, moneyScale);
	return {
		path,
		id: path.route.id,
		index: 0,
		operations: operationsOf(path),
		group,
		low,
		high,
		lowArrival,
		highArrival,
		sendWeight: moneyScale / origin,
		arriveWeight,
		gas,
		fillRank: 0,
		estimate: {
			low: ratio(lowArrival, destination),
			high: ratio(highArrival, destination),
			rate: Math.max(0, 1 / kept - 1),
			gas: gasTokens,
			fixedFees,
			fixedCost: fixedFees + gasTokens,
		},
		stairs: arriveWeight > toleranceOf(1, moneyScale) ? stairsOf(path, low, high) : 'low',
	};
}

/** By group: no more than this can arrive from one origin, whatever combination of its paths is used. */
function reachOf(candidates: readonly Candidate[], groups: readonly bigint[]): readonly number[] {
	const bestKept = groups.map(() => 0);
	const leastLost = groups.map(() => Number.POSITIVE_INFINITY);
	const tokens = groups.map(() => 0);
	for (const { group, estimate, path } of candidates) {
		const kept = 1 / (1 + estimate.rate);
		bestKept[group] = Math.max(bestKept[group] ?? 0, kept);
		leastLost[group] = Math.min(leastLost[group] ?? 0, estimate.fixedFees * kept);
		tokens[group] = ratio(groups[group] ?? 0n, powerOfTen(path.hops[0].originDecimals));
	}
	return groups.map((_, group) =>
		Math.max(0, (tokens[group] ?? 0) * (bestKept[group] ?? 0) - Math.min(leastLost[group] ?? 0, Number.MAX_VALUE)),
	);
}

/** The coarsest scale in which all sends, arrivals and gas costs of these paths are whole numbers. */
export function moneyScaleOf(paths: readonly Path[]): bigint {
	let scale = 1n;
	for (const path of paths) {
		for (const hop of path.hops) scale = multipleOf(scale, powerOfTen(Math.max(hop.originDecimals, hop.destinationDecimals)));
		for (const gas of path.gasCosts) if (scale % gas.denominator !== 0n) scale = leastCommonMultiple(scale, lowestDenominator(gas));
	}
	return scale;
}

function multipleOf(scale: bigint, part: bigint): bigint {
	return scale % part === 0n ? scale : leastCommonMultiple(scale, part);
}

function lowestDenominator(value: Exact): bigint {
	// lcm(n, d) / n is d over the common divisor: the denominator in lowest terms.
	return value.numerator === 0n ? 1n : leastCommonMultiple(value.numerator, value.denominator) / value.numerator;
}

/** A quotient of bigints as a float, also when both are beyond what a float can hold. */
export function ratio(dividend: bigint, divisor: bigint): number {
	const [top, bottom] = [Number(dividend), Number(divisor)];
	if (Number.isFinite(top) && Number.isFinite(bottom)) return top / bottom;
	const excess = BigInt(Math.max(dividend.toString(2).length, divisor.toString(2).length) - 1_000);
	return Number(dividend >> excess) / Number(divisor >> excess);
}
