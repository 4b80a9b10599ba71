/** The cheapest first: nearly always the best way to divide a need, and always a quick one. */
import type { Market } from './candidate.ts';
import { arrivalOf, pathSendUpTo, smallestPathSend } from './path.ts';
import { type Range, roomsOf } from './relaxed.ts';

/** Everyone sends the least, then the cheapest are filled up until nothing is missing, or all are full. Ranges come in that order. */
export function fillUp(ranges: readonly Range[], market: Market): { sends: bigint[]; missing: bigint } {
	const rooms = roomsOf(ranges, market);
	const sends = ranges.map(({ low }) => low);
	let missing = market.need.units - ranges.reduce((sum, { candidate }) => sum + candidate.lowArrival, 0n);
	for (const [index, { candidate, low, high }] of ranges.entries()) {
		if (missing <= 0n) break;
		const room = rooms[candidate.group] ?? 0n;
		const top = high - low < room ? high : low + room;
		const enough = smallestPathSend(candidate.path, candidate.lowArrival + missing);
		const send = enough !== null && enough <= top ? enough : pathSendUpTo(candidate.path, top);
		if (send === null || send <= low) continue;
		sends[index] = send;
		rooms[candidate.group] = room - (send - low);
		missing -= arrivalOf(candidate.path, send) - candidate.lowArrival;
	}
	return { sends, missing };
}
