/** Routes as the operator has allowed them: every name resolved, every amount in base units. */
import type { VenueId } from '../inventory/venue.ts';
import type { Amount } from '../money/amount.ts';
import { routeId } from '../plan/route-id.ts';
import type { Problem } from './problem.ts';
import { NOT_PLAIN, PLAIN_NAME, tokenUnits } from './read-value.ts';
import type { ConfigFile } from './schema.ts';

export interface RouteConfig {
	/** See `routeId`. */
	readonly id: string;
	readonly asset: string;
	/** What arrives. */
	readonly toAsset: string;
	readonly origin: VenueId;
	readonly destination: VenueId;
	readonly bridge: string;
	/** Basis points of what is sent, as decimal text. */
	readonly toleranceBps: string;
	/** Base units at the origin; null leaves the bounds to the bridge. */
	readonly minimum: Amount | null;
	readonly maximum: Amount | null;
}

/** Several routes in a row, as one leg: what one of them delivers, the next one sends. */
export interface ViaConfig {
	/** The ids of its routes, joined by "+". */
	readonly id: string;
	readonly hops: readonly RouteConfig[];
}

export function resolveRoutes(file: ConfigFile, problems: Problem[]): RouteConfig[] {
	const indexes = new Map<string, number>();
	return file.routes.map((route, index) => {
		const key = `routes.${index}`;
		const { bridge, origin, destination, asset, toleranceBps } = route;
		const toAsset = route.toAsset ?? asset;
		const id = routeId({ bridge, origin, destination, asset, toAsset });
		const earlier = indexes.get(id);
		if (earlier !== undefined) problems.push({ key, problem: `is the same route as routes.${earlier}: ${id}` });
		indexes.set(id, index);
		problems.push(...routeProblems(file, { ...route, toAsset }).map(({ key: field, problem }) => ({ key: `${key}.${field}`, problem })));
		return { id, asset, toAsset, origin, destination, bridge, toleranceBps, ...routeBounds({ file, route, key }, problems) };
	});
}

export function resolveVia(file: ConfigFile, { routes, problems }: { routes: readonly RouteConfig[]; problems: Problem[] }): ViaConfig[] {
	const seen = new Set<string>();
	return file.via.map((ids, index) => {
		const key = `via.${index}`;
		const id = ids.join('+');
		if (seen.has(id)) problems.push({ key, problem: `is there twice: ${id}` });
		seen.add(id);
		const hops = ids.flatMap((each, place) => {
			const found = routes.find((route) => route.id === each);
			if (found === undefined) problems.push({ key: `${key}.${place}`, problem: `"${each}" is no route under "routes"` });
			return found ?? [];
		});
		if (hops.length === ids.length) problems.push(...viaProblems(key, hops));
		return { id, hops };
	});
}

function viaProblems(key: string, hops: readonly RouteConfig[]): Problem[] {
	const problems: Problem[] = [];
	for (const [index, hop] of hops.entries()) {
		const before = hops[index - 1];
		if (before !== undefined && (before.destination !== hop.origin || before.toAsset !== hop.asset)) {
			const [arrives, leaves] = [`${before.toAsset} at ${before.destination}`, `${hop.asset} at ${hop.origin}`];
			problems.push({ key: `${key}.${index}`, problem: `${hop.id} takes ${leaves}, and ${before.id} brings ${arrives}` });
		}
	}
	const places = [...hops.map((hop) => `${hop.asset} at ${hop.origin}`), `${hops.at(-1)?.toAsset} at ${hops.at(-1)?.destination}`];
	const twice = places.find((place, index) => places.indexOf(place) !== index);
	if (twice !== undefined) problems.push({ key, problem: `passes ${twice} twice` });
	return problems;
}

/** Keys are fields of the route. */
function routeProblems(file: ConfigFile, route: ConfigFile['routes'][number] & { toAsset: string }): Problem[] {
	const problems: Problem[] = [];
	if (!PLAIN_NAME.test(route.bridge)) problems.push({ key: 'bridge', problem: NOT_PLAIN });
	if (!Object.hasOwn(file.bridges, route.bridge))
		problems.push({ key: 'bridge', problem: `"${route.bridge}" has no settings under "bridges"` });
	if (route.origin === route.destination && route.asset === route.toAsset) problems.push({ key: 'destination', problem: 'is the origin' });
	const ends = [
		{ end: 'origin', field: 'asset', asset: route.asset },
		{ end: 'destination', field: route.toAsset === route.asset ? 'asset' : 'toAsset', asset: route.toAsset },
	] as const;
	for (const { end, field, asset } of ends) {
		if (!Object.hasOwn(file.assets, asset)) {
			const isNamed = problems.some((each) => each.key === field);
			if (!isNamed) problems.push({ key: field, problem: `"${asset}" is not an asset under "assets"` });
		} else if (assetVenue(file, asset, route[end]) === undefined) {
			problems.push({ key: end, problem: `${asset} has no venue ${route[end]}` });
		}
	}
	return problems;
}

interface RouteAt {
	readonly file: ConfigFile;
	readonly route: ConfigFile['routes'][number];
	readonly key: string;
}

function routeBounds({ file, route, key }: RouteAt, problems: Problem[]): Pick<RouteConfig, 'minimum' | 'maximum'> {
	const decimals = assetVenue(file, route.asset, route.origin)?.decimals;
	// Without an origin there is no scale, and that is reported as a problem of its own.
	if (decimals === undefined) return { minimum: null, maximum: null };
	const bound = (field: 'minimum' | 'maximum'): Amount | null => {
		const text = route[field];
		return text === undefined ? null : tokenUnits({ text, decimals, key: `${key}.${field}` }, problems);
	};
	const bounds = { minimum: bound('minimum'), maximum: bound('maximum') };
	if (bounds.minimum !== null && bounds.maximum !== null && bounds.minimum > bounds.maximum) {
		problems.push({ key: `${key}.minimum`, problem: `${route.minimum} is above the maximum of ${route.maximum}` });
	}
	return bounds;
}

function assetVenue(file: ConfigFile, asset: string, venue: VenueId): { readonly decimals: number } | undefined {
	const venues = Object.hasOwn(file.assets, asset) ? file.assets[asset]?.venues : undefined;
	return venues !== undefined && Object.hasOwn(venues, venue) ? venues[venue] : undefined;
}
