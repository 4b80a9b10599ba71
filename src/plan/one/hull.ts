/**
 * What a path delivers goes up in stairs, because every delivery is rounded down. Where a unit is worth something, a straight line above the stairs
 * promises up to a whole unit too much for each path; their concave hull promises no more than its corners deliver.
 */
import { arrivalOf, type Path, pathSendUpTo, RELAXED_BITS, relaxedArrival, smallestPathSend } from './path.ts';

/** A send that brings more than every smaller one; both in base units, each at its end of the path. */
interface Stair {
	readonly send: bigint;
	readonly arrival: bigint;
}

/** The stairs of a path, or only that there are many. */
export type Stairs = readonly Stair[] | 'many';

/** `arrival` is scaled up by `2^RELAXED_BITS`. */
export interface Corner {
	readonly send: bigint;
	readonly arrival: bigint;
}

/** More are not kept for each path. */
const MOST_STAIRS = 4_096n;
/** Of many, so many at each end are looked at: what a line promises too much hardly ever matters between them. */
const AT_EACH_END = 8;

/** Those between two legal sends, both included. */
export function stairsOf(path: Path, low: bigint, high: bigint): Stairs {
	return arrivalOf(path, high) - arrivalOf(path, low) < MOST_STAIRS ? climb(path, { low, high, most: Number(MOST_STAIRS) }) : 'many';
}

/** No send between these two, both legal, brings more than what lies on the lines from corner to corner; the first corner is `low` itself. */
export function cornersOf(path: Path, stairs: Stairs, [low, high]: readonly [bigint, bigint]): readonly Corner[] {
	if (stairs === 'many') return hullOf(endsOf(path, low, high));
	const first = { send: low, arrival: arrivalOf(path, low) };
	return hullOf([first, ...stairs.filter(({ send }) => send > low && send <= high)].map(cornerAt));
}

const cornerAt = ({ send, arrival }: Stair): Corner => ({ send, arrival: arrival << RELAXED_BITS });

/** From `low` upwards, `most` stairs beside itself. */
function climb(path: Path, { low, high, most }: { low: bigint; high: bigint; most: number }): readonly Stair[] {
	let stair: Stair = { send: low, arrival: arrivalOf(path, low) };
	const stairs = [stair];
	while (stairs.length <= most) {
		const send = smallestPathSend(path, stair.arrival + 1n);
		if (send === null || send > high) break;
		stair = { send, arrival: arrivalOf(path, send) };
		stairs.push(stair);
	}
	return stairs;
}

/** From `high` downwards to above `low`, in ascending order. */
function descend(path: Path, low: bigint, high: bigint): readonly Stair[] {
	const stairs: Stair[] = [];
	for (let top: bigint | null = high; top !== null && top > low && stairs.length < AT_EACH_END; ) {
		const arrival = arrivalOf(path, top);
		const send = smallestPathSend(path, arrival) ?? top;
		if (send <= low) break;
		stairs.unshift({ send, arrival });
		top = pathSendUpTo(path, send - 1n);
	}
	return stairs;
}

/** Both ends of the stairs, and where they do not meet, two points on the line between them. */
function endsOf(path: Path, low: bigint, high: bigint): readonly Corner[] {
	const lower = climb(path, { low, high, most: AT_EACH_END });
	const edge = lower.at(-1)?.send ?? low;
	const upper = descend(path, edge, high);
	if (upper.length < AT_EACH_END) return [...lower, ...upper].map(cornerAt);
	const onLine = ({ send }: Stair): Corner => ({ send, arrival: relaxedArrival(path, send) });
	return [
		...lower.slice(0, -1).map(cornerAt),
		...lower.slice(-1).map(onLine),
		...upper.slice(0, 1).map(onLine),
		...upper.slice(1).map(cornerAt),
	];
}

/** Of points in ascending order, those on their upper concave hull: the first and the last are. */
function hullOf(points: readonly Corner[]): readonly Corner[] {
	const hull: Corner[] = [];
	for (const point of points) {
		while (hull.length > 1 && isBelow(hull.at(-1), hull.at(-2), point)) hull.pop();
		hull.push(point);
	}
	return hull;
}

/** Whether the middle one lies on or below the line between its neighbours. */
function isBelow(middle: Corner | undefined, left: Corner | undefined, right: Corner): boolean {
	if (middle === undefined || left === undefined) return false;
	return (middle.arrival - left.arrival) * (right.send - left.send) <= (right.arrival - left.arrival) * (middle.send - left.send);
}
