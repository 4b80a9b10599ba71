/**
 * The least total of an objective. A price is paid for each token that arrives; then every candidate can be judged alone, and
 * the best so many operations are taken. Any price gives a valid bound; the sharpest one is found by a few cuts.
 */
import { FLOAT_ROOM } from './best-known.ts';
import { Picks } from './picks.ts';
import { type Group, OPEN, OUT, type Table } from './table.ts';

interface Price {
	/**
	 * A lower bound, in tokens, on what covering takes with exactly this many operations more; `any`: with any number.
	 * The search for the sharpest price stops once the bound has reached `enough`, or cannot.
	 */
	lower(operationsLeft: number | 'any', enough: number): number;
	/** Finds the sharpest price for this many operations, where later searches begin, and its bound. */
	sharpen(operations: number): number;
	/** What a candidate adds at the last price: the smaller, the more promising. */
	valueOf(index: number): number;
}

/** Prices tried for one bound, and where a search begins. */
const CUTS = 6;
const FIRST_CUTS = 40;

interface Point {
	readonly price: number;
	readonly bound: number;
	/** How the bound changes with the price: what is missing, when negative what is too much. */
	readonly slope: number;
}

/**
 * `fixed`, by candidate index, is paid once by whoever is used, the rate of the table for each token. `gas` is the part of it that is no fee of
 * the bridge, which the corners of the table hold.
 */
export function priceOf(table: Table, fixed: Float64Array, gas: Float64Array): Price {
	const tally = new Tally(table, fixed, gas);
	const mean = fixed.reduce((sum, each) => sum + each, 0) / Math.max(1, fixed.length);
	let price = Math.max(mean / table.need, 1e-9) + (table.rate[0] ?? 0);
	const search = (
		operationsLeft: number | 'any',
		{ enough, cuts }: { enough: number | null; cuts: number },
	): { best: number; at: number } => {
		let bestAt = price;
		let best = Number.NEGATIVE_INFINITY;
		let below: Point | null = null;
		let above: Point | null = null;
		let at = price;
		for (let cut = 0; cut < cuts; cut += 1) {
			tally.count(at, operationsLeft);
			const point: Point = { price: at, bound: tally.bound, slope: tally.slope };
			if (point.bound > best) [best, bestAt] = [point.bound, at];
			if ((enough !== null && best >= enough) || point.slope === 0 || best === Number.POSITIVE_INFINITY) break;
			if (point.slope > 0) below = point;
			else above = point;
			const next = nextPrice(at, below, above);
			if (next === null || (enough !== null && next.hoped < enough) || next.hoped - best <= Math.abs(best) * FLOAT_ROOM) break;
			at = next.at;
		}
		return { best, at: bestAt };
	};
	return {
		lower: (left, enough) => (left !== 'any' && left < 0 ? Number.POSITIVE_INFINITY : search(left, { enough, cuts: CUTS }).best),
		sharpen: (operations) => {
			const { best, at } = search(operations, { enough: null, cuts: FIRST_CUTS });
			price = at;
			return best;
		},
		valueOf: (index) => tally.valueAt(price, index),
	};
}

/** Where the tangents at the two nearest prices meet, and the bound that is hoped for there; null when there is nothing between. */
function nextPrice(at: number, below: Point | null, above: Point | null): { at: number; hoped: number } | null {
	if (below === null) return { at: at * 0.6, hoped: Number.POSITIVE_INFINITY };
	if (above === null) return { at: at / 0.6, hoped: Number.POSITIVE_INFINITY };
	const meeting = (above.bound - below.bound + below.slope * below.price - above.slope * above.price) / (below.slope - above.slope);
	if (!(meeting > below.price && meeting < above.price)) return null;
	return { at: meeting, hoped: below.bound + below.slope * (meeting - below.price) };
}

/** What those of a group that are in come to at the price, and what they are paid less the most that the group can gain. */
interface Inside {
	readonly value: number;
	readonly tokens: number;
	readonly paid: number;
	readonly negativeOnly: boolean;
}

/** Adds up one bound; made once, because it is done so often. */
class Tally {
	bound = 0;
	slope = 0;
	private readonly table: Table;
	private readonly fixed: Float64Array;
	private readonly gas: Float64Array;
	/** Tokens of the candidate that was valued last. */
	private brings = 0;
	/** Of all origins, and of one. */
	private readonly picks: Picks;
	private readonly own: Picks;
	private readonly leastFixed = new WeakMap<Group, Float64Array>();
	private price = 0;
	private left = 0;

