/** The most that can still arrive. */
import { FLOAT_ROOM } from './best-known.ts';
import { IN, OPEN, OUT, type Table } from './table.ts';

/** What an origin can still add: its next candidate, what that brings, and the operations it takes for it. */
interface Next {
	place: number;
	room: number;
	tokens: number;
	operations: number;
}

/**
 * The most tokens that can arrive with this many operations more; at least, up to float error, the truth. Each origin adds
 * less with each operation, so taking the largest addition first is best; only a last one may be taken in part.
 */
export function reachIn(table: Table, operationsLeft: number): number {
	let total = 0;
	const nexts: Next[] = [];
	for (const [group, { room, indices }] of table.members.list.entries()) {
		let inside = 0;
		for (const index of indices) if (table.status[index] === IN) inside += table.high[index] ?? 0;
		const taken = Math.min(inside, room);
		total += taken;
		const next = { place: -1, room: room - taken, tokens: 0, operations: 1 };
		advance(table, next, { group, operationsLeft });
		nexts.push(next);
	}
	for (let left = operationsLeft; left > 0; ) {
		let best = -1;
		let bestDensity = 0;
		for (const [group, { tokens, operations }] of nexts.entries()) {
			if (tokens / operations <= bestDensity) continue;
			best = group;
			bestDensity = tokens / operations;
		}
		const next = nexts[best];
		if (next === undefined) break;
		const taken = next.tokens * Math.min(1, left / next.operations);
		total += taken;
		left -= next.operations;
		next.room -= taken;
		advance(table, next, { group: best, operationsLeft });
	}
	return total * (1 + FLOAT_ROOM);
}

function advance(table: Table, next: Next, { group, operationsLeft }: { group: number; operationsLeft: number }): void {
	const { indices, isPlain } = table.members.list[group] ?? { indices: new Int32Array(0), isPlain: true };
	next.tokens = 0;
	while (next.room > 0 && next.place + 1 < indices.length) {
		next.place += 1;
		const index = indices[next.place] ?? 0;
		const operations = table.operations[index] ?? 1;
		if ((table.status[index] ?? OUT) !== OPEN || operations > operationsLeft) continue;
		const high = table.high[index] ?? 0;
		next.tokens = Math.min(high, next.room);
		// Where candidates differ in operations, one that is cut short by the room counts as used in part.
		next.operations = isPlain ? 1 : (operations * next.tokens) / high;
		return;
	}
}
