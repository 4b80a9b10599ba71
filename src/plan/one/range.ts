/** What the candidates of a set may send, as long as it is not decided, and what is left for them at their origins. */

import { greatestCommonDivisor } from '../exact.ts';
import type { Candidate, Market } from './candidate.ts';
import { cornersOf } from './hull.ts';
import { arrivalOf, RELAXED_BITS, relaxedArrival } from './path.ts';

/** What one candidate may send: between `low` and `high`, which are equal once it is decided. */
export interface Range {
	readonly candidate: Candidate;
	readonly low: bigint;
	readonly high: bigint;
	/** What arrives of `low`, scaled: to the unit where the range is decided or its stairs are known, else `relaxedArrival`. */
	readonly lowArrival: bigint;
	/** Together from `low` to `high`, each dearer than the one before. */
	readonly slopes: readonly Slope[];
}

/** So many base units may be sent more, and `rise / run` base units arrive of each. */
export interface Slope {
	readonly length: bigint;
	readonly rise: bigint;
	readonly run: bigint;
}

export function rangeOf(candidate: Candidate, low = candidate.low, high = candidate.high): Range {
	const { path, stairs } = candidate;
	if (low === high) return { candidate, low, high, lowArrival: arrivalOf(path, low) << RELAXED_BITS, slopes: [] };
	if (stairs === 'low') {
		const slope = { length: high - low, rise: path.slope, run: path.divisor };
		return { candidate, low, high, lowArrival: relaxedArrival(path, low), slopes: [slope] };
	}
	const corners = cornersOf(path, stairs, [low, high]);
	const slopes = corners.slice(1).map((to, index): Slope => {
		const from = corners[index] ?? to;
		const run = to.send - from.send;
		return { length: run, rise: to.arrival - from.arrival, run: run << RELAXED_BITS };
	});
	const top = corners.at(-1)?.send ?? low;
	if (top < high) slopes.push({ length: high - top, rise: 0n, run: 1n });
	return { candidate, low, high, lowArrival: corners[0]?.arrival ?? 0n, slopes };
}

/** All that these candidates may send, in the order in which they are filled up. */
export function rangesOf(chosen: readonly Candidate[]): readonly Range[] {
	return [...chosen].sort((a, b) => a.fillRank - b.fillRank).map((candidate) => rangeOf(candidate));
}

/**
 * What is left at each origin when every range sends its least; negative when that alone is too much. What the undecided ones send from one
 * origin is a multiple of what divides all their sends, so what is beyond that counts for nothing.
 */
export function roomsOf(ranges: readonly Range[], market: Market): bigint[] {
	const rooms = [...market.groups];
	const grains = new Map<number, bigint>();
	for (const { candidate, low, high } of ranges) {
		const { group, path } = candidate;
		const { lattice } = path.hops[0];
		const known = grains.get(group) ?? lattice;
		if (low === high) rooms[group] = (rooms[group] ?? 0n) - low;
		else grains.set(group, known === lattice ? lattice : greatestCommonDivisor(known, lattice));
	}
	for (const [group, grain] of grains) {
		const room = rooms[group] ?? 0n;
		if (room > 0n) rooms[group] = room - (room % grain);
	}
	for (const { candidate, low, high } of ranges) if (low < high) rooms[candidate.group] = (rooms[candidate.group] ?? 0n) - low;
	return rooms;
}
