/** What plans are made from: one snapshot of routes, decimals and inventory. */

import { positionKey } from '../inventory/venue.ts';
import { compareCodePoints } from '../invoice/payable.ts';
import { powerOfTen } from '../money/units.ts';
import { availableOf, type InventoryRow, type Units } from './available.ts';
import { endsAt, type Market, marketFor, moneyScaleOf } from './candidate.ts';
import type { Demand } from './demand.ts';
import { leastCommonMultiple } from './exact.ts';
import { type Path, pathsOf } from './path.ts';
import { type Decimals, decimalsAt, isVia, type Limit, type Route } from './route.ts';

export interface PlanInput {
	readonly decimals: Decimals;
	readonly inventory: readonly InventoryRow[];
	readonly routes: readonly Route[];
	/** A leg that takes longer is slow. */
	readonly fastWindowSeconds: number;
}

/** The limit that a question lifts, if any. */
export type Lift = Limit | 'reserve';

export interface Network {
	readonly input: PlanInput;
	/** All usable paths, by route id. */
	paths(lift?: Lift): readonly Path[];
	/** Where a route ends, also one that can never deliver anything. */
	arrivalKey(route: Route): string;
}

/** Brings the routes into base units once for all demands. Throws `RangeError` for unknown decimals or hops. */
export function networkOf(input: PlanInput): Network {
	const routes = [...input.routes].sort((a, b) => compareCodePoints(a.id, b.id));
	const known = new Map<Limit | undefined, readonly Path[]>();
	return {
		input,
		paths: (lift) => {
			const limit = lift === 'reserve' ? undefined : lift;
			const paths = known.get(limit) ?? pathsOf(routes, input.decimals, limit);
			known.set(limit, paths);
			return paths;
		},
		arrivalKey: (route) => {
			const last = isVia(route) ? routes.find(({ id }) => id === route.via.at(-1)) : route;
			return positionKey({ venue: route.destination, asset: last === undefined || isVia(last) ? route.asset : last.toAsset });
		},
	};
}

export interface Outlook {
	readonly network: Network;
	/** What earlier plans and payments use. */
	readonly used: Units;
	readonly lift?: Lift;
}

export function outlookAvailable({ network, used, lift }: Outlook): Units {
	return availableOf(network.input.inventory, used, lift === 'reserve' ? 'lifted' : 'kept');
}

/** The demand's destinations in the order of ties, each with what is there and what can be brought, all in one money scale. */
export function marketsOf(
	outlook: Outlook,
	demand: Demand,
	fastOnly: boolean,
): readonly { market: Market; local: bigint; amount: bigint }[] {
	const { network } = outlook;
	const { decimals, fastWindowSeconds } = network.input;
	const available = outlookAvailable(outlook);
	const places = demand.destinations.map(({ venue, amount }) => ({ venue, asset: demand.asset, amount }));
	const reaching = network.paths(outlook.lift).filter((path) => places.some((place) => endsAt(path, place)));
	const scale = places.reduce(
		(sum, place) => leastCommonMultiple(sum, powerOfTen(decimalsAt(decimals, place.venue, place.asset))),
		moneyScaleOf(reaching),
	);
	const paths = fastOnly ? reaching.filter((path) => path.seconds <= fastWindowSeconds) : reaching;
	return [...places]
		.sort((a, b) => compareCodePoints(a.venue, b.venue))
		.map(({ venue, asset, amount }) => {
			const local = available.get(positionKey({ venue, asset })) ?? 0n;
			const need = { venue, asset, units: amount - local };
			return { market: marketFor(need, { paths, decimals, available, moneyScale: scale }), local, amount };
		});
}
