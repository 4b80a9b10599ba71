/**
 * The best arrangement of a few demands, proven: every way to give each demand one of its places, or none, best cover first.
 */
import { positionKey, type VenueId } from '../../inventory/venue.ts';
import { compareCodePoints, type Payment } from '../../invoice/payable.ts';
import type { Amount } from '../../money/amount.ts';
import { powerOfTen } from '../../money/units.ts';
import { addUnits, fundsLess, type Units } from '../available.ts';
import type { Demand } from '../demand.ts';
import type { Network } from '../one/network.ts';
import type { Goal } from '../plan.ts';
import { decimalsAt } from '../route.ts';
import { arenaOf, moneyScaleFor } from './arena.ts';
import type { Effort } from './choose.ts';
import { bestCover } from './climb.ts';
import type { Cover } from './cover.ts';

interface Arrangement {
	readonly payments: readonly Payment[];
	/** Null when nothing is covered but what is paid. */
	readonly cover: Cover | null;
}

interface Contest {
	readonly network: Network;
	/** Oldest first. */
	readonly demands: readonly Demand[];
	/** Of whom it is decided that they are paid at once. */
	readonly paid: ReadonlySet<string>;
	readonly goal: Goal;
}

/** Payments that may be made together, and what they leave to the others. */
interface Paying {
	readonly payments: readonly Payment[];
	readonly used: Units;
	readonly value: bigint;
}

/** Places for some of the demands that are not paid at once. */
interface Seating {
	readonly seats: readonly { demand: Demand; venue: VenueId; amount: Amount }[];
	readonly value: bigint;
}

/** The best arrangement by all goals; certain only while the effort stays exact. */
export function arrangeExactly(contest: Contest, effort: Effort): Arrangement {
	const moneyScale = moneyScaleFor(contest.network, contest.demands);
	const payings = payingsOf(contest, moneyScale);
	const groups = new Map<string, { seating: Seating; paying: Paying }[]>();
	for (const paying of payings) {
		for (const seating of seatingsOf(contest, moneyScale)) {
			const key = contest.goal === 'age' ? seatedBits(contest, seating) : `${paying.value + seating.value}`;
			groups.set(key, [...(groups.get(key) ?? []), { seating, paying }]);
		}
	}
	for (const key of [...groups.keys()].sort(contest.goal === 'age' ? compareCodePoints : smallerNumber).reverse()) {
		const found = bestOf(contest, { group: groups.get(key) ?? [], moneyScale, effort });
		if (found !== null) return found;
	}
	return { payments: payings[0]?.payments ?? [], cover: null };
}

interface Group {
	readonly group: readonly { seating: Seating; paying: Paying }[];
	readonly moneyScale: bigint;
	readonly effort: Effort;
}

function bestOf({ network, demands }: Contest, { group, moneyScale, effort }: Group): Arrangement | null {
	const [first] = group;
	if (first === undefined) return null;
	if (group.some(({ seating }) => seating.seats.length === 0)) return { payments: firstPaying(group).payments, cover: null };
	const payingOf = new Map(
		group.map(({ seating, paying }) => [
			arenaOf({ network, moneyScale, available: fundsLess(network.free('kept'), paying.used), standing: paying.payments }, seating.seats),
			paying,
		]),
	);
	const cover = bestCover([...payingOf.keys()], demands, effort);
	if (cover === null) return null;
	return { payments: payingOf.get(cover.arena)?.payments ?? [], cover };
}

function firstPaying(group: Group['group']): Paying {
	const empty = group.find(({ seating }) => seating.seats.length === 0);
	return empty?.paying ?? { payments: [], used: new Map(), value: 0n };
}

function seatedBits({ demands }: Contest, { seats }: Seating): string {
	return demands.map((demand) => (seats.some((seat) => seat.demand === demand) ? '1' : '0')).join('');
}

