/**
 * Which demands can be paid at once, each whole at one of its destinations, from what is available and nothing else.
 * The answer is the lexicographic maximum, oldest first: a demand is paid if it can be paid together with every older
 * one that is. It needs no planner, no route and no bridge, so it works when all of these fail.
 */
import { positionKey, type VenueId } from '../inventory/venue.ts';
import type { Amount } from '../money/amount.ts';

/** The part of a demand that paying at once needs. */
export interface PayableDemand {
	/** Its own; nobody else's in the same question. */
	readonly id: string;
	/** What its source calls it, where that is not its id; another source may call one of its own the same. */
	readonly name?: string;
	readonly asset: string;
	/** Any unit of time, as long as it is the same for all. */
	readonly enqueuedAt: number;
	readonly destinations: readonly DemandDestination[];
}

interface DemandDestination {
	readonly venue: VenueId;
	/** Base units at this venue. */
	readonly amount: Amount;
}

export interface Payment {
	readonly id: string;
	readonly venue: VenueId;
	readonly amount: Amount;
}

/** `exact` is false when the budget ran out: then some younger demand may be missing that could have been paid too. */
interface PayableChoice {
	readonly payments: readonly Payment[];
	readonly exact: boolean;
}

/** Base units by `positionKey`. A position without an entry has nothing. */
type Available = ReadonlyMap<string, bigint>;

/** How many choices of a destination are looked at before first-fit decides for the rest. */
const PAYABLE_NODES = 200_000;

/** The demands to pay at once, oldest first; among the destinations that allow this, the smaller ones for the older demands. */
export function choosePayable(demands: readonly PayableDemand[], available: Available, nodes = PAYABLE_NODES): PayableChoice {
	const budget = { left: nodes, exhausted: false };
	const byAsset = new Map<string, PayableDemand[]>();
	for (const demand of [...demands].sort(byAge)) {
		const same = byAsset.get(demand.asset);
		if (same === undefined) byAsset.set(demand.asset, [demand]);
		else same.push(demand);
	}
	// Assets share no position, so each is a question of its own.
	const paid = new Map(
		[...byAsset.values()].flatMap((group) => chooseOfOneAsset(group, available, budget).map((each) => [each.id, each] as const)),
	);
	const payments = [...demands].sort(byAge).flatMap((demand) => paid.get(demand.id) ?? []);
	return { payments, exact: !budget.exhausted };
}

/**
 * Where each of the demands (oldest first) can be paid, all of them together: the smaller destinations for the older ones.
 * Null when they cannot, or when the budget ends first.
 */
function payAll(demands: readonly PayableDemand[], available: Available, budget: PayableBudget): readonly Payment[] | null {
	const left = new Map(available);
	// Who has one destination has no choice: paying these first shows at once what is left for the others.
	const forced = demands.filter((demand) => demand.destinations.length === 1);
	const chosen: Payment[] = [];
	for (const demand of forced) {
		const payment = payFirstFit(demand, left);
		if (payment === null || !spendNode(budget)) return null;
		chosen.push(payment);
		move(left, keyOf(demand, payment.venue), -payment.amount);
	}
	const free = payFree(
		demands.filter(({ destinations }) => destinations.length !== 1),
		{ left, budget },
	);
	return free === null ? null : [...chosen, ...free];
}

/** Depth first, without recursion: thousands of demands are no reason to run out of stack. */
function payFree(
	demands: readonly PayableDemand[],
	{ left, budget }: { left: Map<string, bigint>; budget: PayableBudget },
): Payment[] | null {
	const options = demands.map(inOrder);
	const places = [...new Set(demands.flatMap((demand) => demand.destinations.map(({ venue }) => keyOf(demand, venue))))];
	const stateAt = (level: number): string => `${level}:${places.map((place) => left.get(place) ?? 0n).join()}`;
	const most = mostWanted(demands);
	// Only where less is left than somebody wants there, somebody may have lost his last place.
	let isTight = true;
	const refuted = new Set<string>();
	const chosen: Payment[] = [];
	const tried = demands.map(() => 0);
	for (let level = 0; level < demands.length; ) {
		const demand = demands[level];
		if (demand === undefined) return null;
		const isNew = tried[level] === 0;
		const isHopeless = isNew && (refuted.has(stateAt(level)) || (isTight && !eachFitsAlone(demands, level, left)));
		const payment = isHopeless ? null : nextFitting(demand, { options: options[level] ?? [], tried, level, left });
		if (payment !== null) {
			if (!spendNode(budget)) return null;
			const key = keyOf(demand, payment.venue);
			chosen.push(payment);
			move(left, key, -payment.amount);
			isTight = (left.get(key) ?? 0n) < (most.get(key) ?? 0n);
			level += 1;
			continue;
		}
		refuted.add(stateAt(level));
		tried[level] = 0;
		level -= 1;
		const [back, before] = [chosen.pop(), demands[level]];
		if (back === undefined || before === undefined) return null;
		move(left, keyOf(before, back.venue), back.amount);
	}
	return chosen;
}

