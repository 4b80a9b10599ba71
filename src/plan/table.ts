/** What bounds read of a market, laid out for speed: plain columns by candidate, and which candidates are still of interest, by origin. */
import { FLOAT_ROOM } from './best-known.ts';
import type { Market } from './candidate.ts';

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
	/** Upper bound by group of what can arrive from there. */
	readonly rooms: Float64Array;
	readonly need: number;
	readonly members: Members;
}

/** The candidates of interest: those of one group after another. */
export interface Members {
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

export function tableOf({ candidates, groupReach, needTokens }: Market): Table {
	return {
		status: new Uint8Array(candidates.length),
		operations: Int32Array.from(candidates, (candidate) => candidate.operations),
		low: Float64Array.from(candidates, ({ estimate }) => estimate.low),
		high: Float64Array.from(candidates, ({ estimate }) => estimate.high),
		rate: Float64Array.from(candidates, ({ estimate }) => estimate.rate),
		rooms: Float64Array.from(groupReach, (tokens) => tokens * (1 + FLOAT_ROOM)),
		need: needTokens * (1 - FLOAT_ROOM),
		members: { list: [], size: 0 },
	};
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