function smallerNumber(a: string, b: string): number {
	const difference = BigInt(a) - BigInt(b);
	return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

function seatingsOf({ network, demands, paid }: Contest, moneyScale: bigint): readonly Seating[] {
	const arrivals = new Set(network.paths().map((path) => path.arrivalKey));
	let seatings: readonly Seating[] = [{ seats: [], value: 0n }];
	for (const demand of demands.filter(({ id }) => !paid.has(id))) {
		const places = placesOf(demand).filter(({ venue }) => arrivals.has(positionKey({ venue, asset: demand.asset })));
		const units = (venue: VenueId): bigint => moneyScale / powerOfTen(decimalsAt(network.input.decimals, venue, demand.asset));
		seatings = seatings.flatMap((seating) => [
			...places.map(({ venue, amount }) => ({
				seats: [...seating.seats, { demand, venue, amount }],
				value: seating.value + amount * units(venue),
			})),
			seating,
		]);
	}
	return seatings;
}

/** All ways to pay those that are paid, in the order of ties; of those that leave the same to the others, the first. */
function payingsOf(contest: Contest, moneyScale: bigint): readonly Paying[] {
	const { network, demands, paid } = contest;
	const available = network.free('kept');
	const wanted = wantedPlaces(contest);
	const payable = demands.filter(({ id }) => paid.has(id));
	let payings: readonly Paying[] = [{ payments: [], used: new Map(), value: 0n }];
	for (const demand of payable) {
		const places = worthwhilePlaces(contest, demand, { wanted, available, rivals: payable.length });
		payings = payings.flatMap((paying) =>
			places.flatMap(({ venue, amount }) => {
				const key = positionKey({ venue, asset: demand.asset });
				if ((available.get(key) ?? 0n) - (paying.used.get(key) ?? 0n) < amount) return [];
				const value = paying.value + amount * (moneyScale / powerOfTen(decimalsAt(network.input.decimals, venue, demand.asset)));
				const used = addUnits(paying.used, new Map([[key, amount]]));
				return [{ payments: [...paying.payments, { id: demand.id, venue, amount }], used, value }];
			}),
		);
	}
	const different = new Map<string, Paying>();
	for (const paying of payings) {
		const left = [...paying.used].filter(([place, units]) => units > 0n && wanted.has(place)).sort(([a], [b]) => compareCodePoints(a, b));
		const name = `${contest.goal === 'value' ? paying.value : ''} ${left.map(([place, units]) => `${place} ${units}`).join('\n')}`;
		if (!different.has(name)) different.set(name, paying);
	}
	return [...different.values()];
}

/** Where it matters to the others what is left: the origins of all paths, and where those who are not paid could be covered. */
function wantedPlaces({ network, demands, paid }: Contest): ReadonlySet<string> {
	const others = demands.filter(({ id }) => !paid.has(id));
	const places = others.flatMap((demand) => demand.destinations.map(({ venue }) => positionKey({ venue, asset: demand.asset })));
	const reached = places.filter((place) => network.pathsTo(place).length > 0);
	return new Set([...reached, ...reached.flatMap((place) => network.pathsTo(place).map((path) => path.originKey))]);
}

interface Rivalry {
	readonly wanted: ReadonlySet<string>;
	readonly available: Units;
	/** How many are paid: of so many places for one of them, one is always free of the others. */
	readonly rivals: number;
}

/** In the order of ties: all that others want, and of the rest only as many as the other payments could take. */
function worthwhilePlaces({ goal, network }: Contest, demand: Demand, { wanted, available, rivals }: Rivalry): ReturnType<typeof placesOf> {
	const keyOf = (venue: VenueId): string => positionKey({ venue, asset: demand.asset });
	const tokensOf = ({ venue, amount }: { venue: VenueId; amount: bigint }) => ({
		units: amount,
		perToken: powerOfTen(decimalsAt(network.input.decimals, venue, demand.asset)),
	});
	const affordable = placesOf(demand).filter(({ venue, amount }) => (available.get(keyOf(venue)) ?? 0n) >= amount);
	const free = affordable.filter(({ venue }) => !wanted.has(keyOf(venue)));
	if (goal === 'value') {
		free.sort((a, b) => {
			const [one, other] = [tokensOf(a), tokensOf(b)];
			const difference = other.units * one.perToken - one.units * other.perToken;
			return difference > 0n ? 1 : difference < 0n ? -1 : 0;
		});
	}
	const kept = new Set(free.slice(0, rivals));
	return affordable.filter((place) => kept.has(place) || wanted.has(keyOf(place.venue)));
}

function placesOf(demand: Demand): readonly { venue: VenueId; amount: Amount }[] {
	return [...demand.destinations].sort((a, b) => compareCodePoints(a.venue, b.venue));
}
