/**
 * The split without whole units, steps and gaps: a bound that no real split of the same candidates can beat. Filling the
 * cheapest first is its optimum, also where candidates share an origin, because the cheapest keeps most of what it sends.
 */
import type { Candidate, Market } from './candidate.ts';
import { greatestCommonDivisor } from './exact.ts';
import { RELAXED_BITS, relaxedArrival } from './path.ts';

/** What one candidate may send: between `low` and `high`, which are equal once it is decided. */
export interface Range {
	readonly candidate: Candidate;
	readonly low: bigint;
	readonly high: bigint;
	/** `relaxedArrival` of `low`. */
	readonly lowArrival: bigint;
}

export function rangeOf(candidate: Candidate, low = candidate.low, high = candidate.high): Range {
	return { candidate, low, high, lowArrival: relaxedArrival(candidate.path, low) };
}

/** All that these candidates may send, in the order in which they are filled up. */
export function rangesOf(chosen: readonly Candidate[]): readonly Range[] {
	return [...chosen].sort((a, b) => a.fillRank - b.fillRank).map((candidate) => rangeOf(candidate));
}

/** Money scaled up by `2^RELAXED_BITS`, rounded toward "could be better"; gas is not included. */
export interface Relaxed {
	readonly covers: boolean;
	readonly cost: bigint;
	readonly sent: bigint;
	/** Parallel to the ranges: what each sends, in base units, rounded down. */
	readonly sends: readonly bigint[];
}

const IMPOSSIBLE: Relaxed = { covers: false, cost: 0n, sent: 0n, sends: [] };

/**
 * `ranges` come in the order in which they are filled up. What the undecided ones send together is a multiple of `grain`
 * (money units): where the relaxed sum is none, the cheapest of what is left has to be sent on top.
 */
export function relax(ranges: readonly Range[], market: Market, grain: bigint): Relaxed {
	const filling = new Filling(ranges, market);
	if (filling.isTooMuch) return IMPOSSIBLE;
	filling.cover(market.need.units << RELAXED_BITS);
	const rest = filling.open % (grain << RELAXED_BITS);
	const covers = filling.missing <= 0n && (rest === 0n || filling.add((grain << RELAXED_BITS) - rest));
	return {
		covers,
		cost: filling.sent - filling.arrived,
		sent: filling.sent,
		sends: ranges.map(({ low }, index) => low + ((filling.extras[index] ?? 0n) >> RELAXED_BITS)),
	};
}

/** No real split of these candidates brings more, in base units at the place in need; zero if they cannot all be used. */
export function relaxedMost(ranges: readonly Range[], market: Market): bigint {
	const most = ranges.reduce((sum, { candidate }) => sum + candidate.highArrival, 0n);
	const filling = new Filling(ranges, market);
	if (filling.isTooMuch) return 0n;
	filling.cover(most << RELAXED_BITS);
	return filling.missing <= 0n ? most : ((most << RELAXED_BITS) - filling.missing) >> RELAXED_BITS;
}

/** All in units scaled up by `2^RELAXED_BITS`. */
class Filling {
	/** Money of all ranges, and what the undecided ones send. */
	sent = 0n;
	arrived = 0n;
	open = 0n;
	/** Base units at the place in need. */
	missing = 0n;
	/** Parallel to the ranges. */
	readonly extras: bigint[];
	private readonly ranges: readonly Range[];
	/** By group. */
	private readonly rooms: bigint[];

	constructor(ranges: readonly Range[], market: Market) {
		this.ranges = ranges;
		this.rooms = roomsOf(ranges, market).map((room) => room << RELAXED_BITS);
		this.extras = ranges.map(() => 0n);
	}

	/** Whether the least of all is more than there is at some origin. */
	get isTooMuch(): boolean {
		return this.rooms.some((room) => room < 0n);
	}

	/** Everyone sends the least, then the cheapest are filled up. */
	cover(need: bigint): void {
		this.missing = need;
		for (const { candidate, low, high, lowArrival } of this.ranges) {
			const money = (low << RELAXED_BITS) * candidate.sendWeight;
			this.receive(candidate, lowArrival);
			this.sent += money;
			if (low < high) this.open += money;
		}
		for (const [index, { candidate, low, lowArrival }] of this.ranges.entries()) {
			if (this.missing <= 0n) return;
			const spare = this.spareOf(index);
			if (spare <= 0n) continue;
			const { path } = candidate;
			const gain = relaxedArrival(path, low + (spare >> RELAXED_BITS)) - lowArrival;
			const isPartial = gain > this.missing;
			this.send(index, isPartial ? (this.missing * path.divisor) / path.slope : spare);
			this.receive(candidate, isPartial ? this.missing : gain);
		}
	}

	/** Sends so much more money, however little of it is needed; false when there is no room for it. */
	add(money: bigint): boolean {
		let left = money;
		for (const [index, { candidate }] of this.ranges.entries()) {
			const { path, sendWeight } = candidate;
			const spare = this.spareOf(index);
			const wanted = left / sendWeight;
			const extra = wanted < spare ? wanted : spare;
			if (extra > 0n) {
				this.send(index, extra);
				this.receive(candidate, (extra * path.slope) / path.divisor + 1n);
				left -= extra * sendWeight;
			}
			if (left < sendWeight) return true;
		}
		return false;
	}

	private spareOf(index: number): bigint {
		const range = this.ranges[index];
		if (range === undefined) return 0n;
		const left = ((range.high - range.low) << RELAXED_BITS) - (this.extras[index] ?? 0n);
		const room = this.rooms[range.candidate.group] ?? 0n;
		return left < room ? left : room;
	}

	private send(index: number, extra: bigint): void {
		const candidate = this.ranges[index]?.candidate;
		if (candidate === undefined) return;
		this.extras[index] = (this.extras[index] ?? 0n) + extra;
		this.rooms[candidate.group] = (this.rooms[candidate.group] ?? 0n) - extra;
		this.sent += extra * candidate.sendWeight;
		this.open += extra * candidate.sendWeight;
	}

	private receive(candidate: Candidate, arrival: bigint): void {
		this.missing -= arrival;
		this.arrived += arrival * candidate.arriveWeight;
	}
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
