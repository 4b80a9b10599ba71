/** Why routes that lead to a demand carry nothing for it. */
import { positionKey } from '../../inventory/venue.ts';
import { compareCodePoints } from '../../invoice/payable.ts';
import type { Funds } from '../available.ts';
import type { Demand } from '../demand.ts';
import { isVia, type Route } from '../route.ts';
import { type Lift, type Network, outlookAvailable } from './network.ts';
import { type Path, pathSendFrom } from './path.ts';

/** The first that alone would make it usable; `FEES`: whatever is sent, nothing arrives; `NO_FUNDS`: none of these helps. */
export type RouteProblem = 'FEES' | 'OTHERS_FIRST' | 'RESERVE' | 'ABOVE_MAXIMUM' | 'BELOW_MINIMUM' | 'SLIPPAGE' | 'NO_FUNDS';

interface RouteProblems {
	/** By route id; a route is not here when something could be sent over it, by itself. */
	readonly problems: readonly { readonly route: string; readonly code: RouteProblem }[];
	/** Routes that were not looked at. */
	readonly unseen: number;
}

const LIMITS = [
	['maximum', 'ABOVE_MAXIMUM'],
	['minimum', 'BELOW_MINIMUM'],
	['tolerance', 'SLIPPAGE'],
] as const;

const MOST_ROUTES_ASKED = 500;

/** Asks about all routes that lead to a demand when others use so much. What is the same for all demands is found out once. */
export function routeProblemsOn(network: Network): (demand: Demand, used: Funds) => RouteProblems {
	const paths = pathsById(network);
	const leading = routesByArrival(network.input.routes);
	return (demand, used) => {
		const routes = demand.destinations.flatMap(({ venue }) => leading.get(positionKey({ venue, asset: demand.asset })) ?? []);
		const problemOf = problemsIn(network, paths, used);
		const asked = routes.sort((a, b) => compareCodePoints(a.id, b.id)).slice(0, MOST_ROUTES_ASKED);
		const problems = asked.flatMap(({ id }) => {
			const code = problemOf(id);
			return code === null ? [] : [{ route: id, code }];
		});
		return { problems, unseen: routes.length - asked.length };
	};
}

function problemsIn(network: Network, paths: Paths, used: Funds): (route: string) => RouteProblem | null {
	const left = outlookAvailable({ network, used });
	const unused = outlookAvailable({ network, used: new Map() });
	const unreserved = outlookAvailable({ network, used, lift: 'reserve' });
	return (route) => {
		const path = paths().get(route);
		if (path === undefined) return 'FEES';
		if (carries(path, left)) return null;
		if (carries(path, unused)) return 'OTHERS_FIRST';
		if (carries(path, unreserved)) return 'RESERVE';
		return LIMITS.find(([lift]) => carries(paths(lift).get(route), left))?.[1] ?? 'NO_FUNDS';
	};
}

type Paths = (lift?: Lift) => ReadonlyMap<string, Path>;

function pathsById(network: Network): Paths {
	const known = new Map<Lift | undefined, ReadonlyMap<string, Path>>();
	return (lift) => {
		const index = known.get(lift) ?? new Map(network.paths(lift).map((path) => [path.route.id, path]));
		known.set(lift, index);
		return index;
	};
}

/** Also of routes that can never deliver anything, which are no paths. */
function routesByArrival(routes: readonly Route[]): ReadonlyMap<string, readonly Route[]> {
	const byId = new Map(routes.map((route) => [route.id, route]));
	const leading = new Map<string, Route[]>();
	for (const route of routes) {
		const last = isVia(route) ? byId.get(route.via.at(-1) ?? '') : route;
		if (last === undefined || isVia(last)) continue;
		const key = positionKey({ venue: last.destination, asset: last.toAsset });
		const others = leading.get(key);
		if (others === undefined) leading.set(key, [route]);
		else others.push(route);
	}
	return leading;
}

function carries(path: Path | undefined, available: Funds): boolean {
	const least = path === undefined ? null : pathSendFrom(path, 0n);
	return path !== undefined && least !== null && least <= (available.get(path.originKey) ?? 0n);
}
