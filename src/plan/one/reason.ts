/**
 * Why a demand has no plan, decided at the destination where it comes nearest: the first limit that alone stands in the way.
 */
import { positionKey } from '../../inventory/venue.ts';
import { unboundedAmount } from '../../money/amount.ts';
import type { Demand } from '../demand.ts';
import type { PlanLimits, RefusalReason, Refused } from '../plan.ts';
import type { Budget } from './budget.ts';
import type { Market } from './candidate.ts';
import { coverDemand } from './cover.ts';
import { mostArriving } from './most.ts';
import { type Lift, marketsOf, type Outlook } from './network.ts';

const LIFTS: readonly (readonly [Lift, RefusalReason])[] = [
	['reserve', 'RESERVE'],
	['maximum', 'ABOVE_MAXIMUM'],
	['minimum', 'BELOW_MINIMUM'],
	['tolerance', 'SLIPPAGE'],
];

interface Circumstances {
	readonly limits: PlanLimits;
	/** Whether it is proven that nothing covers the demand. */
	readonly exact: boolean;
}

/** The refusal of a demand for which no plan was found. */
export function refusalOf(outlook: Outlook, demand: Demand, { limits, exact }: Circumstances): Refused {
	const budget: Budget = { left: limits.nodes, exact: true };
	const nearest = nearestOf(marketsOf(outlook, demand, false), budget);
	const place = { destination: nearest.market.need.venue, short: unboundedAmount(nearest.short) };
	const refuse = (reason: RefusalReason): Refused => ({ kind: 'refused', exact: exact && budget.exact, reason, ...place });
	if (!hasRoute(outlook, demand)) return refuse('NO_ROUTE');
	if (!exact) return refuse('TIME_BUDGET');
	const there = { ...demand, destinations: demand.destinations.filter(({ venue }) => venue === place.destination) };
	if (demand.maxCost !== null && isCovered(outlook, { ...there, maxCost: null }, budget)) return refuse('UNPROFITABLE');
	const lifted = LIFTS.find(([lift]) => isCovered({ ...outlook, lift }, there, budget));
	return refuse(lifted?.[1] ?? 'INSUFFICIENT_FUNDS');
}

/** The destination with the least short; among equals the first in the order of ties. */
function nearestOf(places: readonly { market: Market }[], budget: Budget): { market: Market; short: bigint } {
	const shorts = places.map(({ market }) => {
		const short = market.need.units - mostArriving(market, budget);
		return { market, short: short > 0n ? short : 0n };
	});
	const [first, ...rest] = shorts;
	if (first === undefined) throw new RangeError('a demand without destinations cannot be refused at one');
	// Tokens are compared, not base units: destinations may differ in decimals.
	return rest.reduce(
		(best, each) => (each.short * best.market.unitsPerToken < best.short * each.market.unitsPerToken ? each : best),
		first,
	);
}

function isCovered(outlook: Outlook, demand: Demand, budget: Budget): boolean {
	const markets = marketsOf(outlook, demand, false).map(({ market }) => market);
	if (markets.some(({ need }) => need.units <= 0n)) return true;
	if (!markets.some((market) => mostArriving(market, budget) >= market.need.units)) return false;
	return demand.maxCost === null || coverDemand(outlook, demand, { budget, anyWill: true }) !== null;
}

function hasRoute({ network }: Outlook, demand: Demand): boolean {
	return demand.destinations.some(({ venue }) => network.isReached(positionKey({ venue, asset: demand.asset })));
}