function mostWanted(demands: readonly PayableDemand[]): ReadonlyMap<string, bigint> {
	const most = new Map<string, bigint>();
	for (const demand of demands) {
		for (const { venue, amount } of demand.destinations) {
			const key = keyOf(demand, venue);
			if (amount > (most.get(key) ?? 0n)) most.set(key, amount);
		}
	}
	return most;
}

interface Trying {
	readonly options: readonly DemandDestination[];
	readonly tried: number[];
	readonly level: number;
	readonly left: Available;
}

/** The next destination not tried at this level where there is enough. */
function nextFitting(demand: PayableDemand, { options, tried, level, left }: Trying): Payment | null {
	for (let next = tried[level] ?? 0; next < options.length; next += 1) {
		const option = options[next];
		tried[level] = next + 1;
		if (option !== undefined && (left.get(keyOf(demand, option.venue)) ?? 0n) >= option.amount) return { id: demand.id, ...option };
	}
	return null;
}

function move(left: Map<string, bigint>, key: string, units: bigint): void {
	left.set(key, (left.get(key) ?? 0n) + units);
}

/** Counts down the choices that may still be looked at. */
interface PayableBudget {
	left: number;
	exhausted: boolean;
}

type Aged = Pick<PayableDemand, 'enqueuedAt' | 'id' | 'name'>;

/** Older first; of the same age, the smaller name by code point, and of the same name the smaller id. */
export function byAge(a: Aged, b: Aged): number {
	if (a.enqueuedAt !== b.enqueuedAt) return a.enqueuedAt - b.enqueuedAt;
	return compareCodePoints(a.name ?? a.id, b.name ?? b.id) || compareCodePoints(a.id, b.id);
}

/** Order by Unicode code point; `<` on strings orders by UTF-16 unit, which differs beyond the basic plane. */
export function compareCodePoints(a: string, b: string): number {
	if (a === b) return 0;
	let index = 0;
	while (index < a.length && index < b.length && a.charCodeAt(index) === b.charCodeAt(index)) index += 1;
	// A differing second half of a pair is compared as such: the first halves are equal, so its order is the code point's.
	return rank(a.charCodeAt(index)) - rank(b.charCodeAt(index));
}

/** Surrogates stand for code points above every other unit; the end of a text is before everything. */
function rank(unit: number): number {
	if (Number.isNaN(unit)) return -1;
	return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}

function chooseOfOneAsset(demands: readonly PayableDemand[], available: Available, budget: PayableBudget): readonly Payment[] {
	const accepted: PayableDemand[] = [];
	let payments: readonly Payment[] = [];
	let left = new Map(available);
	for (const demand of demands) {
		const quick = payFirstFit(demand, left);
		const found = quick === null ? payAll([...accepted, demand], available, budget) : [...payments, quick];
		if (found === null) continue;
		accepted.push(demand);
		payments = found;
		if (quick === null) left = new Map(available);
		for (const payment of quick === null ? found : [quick]) {
			const key = positionKey({ venue: payment.venue, asset: demand.asset });
			left.set(key, (left.get(key) ?? 0n) - payment.amount);
		}
	}
	// The set is decided; now every older demand gets the smallest destination that leaves room for the rest.
	const decided = payAll(accepted, available, budget) ?? payments;
	return budget.exhausted ? topUpFirstFit(demands, decided, available) : decided;
}

/** After an unproven choice: whoever still fits is paid, so that no demand waits beside funds that could pay it. */
function topUpFirstFit(demands: readonly PayableDemand[], payments: readonly Payment[], available: Available): readonly Payment[] {
	const left = new Map(available);
	const paid = new Map(payments.map((payment) => [payment.id, payment]));
	const spend = (demand: PayableDemand, { venue, amount }: Payment): void => {
		const key = keyOf(demand, venue);
		left.set(key, (left.get(key) ?? 0n) - amount);
	};
	for (const demand of demands) {
		const payment = paid.get(demand.id);
		if (payment !== undefined) spend(demand, payment);
	}
	for (const demand of demands) {
		const payment = paid.has(demand.id) ? null : payFirstFit(demand, left);
		if (payment === null) continue;
		spend(demand, payment);
		paid.set(demand.id, payment);
	}
	return [...paid.values()];
}

function payFirstFit(demand: PayableDemand, left: Available): Payment | null {
	const fitting = inOrder(demand).find(({ venue, amount }) => (left.get(keyOf(demand, venue)) ?? 0n) >= amount);
	return fitting === undefined ? null : { id: demand.id, venue: fitting.venue, amount: fitting.amount };
}

function eachFitsAlone(demands: readonly PayableDemand[], from: number, left: Available): boolean {
	return demands
		.slice(from)
		.every((demand) => demand.destinations.some(({ venue, amount }) => (left.get(keyOf(demand, venue)) ?? 0n) >= amount));
}

function inOrder(demand: PayableDemand): readonly DemandDestination[] {
	return [...demand.destinations].sort((a, b) => compareCodePoints(a.venue, b.venue));
}

function keyOf(demand: PayableDemand, venue: VenueId): string {
	return positionKey({ venue, asset: demand.asset });
}

function spendNode(budget: PayableBudget): boolean {
	if (budget.left <= 0) {
		budget.exhausted = true;
		return false;
	}
	budget.left -= 1;
	return true;
}
