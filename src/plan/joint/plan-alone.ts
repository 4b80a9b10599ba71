/** The plan that is best for one demand alone on what is left, by the goal of the batch. */
import { positionKey } from '../../inventory/venue.ts';
import { powerOfTen } from '../../money/units.ts';
import type { Demand } from '../demand.ts';
import { type Outlook, outlookAvailable } from '../one/network.ts';
import { findPlan } from '../one/plan-one.ts';
import type { Goal, Plan, PlanLimits } from '../plan.ts';
import { decimalsAt } from '../route.ts';

interface Found {
	readonly plan: Plan | null;
	/** Whether nothing better (or, without a plan, nothing at all) is proven to exist. */
	readonly exact: boolean;
}

/**
 * Where values count, the places with the largest amount come first. What is there already is never enough at once, except
 * for a demand that is kept from being paid: such a place is left out, because a plan has a leg.
 */
export function planAlone(outlook: Outlook, demand: Demand, { goal, limits }: { goal: Goal; limits: PlanLimits }): Found {
	let exact = true;
	for (const destinations of goal === 'age' ? [demand.destinations] : byValue(outlook, demand)) {
		const short = destinations.filter(({ venue, amount }) => !isThere(outlook, { venue, asset: demand.asset, amount }));
		// With what is there and one leg it might be the best place of all: nobody has looked.
		if (short.length < destinations.length) exact = false;
		if (short.length === 0) continue;
		const found = findPlan(outlook, { ...demand, destinations: short }, limits);
		exact &&= found.exact;
		if (found.plan !== null) return { plan: found.plan, exact };
	}
	return { plan: null, exact };
}

function isThere(outlook: Outlook, { venue, asset, amount }: { venue: string; asset: string; amount: bigint }): boolean {
	return (outlookAvailable(outlook).get(positionKey({ venue, asset })) ?? 0n) >= amount;
}

/** Destinations in groups of the same value, the largest first. */
function byValue({ network }: Outlook, { asset, destinations }: Demand): readonly Demand['destinations'][] {
	const { decimals } = network.input;
	const finest = Math.max(...destinations.map(({ venue }) => decimalsAt(decimals, venue, asset)));
	const groups = new Map<bigint, Demand['destinations'][number][]>();
	for (const destination of destinations) {
		const value = destination.amount * powerOfTen(finest - decimalsAt(decimals, destination.venue, asset));
		groups.set(value, [...(groups.get(value) ?? []), destination]);
	}
	return [...groups].sort(([a], [b]) => (a < b ? 1 : -1)).map(([, group]) => group);
}
