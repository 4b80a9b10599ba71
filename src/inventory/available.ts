/**
 * The one `available` of everybody who spends: what a snapshot confirms, less the reserve, less the holds on confirmed funds.
 */
import { type Amount, add, amount, subtractToZero, ZERO } from '../money/amount.ts';
import type { Position } from './venue.ts';

/** What one position holds, in base units of the asset at the venue. */
export interface Holding extends Position {
	readonly confirmed: Amount;
	readonly reserve: Amount;
	/** Holds on confirmed funds only. */
	readonly held: Amount;
	/** On its way; reported, never counted. */
	readonly inbound: Amount;
	readonly blockNumber: bigint;
	/** Milliseconds since the snapshot was taken. */
	readonly ageMs: number;
}

/** Never below zero: a venue that owes more than it has offers nothing. */
export function availableOf(holding: Pick<Holding, 'confirmed' | 'reserve' | 'held'>): Amount {
	return subtractToZero(holding.confirmed, amount(holding.reserve + holding.held));
}

/** What came in with one transaction, in base units. */
export interface Arrival {
	readonly incoming: Amount;
	/** Of it, what is recorded as delivered or returned. */
	readonly claimed: Amount;
	/** When it was first seen; texts of instants that sort as the instants do. */
	readonly seenAt: string;
}

/** What is on its way, in base units that were promised, since when. */
export interface Awaited {
	readonly amount: Amount;
	readonly since: string;
}

/** An arrival of more than so many times what is on its way is not part of it: bridges bring a little more than promised, never a multiple. */
const FAR_MORE = 2n;

/**
 * What of the arrivals may be what is on its way, landed and not recorded yet: it is not free. The most that they could be, each whole, as a bridge may
 * bring more than was promised, and each for something that was on its way when it was seen. With nothing on its way everything is free.
 */
export function landedOf(arrivals: readonly Arrival[], awaited: readonly Awaited[]): Amount {
	const taken: Arrival[] = [];
	const unclaimed = arrivals.map((each) => ({ ...each, units: subtractToZero(each.incoming, each.claimed) }));
	const largestFirst = unclaimed.filter(({ units }) => units > 0n).sort((a, b) => (a.units < b.units ? 1 : a.units > b.units ? -1 : 0));
	let sum = ZERO;
	for (const arrival of largestFirst) {
		const possible = awaited.filter(({ since }) => since <= arrival.seenAt);
		const most = FAR_MORE * possible.reduce((total, { amount: units }) => add(total, units), ZERO);
		if (arrival.units > most || !canAllLand([...taken, arrival], awaited)) continue;
		taken.push(arrival);
		sum = add(sum, arrival.units);
	}
	return sum;
}

/** Whether there is something on its way for each of them, that was so when it was seen: the first few have so many to choose from, then the next. */
function canAllLand(arrivals: readonly Arrival[], awaited: readonly Awaited[]): boolean {
	const seen = arrivals.map(({ seenAt }) => seenAt).sort();
	return seen.every((seenAt, index) => awaited.filter(({ since }) => since <= seenAt).length > index);
}