	constructor(table: Table, fixed: Float64Array, gas: Float64Array) {
		this.table = table;
		this.fixed = fixed;
		this.gas = gas;
		this.picks = new Picks(fixed.length);
		this.own = new Picks(fixed.length);
	}

	count(price: number, operationsLeft: number | 'any'): void {
		const { table, picks } = this;
		this.price = price;
		this.left = operationsLeft === 'any' ? Number.POSITIVE_INFINITY : operationsLeft;
		this.bound = price * table.need;
		this.slope = table.need;
		picks.clear(this.left);
		for (const group of table.members.list) this.countGroup(group, operationsLeft === 'any');
		const enough = picks.take(this.left);
		this.bound += picks.value;
		this.slope -= picks.tokens;
		this.bound -= FLOAT_ROOM * (Math.abs(this.bound) + price * (2 * table.need + Math.abs(this.slope)));
		if (!enough && operationsLeft !== 'any') this.bound = Number.POSITIVE_INFINITY;
	}

	/** What using a candidate adds at a price. */
	valueAt(price: number, index: number): number {
		const { table, fixed } = this;
		const corners = table.corners[index] ?? null;
		if (corners !== null) return this.valueOnCorners(price, index, corners);
		const gain = price - (table.rate[index] ?? 0);
		this.brings = (gain > 0 ? table.high[index] : table.low[index]) ?? 0;
		return (fixed[index] ?? 0) - gain * this.brings;
	}

	private valueOnCorners(price: number, index: number, corners: Float64Array): number {
		let least = Number.POSITIVE_INFINITY;
		for (let place = 0; place < corners.length; place += 2) {
			const arriving = corners[place] ?? 0;
			const value = (corners[place + 1] ?? 0) - price * arriving;
			if (value < least) [least, this.brings] = [value, arriving];
		}
		return (this.gas[index] ?? 0) + least;
	}

	private countGroup(group: Group, negativeOnly: boolean): void {
		const { table, own, price } = this;
		let [value, tokens, paid, chosen] = [0, 0, 0, 0];
		own.clear(this.left);
		for (const index of group.indices) {
			const status = table.status[index];
			const operations = table.operations[index] ?? 1;
			if (status === OUT || (status === OPEN && operations > this.left)) continue;
			const adds = this.valueAt(price, index);
			if (status === OPEN) own.offer(adds, this.brings, operations);
			else {
				value += adds;
				tokens += this.brings;
				paid += this.fixed[index] ?? 0;
				chosen += 1;
			}
		}
		// Together they cannot gain more than on all that can arrive from here.
		const most = (price - group.leastRate) * group.room;
		const isShared = group.isPlain && most > 0;
		if (chosen > 0 && isShared && paid - most > value) {
			value = paid - most;
			tokens = Math.min(tokens, group.room);
		}
		this.bound += value;
		this.slope -= tokens;
		this.offerOwn(group, { value, tokens, paid: isShared ? paid - most : Number.NEGATIVE_INFINITY, negativeOnly });
	}

	/** Offers each of the group's open candidates for what it adds to the better ones: alone, or where all share the room. */
	private offerOwn(group: Group, { value, tokens, paid, negativeOnly }: Inside): void {
		const { own, picks } = this;
		const least = own.length > 0 && paid > Number.NEGATIVE_INFINITY ? this.leastFixedOf(group) : null;
		let [added, brought] = [value, tokens];
		for (let place = 0; place < own.length; place += 1) {
			const alone = own.valueAt(place);
			const shared = least === null ? Number.NEGATIVE_INFINITY : paid + (least[place + 1] ?? 0) - added;
			const adds = alone > shared ? alone : shared;
			const brings = alone > shared ? own.tokensAt(place) : Math.max(0, group.room - brought);
			added += adds;
			brought += brings;
			if (!negativeOnly || adds < 0) picks.offer(adds, brings, own.sizeAt(place));
		}
	}

	/** By count, the least that so many of the group's candidates must be paid as their fixed parts. */
	private leastFixedOf(group: Group): Float64Array {
		const known = this.leastFixed.get(group);
		if (known !== undefined) return known;
		const sums = new Float64Array(group.indices.length + 1);
		const sorted = Float64Array.from(group.indices, (index) => this.fixed[index] ?? 0).sort();
		for (const [place, each] of sorted.entries()) sums[place + 1] = (sums[place] ?? 0) + each;
		this.leastFixed.set(group, sums);
		return sums;
	}
}
