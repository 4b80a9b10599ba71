/** Whether what a decision rests on is still so. What cannot change it may have changed: somebody always reads, pays or evaluates something. Pure. */
import { availableOf } from '../../inventory/available.ts';
import { type Position, positionKey } from '../../inventory/venue.ts';
import type { Demand } from '../../invoice/demand.ts';
import type { Exact } from '../../plan/exact.ts';
import type { Plan } from '../../plan/plan.ts';
import type { Decision } from './decision.ts';
import { type Age, isOver, type QuotedRoutes } from './quoted.ts';
import { goesOverOff } from './route-health.ts';
import type { Snapshot } from './snapshot.ts';
import type { ShortEarmark } from './top-up.ts';

interface Moment {
	/** What `decision` was made on. */
	readonly seen: Snapshot;
	readonly now: Snapshot;
	readonly decision: Decision;
}

export function hasMoved({ seen, now, decision }: Moment): boolean {
	return (
		wordsOf(seen.short) !== wordsOf(now.short) ||
		placesOf(seen, decision).some((place) => availableAt(seen, place) !== availableAt(now, place)) ||
		seen.demands.some((demand) => isOutdated(demand, now, decision)) ||
		now.demands.some(({ id }) => !seen.demands.some((each) => each.id === id)) ||
		goesOverOff(plansOf(decision), now.uses)
	);
}

/** The positions that could be spent from. */
function placesOf({ demands, short }: Snapshot, { question }: Decision): readonly Position[] {
	const destinations = [...demands, ...short.map(({ demand }) => demand)].flatMap(({ asset, destinations: places }) =>
		places.map(({ venue }) => ({ venue, asset })),
	);
	return [...destinations, ...question.input.routes.map(({ origin, asset }) => ({ venue: origin, asset }))];
}

/** Null when it is unknown. */
function availableAt({ holdings }: Snapshot, place: Position): bigint | null {
	const found = holdings.find((each) => positionKey(each) === positionKey(place));
	return found === undefined ? null : availableOf(found);
}

function isOutdated(before: Demand, now: Snapshot, { batch }: Decision): boolean {
	const demand = now.demands.find(({ id }) => id === before.id);
	const refusal = batch.unplanned.find((each) => each.demand === before.id);
	// Without one that gets nothing the others get the same.
	if (demand === undefined) return refusal === undefined;
	if (destinationsOf(before) !== destinationsOf(demand)) return true;
	const plan = batch.plans.find((each) => each.demand === before.id);
	// Its worth changes with every evaluation: only what the answer hangs on counts.
	if (plan !== undefined) return isTooDear(plan, demand);
	return refusal?.reason === 'UNPROFITABLE' && (demand.maxCost === null || isMore(demand.maxCost, before.maxCost ?? demand.maxCost));
}

function isTooDear({ cost }: Plan, { maxCost }: Demand): boolean {
	return maxCost !== null && isMore(cost, maxCost);
}

function isMore(a: Exact, b: Exact): boolean {
	return a.numerator * b.denominator > b.numerator * a.denominator;
}

function destinationsOf({ destinations }: Demand): string {
	return destinations
		.map(({ venue, amount }) => `${venue} ${amount}`)
		.sort()
		.join();
}

function wordsOf(short: readonly ShortEarmark[]): string {
	return short
		.map(({ earmark, demand, failed, isEnded }) => [earmark.id, destinationsOf(demand), isEnded, ...failed].join(' '))
		.sort()
		.join('\n');
}

/** Whether a leg has been given up since for a quote that had moved: what was asked for before is not planned on any more. */
export function haveQuotesMoved(before: Snapshot, now: Snapshot): boolean {
	const movedBefore = (earmarkId: string) => before.short.find(({ earmark }) => earmark.id === earmarkId)?.moved ?? 0;
	return (
		now.short.some(({ earmark, moved }) => moved > movedBefore(earmark.id)) ||
		// Its earmark is gone, perhaps for this.
		now.demands.some(({ id }) => before.short.some(({ demand }) => demand.id === id))
	);
}

function plansOf({ topUps, batch }: Decision): readonly Plan[] {
	return [...topUps.map(({ answer }) => answer), batch].flatMap(({ plans }) => plans);
}

/** Whether a plan of the decision rests on a quote that is over. */
export function restsOnOver(decision: Decision, { quotes }: QuotedRoutes, age: Age): boolean {
	const routes = plansOf(decision).flatMap(({ legs }) => legs.flatMap(({ hops }) => hops.map(({ route }) => route)));
	return routes.some((route) => {
		const quoted = quotes.get(route);
		return quoted === undefined || isOver(quoted, age);
	});
}
