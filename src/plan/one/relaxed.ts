/**
 * The split without whole units, steps and gaps: a bound that no real split of the same candidates can beat. Filling the
 * cheapest first is its optimum, also where candidates share an origin, because the cheapest keeps most of what it sends.
 */
import type { Candidate, Market } from './candidate.ts';
import { RELAXED_BITS } from './path.ts';
import { type Range, roomsOf, type Slope } from './range.ts';

/** Money scaled up by `2^RELAXED_BITS`, rounded toward "could be better"; gas is not included. */
interface Relaxed {
	readonly covers: boolean;
	readonly cost: bigint;
	readonly sent: bigint;
	/** Parallel to the ranges: what each sends, in base units, rounded down. */
	readonly sends: readonly bigint[];
	/** Place of the last range that ends within one of its slopes, where a real split may not be able to; -1 when none does. */
	readonly between: number;
}

const IMPOSSIBLE: Relaxed = { covers: false, cost: 0n, sent: 0n, sends: [], between: -1 };

/**
 * `ranges` come in the order in which they are filled up. What the undecided ones send together is a multiple of `grain`
 * (money units): where the relaxed sum is none, the cheapest of what is left has to be sent on top.
 */
export function relax(ranges: readonly Range[], market: Market, grain: bigint): Relaxed {
	const filling = new Filling(ranges, market);
	if (filling.isTooMuch) return IMPOSSIBLE;
	filling.cover(market.need.units << RELAXED_BITS);
	const least = filling.sent;
	// Then whole units may be sent on top or left out, so nothing is known of the rest.
	const isFree = filling.missing <= 0n && filling.takeGains();
	const rest = isFree ? 0n : filling.open % (grain << RELAXED_BITS);
	const covers = filling.missing <= 0n && (rest === 0n || filling.add((grain << RELAXED_BITS) - rest));
	return {
		covers,
		cost: filling.sent - filling.arrived,
		sent: isFree ? least : filling.sent,
		sends: filling.sends(),
		between: filling.between(),
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

/** One slope of one range, and how much of it is used. */
interface Step {
	readonly place: number;
	readonly candidate: Candidate;
	readonly slope: Slope;
	used: bigint;
}

/** The cheapest slopes first. Those of ranges with one slope each are in order already. */
function stepsOf(ranges: readonly Range[]): readonly Step[] {
	const steps = ranges.flatMap(({ candidate, slopes }, place) => slopes.map((slope): Step => ({ place, candidate, slope, used: 0n })));
	return ranges.every(({ candidate }) => candidate.stairs === 'low') ? steps : steps.sort(byPrice);
}

function byPrice(a: Step, b: Step): number {
	const [first, second] = [a.slope.rise * b.slope.run * b.candidate.sendWeight, b.slope.rise * a.slope.run * a.candidate.sendWeight];
	return first === second ? 0 : first > second ? -1 : 1;
}

/** All in units scaled up by `2^RELAXED_BITS`. */
class Filling {
	/** Money of all ranges, and what the undecided ones send. */
	sent = 0n;
	arrived = 0n;
	open = 0n;
	/** Base units at the place in need. */
	missing = 0n;
	private readonly ranges: readonly Range[];
	private readonly steps: readonly Step[];
	/** By group. */
	private readonly rooms: bigint[];

	constructor(ranges: readonly Range[], market: Market) {
		this.ranges = ranges;
		this.steps = stepsOf(ranges);
		this.rooms = roomsOf(ranges, market).map((room) => room << RELAXED_BITS);
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
		for (const step of this.steps) {
			if (this.missing <= 0n) return;
			const { rise, run } = step.slope;
			const spare = this.spareOf(step);
			if (spare <= 0n || rise === 0n) continue;
			const gain = (spare * rise) / run + 1n;
			const isPartial = gain > this.missing;
			this.send(step, isPartial ? (this.missing * run) / rise : spare);
			this.receive(step.candidate, isPartial ? this.missing : gain);
		}
	}

	/** From one stair to the next more money may arrive than is sent; then it is sent although nothing is missing. Whether there was any. */
	takeGains(): boolean {
		let hasGained = false;
		for (const step of this.steps) {
			const { candidate, slope } = step;
			if (candidate.stairs === 'low' || slope.rise * candidate.arriveWeight <= slope.run * candidate.sendWeight) break;
			const spare = this.spareOf(step);
			if (spare <= 0n) continue;
			hasGained = true;
			this.send(step, spare);
			this.receive(candidate, (spare * slope.rise) / slope.run + 1n);
		}
		return hasGained;
	}

	/** Sends so much more money, however little of it is needed; false when there is no room for it. */
	add(money: bigint): boolean {
		let left = money;
		for (const step of this.steps) {
			const { candidate, slope } = step;
			const spare = this.spareOf(step);
			const wanted = left / candidate.sendWeight;
			const extra = wanted < spare ? wanted : spare;
			if (extra > 0n) {
				this.send(step, extra);
				this.receive(candidate, (extra * slope.rise) / slope.run + 1n);
				left -= extra * candidate.sendWeight;
			}
			if (left < candidate.sendWeight) return true;
		}
		return false;
	}

	sends(): bigint[] {
		const sends = this.ranges.map(({ low }) => low << RELAXED_BITS);
		for (const { place, used } of this.steps) sends[place] = (sends[place] ?? 0n) + used;
		return sends.map((send) => send >> RELAXED_BITS);
	}

	between(): number {
		return this.steps.reduce(
			(last, { place, slope, used }) => (used > 0n && used < slope.length << RELAXED_BITS && place > last ? place : last),
			-1,
		);
	}

	private spareOf({ candidate, slope, used }: Step): bigint {
		const left = (slope.length << RELAXED_BITS) - used;
		const room = this.rooms[candidate.group] ?? 0n;
		return left < room ? left : room;
	}

	private send(step: Step, extra: bigint): void {
		const { candidate } = step;
		step.used += extra;
		this.rooms[candidate.group] = (this.rooms[candidate.group] ?? 0n) - extra;
		this.sent += extra * candidate.sendWeight;
		this.open += extra * candidate.sendWeight;
	}

	private receive(candidate: Candidate, arrival: bigint): void {
		this.missing -= arrival;
		this.arrived += arrival * candidate.arriveWeight;
	}
}
