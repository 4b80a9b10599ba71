/** The other ways to cover one demand, each a small search of its own. */
import { positionKey, type VenueId } from '../../inventory/venue.ts';
import { compareCodePoints } from '../../invoice/payable.ts';
import type { Amount } from '../../money/amount.ts';
import { formatAmount } from '../../money/units.ts';
import type { Units } from '../available.ts';
import type { Demand } from '../demand.ts';
import { formatExact } from '../exact.ts';
import { drawbackOf, type Yardstick } from '../one/compare-plans.ts';
import { endsOf, type Network, type Outlook, outlookAvailable } from '../one/network.ts';
import { planOn } from '../one/plan-one.ts';
import type { Plan, PlanLimits } from '../plan.ts';
import { decimalsAt, isVia, type Route } from '../route.ts';
import type { Alternative, Way } from './alternative.ts';

export interface Scene extends Yardstick {
	readonly network: Network;
	readonly demand: Demand;
	/** What the demand got; null when it was refused. */
	readonly plan: Plan | null;
	/** What payments use, and what they and the plans of all other demands use. */
	readonly paid: Units;
	readonly others: Units;
}

/** What a small search does not find in so many choices is not worth a line. */
const LIMITS: PlanLimits = { nodes: 2_000 };

/** Not run yet: whoever asks decides how many are worth their time. */
type Search = () => readonly Alternative[];

/** At each destination but the one that is explained anyway, and without each route of the plan; the better answers first. */
export function searchesOf(scene: Scene, explained: VenueId): readonly Search[] {
	const { demand, plan, network, others } = scene;
	const destinations = demand.destinations
		.filter(({ venue }) => venue !== explained)
		.sort((a, b) => compareCodePoints(a.venue, b.venue))
		.map((place): Search => {
			const there = { ...demand, destinations: [place] };
			return () => searched(scene, { network, used: others }, { kind: 'destination', name: place.venue, demand: there });
		});
	const without = (plan?.legs ?? []).map(({ route }): Search => {
		return () => searched(scene, { network: networkWithout(network, route), used: others }, { kind: 'without', name: route, demand });
	});
	return [() => alone(scene), ...destinations, ...without];
}

interface Asked {
	readonly kind: 'destination' | 'without';
	readonly name: string;
	readonly demand: Demand;
}

function searched(scene: Scene, outlook: Outlook, { kind, name, demand }: Asked): readonly Alternative[] {
	if (isPayable(outlook, demand)) return [];
	const found = planOn(outlook, demand, LIMITS);
	if (found.kind === 'refused') {
		const short = textIn(scene, found.short, { venue: found.destination, asset: demand.asset });
		return [{ kind, name, code: found.reason, short }];
	}
	// Better than what was chosen, on the same funds: then the choice was not proven.
	const drawback = scene.plan === null ? null : drawbackOf(scene, scene.plan, found.plan);
	return [{ kind, name, code: drawback ?? 'TIME_BUDGET', way: wayOf(scene, found.plan) }];
}

/** What it would have got without the other plans, if that is better. */
function alone(scene: Scene): readonly Alternative[] {
	const { network, demand, plan, paid, others } = scene;
	const outlook = { network, used: paid };
	const isAlone = [...others].every(([key, units]) => units === (paid.get(key) ?? 0n));
	if (isAlone || isPayable(outlook, demand)) return [];
	const found = planOn(outlook, demand, LIMITS);
	if (found.kind === 'refused' || (plan !== null && drawbackOf(scene, plan, found.plan) !== null)) return [];
	return [{ kind: 'alone', name: found.plan.destination, code: 'OTHERS_FIRST', way: wayOf(scene, found.plan) }];
}

/** The planner is not asked about such a demand; only a result that is not proven leaves one unpaid. */
function isPayable(outlook: Outlook, demand: Demand): boolean {
	const available = outlookAvailable(outlook);
	return demand.destinations.some(({ venue, amount }) => (available.get(positionKey({ venue, asset: demand.asset })) ?? 0n) >= amount);
}

function networkWithout(network: Network, id: string): Network {
	const stays = (route: Route) => route.id !== id && !(isVia(route) && route.via.includes(id));
	const routes = network.input.routes.filter(stays);
	const ends = endsOf(routes);
	return {
		...network,
		input: { ...network.input, routes },
		paths: (lift) => network.paths(lift).filter(({ route }) => stays(route)),
		isReached: (place) => ends.has(place),
		pathsTo: (place, lift) => network.pathsTo(place, lift).filter(({ route }) => stays(route)),
	};
}

function wayOf(scene: Scene, { destination, asset, local, legs, operations, cost, seconds }: Plan): Way {
	return {
		...{ destination, local: textIn(scene, local, { venue: destination, asset }) },
		legs: legs.map(({ route, origin, asset: sent, send, receive }) => ({
			...{
				route,
				send: textIn(scene, send, { venue: origin, asset: sent }),
				receive: textIn(scene, receive, { venue: destination, asset }),
			},
		})),
		...{ operations, cost: formatExact(cost), seconds },
	};
}

function textIn({ input }: Scene, units: Amount, { venue, asset }: { venue: VenueId; asset: string }): string {
	return formatAmount(units, decimalsAt(input.decimals, venue, asset));
}
