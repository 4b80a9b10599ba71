/**
 * Every plan there is, tried one after the other straight from the contract's definition. Only for instances whose origins
 * hold a handful of base units; it shares no code with the planner.
 */
import { powerOfTen } from '../../src/money/units.ts';
import type { Demand } from '../../src/plan/demand.ts';
import type { PlanInput } from '../../src/plan/one/network.ts';
import type { DirectRoute, Route } from '../../src/plan/route.ts';

/** Money in 10^-6 tokens: instances use at most 2 decimals, and gas of at most 2. */
const SCALE = 1_000_000n;

export interface Witness {
	readonly slow: number;
	readonly operations: number;
	readonly cost: bigint;
	readonly sent: bigint;
	readonly destination: string;
	readonly routes: readonly string[];
	readonly sends: readonly bigint[];
}

interface Option {
	readonly send: bigint;
	readonly receive: bigint;
	readonly cost: bigint;
}

interface Choosable {
	readonly id: string;
	readonly origin: string;
	readonly sendUnit: bigint;
	readonly hops: readonly DirectRoute[];
	readonly slow: number;
	readonly options: readonly Option[];
}

/** The best plan by the goals, or null. `most` is what can be brought at most, by destination, in base units. */
export function exhaust(input: PlanInput, demand: Demand): { best: Witness | null; most: Map<string, bigint> } {
	const available = new Map(
		input.inventory.map((row) => {
			const free = row.confirmed - row.reserve - row.held;
			return [`${row.asset}@${row.venue}`, free > 0n ? free : 0n];
		}),
	);
	let best: Witness | null = null;
	const most = new Map<string, bigint>();
	for (const { venue, amount } of demand.destinations) {
		const need = amount - (available.get(`${demand.asset}@${venue}`) ?? 0n);
		for (const taken of combinations(choosables(input, available, { venue, asset: demand.asset }), available)) {
			const brought = taken.reduce((sum, { option }) => sum + option.receive, 0n);
			if (brought > (most.get(venue) ?? 0n)) most.set(venue, brought);
			const witness = brought < need || taken.length === 0 ? null : witnessOf(taken, venue);
			if (witness !== null && isWorth(witness, demand) && (best === null || compare(witness, best) < 0)) best = witness;
		}
	}
	return { best, most };
}

interface Taken {
	readonly choice: Choosable;
	readonly option: Option;
}

/** Every way to use some of the routes, each with every send that its origin can still afford. */
export function combinations(
	[choice, ...rest]: readonly Choosable[],
	available: ReadonlyMap<string, bigint>,
): readonly (readonly Taken[])[] {
	if (choice === undefined) return [[]];
	return combinations(rest, available).flatMap((taken) => {
		if (choice.hops.some((hop) => taken.some((each) => each.choice.hops.includes(hop)))) return [taken];
		const spent = taken.filter((each) => each.choice.origin === choice.origin).reduce((sum, { option }) => sum + option.send, 0n);
		const affordable = choice.options.filter((option) => spent + option.send <= (available.get(choice.origin) ?? 0n));
		return [taken, ...affordable.map((option) => [{ choice, option }, ...taken])];
	});
}

export function witnessOf(taken: readonly Taken[], destination: string): Witness {
	return {
		slow: Math.max(...taken.map((each) => each.choice.slow)),
		operations: taken.reduce((sum, each) => sum + each.choice.hops.length, 0),
		cost: taken.reduce((sum, { option }) => sum + option.cost, 0n),
		sent: taken.reduce((sum, { choice, option }) => sum + option.send * choice.sendUnit, 0n),
		destination,
		routes: taken.map((each) => each.choice.id),
		sends: taken.map(({ option }) => option.send),
	};
}

export function isWorth({ cost }: Witness, { maxCost }: Demand): boolean {
	return maxCost === null || cost * maxCost.denominator <= maxCost.numerator * SCALE;
}

function compare(a: Witness, b: Witness): number {
	const keys = (w: Witness): readonly (number | bigint | string)[] => [
		w.slow,
		w.operations,
		w.cost,
		w.sent,
		w.destination,
		...w.routes,
		...w.sends,
	];
	const [one, other] = [keys(a), keys(b)];
	for (const [index, value] of one.entries()) {
		const against = other[index];
		if (against === undefined || value === against) continue;
		return value < against ? -1 : 1;
	}
	return 0;
}

export function choosables(
	input: PlanInput,
	available: ReadonlyMap<string, bigint>,
	place: { venue: string; asset: string },
): readonly Choosable[] {
	const direct = new Map(input.routes.flatMap((route) => ('via' in route ? [] : [[route.id, route] as const])));
	const hopsOf = (route: Route): readonly DirectRoute[] =>
		'via' in route ? route.via.map((id) => direct.get(id) as DirectRoute) : [route];
	return [...input.routes]
		.sort((a, b) => (a.id < b.id ? -1 : 1))
		.map((route) => ({ route, hops: hopsOf(route) }))
		.filter(({ hops }) => hops.at(-1)?.destination === place.venue && hops.at(-1)?.toAsset === place.asset)
		.map(({ route, hops }) => {
			const origin = `${route.asset}@${route.origin}`;
			const options: Option[] = [];
			for (let send = 1n; send <= (available.get(origin) ?? 0n); send += 1n) {
				const option = follow(input, hops, send);
				if (option !== null) options.push(option);
			}
			const seconds = hops.reduce((sum, hop) => sum + hop.seconds, 0);
			return { id: route.id, origin, sendUnit: unitOf(input, origin), hops, slow: seconds > input.fastWindowSeconds ? 1 : 0, options };
		});
}

function follow(input: PlanInput, hops: readonly DirectRoute[], first: bigint): Option | null {
	let current = first;
	let cost = 0n;
	for (const hop of hops) {
		const [from, to] = [unitOf(input, `${hop.asset}@${hop.origin}`), unitOf(input, `${hop.toAsset}@${hop.destination}`)];
		const sent = current * from;
		const within =
			sent * hop.minimum.denominator >= hop.minimum.numerator * SCALE && sent * hop.maximum.denominator <= hop.maximum.numerator * SCALE;
		const onStep = (sent * hop.step.denominator) % (hop.step.numerator * SCALE) === 0n;
		const common = hop.fee.denominator * hop.fixedFee.denominator;
		const net = sent * common - sent * hop.fee.numerator * hop.fixedFee.denominator - hop.fixedFee.numerator * SCALE * hop.fee.denominator;
		if (!within || !onStep || net <= 0n) return null;
		const receive = net / (common * to);
		const lost = sent - receive * to;
		if (receive <= 0n || lost * hop.tolerance.denominator > sent * hop.tolerance.numerator) return null;
		cost += lost + (hop.gasCost.numerator * SCALE) / hop.gasCost.denominator;
		current = receive;
	}
	return { send: first, receive: current, cost };
}

/** One base unit in 10^-6 tokens. */
export function unitOf(input: PlanInput, key: string): bigint {
	return SCALE / powerOfTen(input.decimals.get(key) ?? Number.NaN);
}
