/** What plans are made from: one snapshot of routes, decimals and inventory. */

import { positionKey } from '../../inventory/venue.ts';
import { compareCodePoints } from '../../invoice/payable.ts';
import { powerOfTen } from '../../money/units.ts';
import { availableOf, type Funds, fundsLess, type InventoryRow, type Units } from '../available.ts';
import type { Demand } from '../demand.ts';
import { leastCommonMultiple } from '../exact.ts';
import { type Decimals, decimalsAt, isVia, type Limit, type Route } from '../route.ts';
import { type Market, marketFor, moneyScaleOf } from './candidate.ts';
import { type Path, pathsOf } from './path.ts';

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
	/** Those of them that end at a place, by its `positionKey`. */
	pathsTo(place: string, lift?: Lift): readonly Path[];
	/** Whether any route ends at a place, also one that can never deliver anything. */
	isReached(place: string): boolean;
	/** What is available at each position when nothing is used. */
	free(reserve: 'kept' | 'lifted'): Units;
}

/** Brings the routes into base units once for all demands. Throws `RangeError` for unknown decimals or hops. */
export function networkOf(input: PlanInput): Network {
	const routes = [...input.routes].sort((a, b) => compareCodePoints(a.id, b.id));
	const known = new Map<Limit | undefined, Paths>();
	const ends = once(() => endsOf(routes));
	const free = {
		kept: once(() => availableOf(input.inventory, new Map())),
		lifted: once(() => availableOf(input.inventory, new Map(), 'lifted')),
	};
	const pathsWith = (lift?: Lift): Paths => {
		const limit = lift === 'reserve' ? undefined : lift;
		const paths = known.get(limit) ?? byArrival(pathsOf(routes, input.decimals, limit));
		known.set(limit, paths);
		return paths;
	};
	return {
		input,
		paths: (lift) => pathsWith(lift).all,
		pathsTo: (place, lift) => pathsWith(lift).ending.get(place) ?? [],
		isReached: (place) => ends().has(place),
		free: (reserve) => free[reserve](),
	};
}

/** Made when it is first asked for. */
function once<Value>(make: () => Value): () => Value {
	let made: { readonly value: Value } | null = null;
	return () => {
		made ??= { value: make() };
		return made.value;
	};
}

/** Where any of these routes ends, also one that can never deliver anything. */
export function endsOf(routes: readonly Route[]): ReadonlySet<string> {
	const byId = new Map(routes.map((route) => [route.id, route]));
	return new Set(
		routes.map((route) => {
			const last = isVia(route) ? byId.get(route.via.at(-1) ?? '') : route;
			return positionKey({ venue: route.destination, asset: last === undefined || isVia(last) ? route.asset : last.toAsset });
		}),
	);
}

interface Paths {
	readonly all: readonly Path[];
	readonly ending: ReadonlyMap<string, readonly Path[]>;
}

function byArrival(all: readonly Path[]): Paths {
	const ending = new Map<string, Path[]>();
	for (const path of all) {
		const same = ending.get(path.arrivalKey);
		if (same === undefined) ending.set(path.arrivalKey, [path]);
		else same.push(path);
	}
	return { all, ending };
}

export interface Outlook {
	readonly network: Network;
	/** What earlier plans and payments use. */
	readonly used: Funds;
	readonly lift?: Lift;
}

export function outlookAvailable({ network, used, lift }: Outlook): Funds {
	return fundsLess(network.free(lift === 'reserve' ? 'lifted' : 'kept'), used);
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
	const reaching = places.flatMap((place) => network.pathsTo(positionKey(place), outlook.lift));
	const scale = places.reduce(
		(sum, place) => leastCommonMultiple(sum, powerOfTen(decimalsAt(decimals, place.venue, place.asset))),
		moneyScaleOf(reaching),
	);
	return [...places]
		.sort((a, b) => compareCodePoints(a.venue, b.venue))
		.map(({ venue, asset, amount }) => {
			const ending = network.pathsTo(positionKey({ venue, asset }), outlook.lift);
			const paths = fastOnly ? ending.filter((path) => path.seconds <= fastWindowSeconds) : ending;
			const local = available.get(positionKey({ venue, asset })) ?? 0n;
			const need = { venue, asset, units: amount - local };
			return { market: marketFor(need, { paths, decimals, available, moneyScale: scale }), local, amount };
		});
}
