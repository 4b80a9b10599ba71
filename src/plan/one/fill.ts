/** The cheapest first: nearly always the best way to divide a need, and always a quick one. */
import type { Market } from './candidate.ts';
import { arrivalOf, pathSendUpTo, smallestPathSend } from './path.ts';
import { type Range, roomsOf } from './range.ts';

/**
 * Everyone sends the least, then the cheapest are filled up until nothing is missing, or all are full; what is too much then, the dearest spare.
 * Ranges come in the order of filling.
 */
export function fillUp(ranges: readonly Range[], market: Market): { sends: bigint[]; missing: bigint } {
	const rooms = roomsOf(ranges, market);
	const sends = ranges.map(({ low }) => low);
	const least = ranges.map(({ candidate, low }) => arrivalOf(candidate.path, low));
	let missing = least.reduce((sum, arrival) => sum - arrival, market.need.units);
	for (const [index, { candidate, low, high }] of ranges.entries()) {
		if (missing <= 0n) break;
		const room = rooms[candidate.group] ?? 0n;
		const top = high - low < room ? high : low + room;
		const arrival = least[index] ?? 0n;
		const enough = smallestPathSend(candidate.path, arrival + missing);
		const send = enough !== null && enough <= top ? enough : pathSendUpTo(candidate.path, top);
		if (send === null || send <= low) continue;
		sends[index] = send;
		rooms[candidate.group] = room - (send - low);
		missing -= arrivalOf(candidate.path, send) - arrival;
	}
	if (missing < 0n) missing = spare(ranges, sends, missing);
	return { sends, missing };
}

/** Lowers `sends` by what is too much, the last first; answers what is missing then, which is nothing. */
function spare(ranges: readonly Range[], sends: bigint[], missing: bigint): bigint {
	let left = missing;
	for (const [index, { candidate, low }] of [...ranges.entries()].reverse()) {
		if (left >= 0n) break;
		const send = sends[index] ?? low;
		if (send === low) continue;
		const arrival = arrivalOf(candidate.path, send);
		const enough = smallestPathSend(candidate.path, arrival + left);
		if (enough === null || enough >= send) continue;
		const lower = enough > low ? enough : low;
		sends[index] = lower;
		left += arrival - arrivalOf(candidate.path, lower);
	}
	return left;
}
