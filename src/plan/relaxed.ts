/**
 * The split without whole units, steps and gaps: a bound that no real split of the same candidates can beat. Filling the
 * cheapest first is its optimum, also where candidates share an origin, because the cheapest keeps most of what it sends.
 */
import type { Candidate, Market } from './candidate.ts';
import { RELAXED_BITS, relaxedArrival } from './path.ts';

/** What one candidate may send: between `low` and `high`, which are equal once it is decided. */
export interface Range {
	readonly candidate: Candidate;
	readonly low: bigint;
	readonly high: bigint;
}

/** Money scaled up by `2^RELAXED_BITS`, rounded toward "could be better"; gas is not included. */
export interface Relaxed {
	readonly covers: boolean;
	readonly cost: bigint;
	readonly sent: bigint;
}

/** `ranges` come in the order in which they are filled up. */
export function relax(ranges: readonly Range[], market: Market): Relaxed {
	const rooms = roomsOf(ranges, market);
	let missing = market.need.units << RELAXED_BITS;
	let sent = 0n;
	let arrived = 0n;
	for (const { candidate, low } of ranges) {
		const arrival = relaxedArrival(candidate.path, low);
		missing -= arrival;
		arrived += arrival * candidate.arriveWeight;
		sent += (low << RELAXED_BITS) * candidate.sendWeight;
	}
	for (const { candidate, low, high } of ranges) {
		if (missing <= 0n) break;
		const room = rooms[candidate.group] ?? 0n;
		const top = high - low < room ? high : low + room;
		if (top <= low) continue;
		const gain = relaxedArrival(candidate.path, top) - relaxedArrival(candidate.path, low);
		const partial = gain > missing;
		const gained = partial ? missing : gain;
		const extra = partial ? (missing * candidate.path.divisor) / candidate.path.slope : (top - low) << RELAXED_BITS;
		missing -= gained;
		arrived += gained * candidate.arriveWeight;
		sent += extra * candidate.sendWeight;
		rooms[candidate.group] = room - (top - low);
	}
	return { covers: missing <= 0n, cost: sent - arrived, sent };
}

/** What is left at each origin when every range sends its least; negative when that alone is too much. */
export function roomsOf(ranges: readonly Range[], market: Market): bigint[] {
	const rooms = [...market.groups];
	for (const { candidate, low } of ranges) rooms[candidate.group] = (rooms[candidate.group] ?? 0n) - low;
	return rooms;
}
