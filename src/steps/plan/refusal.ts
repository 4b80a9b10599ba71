/** Why a demand has no plan, in words for a person. What could not be read or asked comes first: a shortage is only certain when all was known. */
import { type App, endOf, type UnreadVenues } from '../../app.ts';
import { availableOf, type Holding } from '../../inventory/available.ts';
import type { Demand } from '../../invoice/demand.ts';
import { offWords, type RouteUses } from '../../leg/breaker-change.ts';
import { amount, HUB_DECIMALS, ZERO } from '../../money/amount.ts';
import { formatAmount, powerOfTen } from '../../money/units.ts';
import type { BatchPlan } from '../../plan/plan.ts';
import type { Waiting } from '../../store/demands.ts';
import type { QuotedRoutes } from './quoted.ts';
import { offIn } from './route-health.ts';
import { assetsFor, endOfWay, type Way, waysOf } from './ways.ts';

/** What a planning run saw, and what it could not find out. */
export interface Sight {
	readonly quoted: QuotedRoutes;
	readonly unread: UnreadVenues;
	/** What the run saw of the inventory. */
	readonly holdings: readonly Holding[];
	/** Routes that may not simply be used. */
	readonly uses: RouteUses;
}

const UNCERTAIN: readonly Waiting['reason'][] = ['BALANCE_UNKNOWN', 'QUOTE_UNAVAILABLE', 'TIME_BUDGET'];

/** Whether the planner has proven that nothing covers the demand, with everything known. */
export function isCertain({ reason }: Waiting): boolean {
	return !UNCERTAIN.includes(reason);
}

/** Configured places whose last reading is too old to plan on, or that were never read. */
function staleVenues(app: App, asset: string, fresh: readonly Holding[]): UnreadVenues {
	const places = assetsFor(app.config, [asset]).flatMap((each) => [...(app.config.assets.get(each)?.venues.values() ?? [])]);
	const unread = places.filter((place) => !fresh.some((each) => each.venue === place.venue && each.asset === place.asset));
	return new Map(unread.map(({ venue }) => [venue, `no reading younger than ${app.config.planning.snapshotMaxAgeMs} ms`]));
}

type Refused = BatchPlan['unplanned'][number];

/** The stored reason. */
export function explain(app: App, demand: Demand, sight: Sight & { readonly refusal: Refused }): Waiting {
	const { refusal, quoted, unread, holdings } = sight;
	const blind = new Map([...staleVenues(app, demand.asset, holdings), ...unread]);
	const unknown = [...blind].map(([venue, problem]) => `${venue}: ${problem}`);
	if (unknown.length > 0) return { reason: 'BALANCE_UNKNOWN', detail: unknown.join('; ').slice(0, 1_000) };
	const destinations = new Set(demand.destinations.map((each) => each.venue));
	const ways = waysOf(app.config, demand.asset).filter((way) => destinations.has(endOfWay(way)));
	const hops = new Set(ways.flatMap(({ first, later }) => [first.id, ...later.map((hop) => hop.id)]));
	const unasked = [...quoted.unanswered].filter(([id]) => hops.has(id));
	if (unasked.length > 0) {
		return {
			reason: 'QUOTE_UNAVAILABLE',
			detail: unasked
				.map(([id, problem]) => `${id}: ${problem}`)
				.join('; ')
				.slice(0, 1_000),
		};
	}
	const off = offAmong(ways, sight);
	if (off.length > 0) return { reason: 'ROUTE_OFF', detail: off.join('; ').slice(0, 1_000) };
	const short = formatAmount(refusal.short, endOf(app, demand.asset, refusal.destination).decimals);
	// A route without funds at its origin is not asked, so the planner does not see it; it is there all the same.
	const isServed = ways.length > 0;
	const reason = refusal.reason === 'NO_ROUTE' && isServed ? shortageOf(demand, holdings) : refusal.reason;
	if (reason === 'UNPROFITABLE')
		return { reason, detail: `a plan would cost more than the ${worthOf(demand)} ${demand.asset} that it may` };
	return { reason, detail: `${short} ${demand.asset} short at ${refusal.destination}, where it comes nearest` };
}

/** Routes that are off and that funds could leave over, with the reason of each. */
function offAmong(ways: readonly Way[], { holdings, uses }: Sight): string[] {
	const isFunded = ({ first: { origin, asset } }: Way) =>
		holdings.some((each) => each.venue === origin && each.asset === asset && availableOf({ ...each, reserve: ZERO }) > 0n);
	const off = ways.filter(isFunded).flatMap((way) => offIn(way, uses));
	return [...new Set(off)].flatMap((route) => {
		const use = uses.get(route);
		return use === undefined ? [] : [`${route} is ${offWords(use)}`];
	});
}

/** Nothing can be brought from anywhere: either the reserve of a destination stands in the way, or there is simply too little. */
function shortageOf({ asset, destinations }: Demand, holdings: readonly Holding[]): Waiting['reason'] {
	const isCovered = destinations.some(({ venue, amount }) =>
		holdings.some((each) => each.venue === venue && each.asset === asset && availableOf({ ...each, reserve: ZERO }) >= amount),
	);
	return isCovered ? 'RESERVE' : 'INSUFFICIENT_FUNDS';
}

/** What a plan may cost, in token units, rounded down to the hub's scale. */
function worthOf({ maxCost }: Demand): string {
	if (maxCost === null) return '0';
	return formatAmount(amount((maxCost.numerator * powerOfTen(HUB_DECIMALS)) / maxCost.denominator), HUB_DECIMALS);
}
