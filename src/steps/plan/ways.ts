/** The ways by which the operator lets an asset come to a venue: single routes, and routes in a row. */
import type { App } from '../../app.ts';
import type { RouteConfig } from '../../config/routes.ts';
import type { VenueId } from '../../inventory/venue.ts';

export interface Way {
	readonly id: string;
	readonly first: RouteConfig;
	/** From the second hop on. */
	readonly later: readonly RouteConfig[];
}

type Rules = Pick<App['config'], 'routes' | 'via'>;

/** Every way that ends with the asset, at whatever venue. */
export function waysOf({ routes, via }: Rules, asset: string): Way[] {
	const all = [...routes.map((route) => ({ id: route.id, hops: [route] })), ...via];
	return all.flatMap(({ id, hops: [first, ...later] }) => {
		const last = later.at(-1) ?? first;
		return first !== undefined && last?.toAsset === asset ? [{ id, first, later }] : [];
	});
}

export function endOfWay({ first, later }: Way): VenueId {
	return (later.at(-1) ?? first).destination;
}

/** The assets, and every other one that may leave an origin to become one of them; in one order for all who lock them. */
export function assetsFor(rules: Rules, assets: readonly string[]): string[] {
	const leaving = assets.flatMap((asset) => waysOf(rules, asset)).map((way) => way.first.asset);
	return [...new Set([...assets, ...leaving])].sort();
}
