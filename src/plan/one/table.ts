/** What bounds read of a market, laid out for speed: plain columns by candidate, and which candidates are still of interest, by origin. */
import { FLOAT_ROOM } from './best-known.ts';
import { type Candidate, type Market, ratio } from './candidate.ts';
import { cornersOf } from './hull.ts';
import { RELAXED_BITS } from './path.ts';

/** A candidate is open, in or out. */
export const OPEN = 0;
export const IN = 1;
export const OUT = 2;

/** Columns by candidate index, in token units. */
export interface Table {
	readonly status: Uint8Array;
	readonly operations: Int32Array;
	readonly low: Float64Array;
	readonly high: Float64Array;
	readonly rate: Float64Array;
	/** Of those whose stairs are known, the corners of their hull: what arrives, and what it costs without gas, one pair after the other. */
	readonly corners: readonly (Float64Array | null)[];
	/** Upper bound by group of what can arrive from there. */
	readonly rooms: Float64Array;
	readonly need: number;
	readonly members: Members;
}

/** The candidates of interest: those of one group after another. */
interface Members {
	list: readonly Group[];
	size: number;
}

export interface Group {
	readonly room: number;
	/** Candidate indices; the largest per operation first. */
	readonly indices: Int32Array;
	/** Whether each of its candidates is one operation. */
	readonly isPlain: boolean;
	readonly leastRate: number;
}

export function tableOf(market: Market): Table {
	const { candidates, groupReach, needTokens } = market;
	return {
		status: new Uint8Array(candidates.length),
		operations: Int32Array.from(columnOf(candidates, (candidate) => candidate.operations)),
		low: columnOf(candidates, ({ estimate }) => estimate.low),
		high: columnOf(candidates, ({ estimate }) => estimate.high),
		rate: columnOf(candidates, ({ estimate }) => estimate.rate),
		corners: candidates.map((candidate) => pairsOf(candidate, market)),
		rooms: Float64Array.from(groupReach, (tokens) => tokens * (1 + FLOAT_ROOM)),
		need: needTokens * (1 - FLOAT_ROOM),
		members: { list: [], size: 0 },
	};
}

/** By candidate index. A loop, because `from` with a function takes several times as long. */
export function columnOf(candidates: readonly Candidate[], of: (candidate: Candidate) => number): Float64Array {
	const column = new Float64Array(candidates.length);
	for (const candidate of candidates) column[candidate.index] = of(candidate);
	return column;
}

function pairsOf({ path, stairs, low, high, sendWeight, arriveWeight }: Candidate, { moneyScale }: Market): Float64Array | null {
	if (stairs === 'low') return null;
	const scale = moneyScale << RELAXED_BITS;
	return Float64Array.from(
		cornersOf(path, stairs, [low, high]).flatMap(({ send, arrival }) => {
			const arriving = arrival * arriveWeight;
			return [ratio(arriving, scale), ratio(((send * sendWeight) << RELAXED_BITS) - arriving, scale)];
		}),
	);
}

/** Leaves out all other candidates: they must be neither open nor in until the next call. */
export function restrict({ members, rooms, operations, high, rate }: Table, market: Market, live: readonly number[]): void {
	const byGroup = new Map<number, number[]>();
	for (const index of live) {
		const group = market.candidates[index]?.group ?? 0;
		const known = byGroup.get(group);
		if (known === undefined) byGroup.set(group, [index]);
		else known.push(index);
	}
	const density = (index: number): number => (high[index] ?? 0) / (operations[index] ?? 1);
	members.size = live.length;
	members.list = [...byGroup].map(([group, indices]) => ({
		room: rooms[group] ?? 0,
		indices: Int32Array.from(indices.sort((a, b) => density(b) - density(a) || a - b)),
		isPlain: indices.every((index) => operations[index] === 1),
		leastRate: Math.min(...indices.map((index) => rate[index] ?? 0)),
	}));
}
