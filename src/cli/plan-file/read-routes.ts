/** The routes of a plan file: one by one first, then what those with `via` say about the others, which may stand anywhere. */
import { positionKey } from '../../inventory/venue.ts';
import type { Exact } from '../../plan/exact.ts';
import { type DirectRoute, isVia, type Route, type ViaRoute } from '../../plan/route.ts';
import { assetAt, decimalsOf, type Places } from './places.ts';
import type { Spot } from './spot.ts';
import { bpsAt, exactAt, idAt, integerAt, textAt } from './value.ts';

const ENDS = ['id', 'origin', 'destination', 'asset', 'bridge'];
const LIMITS = ['minimum', 'maximum', 'step', 'fixedFee', 'feeBps', 'gasCost', 'seconds', 'toleranceBps'];

/** Throws `PlanFileError` for the first key that is wrong. */
export function readRoutes(list: Spot, places: Places): readonly Route[] {
	const routes = new Map<string, Route>();
	const chains: (readonly [ViaRoute, Spot])[] = [];
	for (const spot of list.items()) {
		const hasVia = spot.find('via') !== null;
		spot.requireKeys(hasVia ? [...ENDS, 'via'] : [...ENDS, ...LIMITS], hasVia ? [] : ['toAsset']);
		const id = idAt(spot.at('id'));
		if (routes.has(id)) spot.at('id').refuse('is the id of an earlier route');
		const route = hasVia ? readVia(id, spot, places) : readDirect(id, spot, places);
		routes.set(id, route);
		if (isVia(route)) chains.push([route, spot]);
	}
	for (const [route, spot] of chains) checkVia(route, spot, routes);
	return [...routes.values()];
}

function readDirect(id: string, spot: Spot, places: Places): DirectRoute {
	const origin = textAt(spot.at('origin'));
	const destination = textAt(spot.at('destination'));
	const asset = assetAt(spot.at('asset'), places);
	const arriving = spot.find('toAsset');
	const toAsset = arriving === null ? asset : assetAt(arriving, places);
	decimalsOf({ venue: origin, asset }, places, spot.at('origin'));
	decimalsOf({ venue: destination, asset: toAsset }, places, spot.at('destination'));
	if (origin === destination && asset === toAsset) spot.at('destination').refuse('is the origin, and no other asset arrives there');
	const bridge = textAt(spot.at('bridge'));
	return { id, origin, destination, asset, toAsset, bridge, ...readLimits(spot) };
}

type Limits = Omit<DirectRoute, 'id' | 'origin' | 'destination' | 'asset' | 'toAsset' | 'bridge'>;

function readLimits(spot: Spot): Limits {
	const minimum = exactAt(spot.at('minimum'));
	const maximum = exactAt(spot.at('maximum'));
	if (isMore(minimum, maximum)) spot.at('minimum').refuse('is above the maximum');
	const step = exactAt(spot.at('step'));
	if (step.numerator === 0n) spot.at('step').refuse('is zero');
	const fixedFee = exactAt(spot.at('fixedFee'));
	const fee = bpsAt(spot.at('feeBps'));
	if (fee.numerator > fee.denominator) spot.at('feeBps').refuse('is above 10000');
	const gasCost = exactAt(spot.at('gasCost'));
	const seconds = integerAt(spot.at('seconds'));
	return { minimum, maximum, step, fixedFee, fee, gasCost, seconds, tolerance: bpsAt(spot.at('toleranceBps')) };
}

function readVia(id: string, spot: Spot, places: Places): ViaRoute {
	const origin = textAt(spot.at('origin'));
	const destination = textAt(spot.at('destination'));
	const asset = assetAt(spot.at('asset'), places);
	decimalsOf({ venue: origin, asset }, places, spot.at('origin'));
	const bridge = textAt(spot.at('bridge'));
	const via = Array.from(spot.at('via').items(), idAt);
	if (via.length < 2) spot.at('via').refuse('names fewer than two routes');
	return { id, origin, destination, asset, bridge, via };
}

/** What a via route says about others, once all of them are known. */
function checkVia(route: ViaRoute, spot: Spot, routes: ReadonlyMap<string, Route>): void {
	const passed = new Set<string>();
	let here = { venue: route.origin, asset: route.asset };
	for (const name of spot.at('via').items()) {
		const hop = hopAt(name, routes);
		if (passed.size === 0) checkStart(route, spot, hop);
		if (hop.origin !== here.venue || hop.asset !== here.asset) name.refuse('does not begin where the route before it ends');
		passed.add(positionKey(here));
		here = { venue: hop.destination, asset: hop.toAsset };
		// A route that is named twice comes back, too.
		if (passed.has(positionKey(here))) name.refuse('comes back to where the funds have been');
	}
	if (here.venue !== route.destination) spot.at('destination').refuse('is not where the last route of via ends');
}

function hopAt(name: Spot, routes: ReadonlyMap<string, Route>): DirectRoute {
	const hop = routes.get(idAt(name)) ?? name.refuse('is not the id of a route');
	return isVia(hop) ? name.refuse('is itself a route with via') : hop;
}

function checkStart(route: ViaRoute, spot: Spot, first: DirectRoute): void {
	if (first.origin !== route.origin) spot.at('origin').refuse('is not where the first route of via begins');
	if (first.asset !== route.asset) spot.at('asset').refuse('is not the asset with which the first route of via begins');
}

function isMore(a: Exact, b: Exact): boolean {
	return a.numerator * b.denominator > b.numerator * a.denominator;
}
