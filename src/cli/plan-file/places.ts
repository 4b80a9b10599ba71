/** Which assets and venues a plan file knows: everything that it names later has to stand under `assets`. */
import { type Position, positionKey } from '../../inventory/venue.ts';
import { type Decimals, decimalsAt } from '../../plan/route.ts';
import type { Spot } from './spot.ts';
import { integerAt, textAt } from './value.ts';

export interface Places {
	/** As the file names them. */
	readonly assets: ReadonlySet<string>;
	readonly decimals: Decimals;
}

export function readPlaces(assets: Spot): Places {
	const names = new Set<string>();
	const decimals = new Map<string, number>();
	for (const [name, venues] of assets.entries()) {
		names.add(name);
		for (const [venue, spot] of venues.entries()) decimals.set(positionKey({ venue, asset: inKey(name) }), integerAt(spot, 77));
	}
	return { assets: names, decimals };
}

/** The asset named there, as the planner is told it. Throws `PlanFileError` for an unknown one. */
export function assetAt(spot: Spot, { assets }: Places): string {
	const name = textAt(spot);
	return assets.has(name) ? inKey(name) : spot.refuse('is not among the assets');
}

/** Throws `PlanFileError` at `spot`, which names the venue, when the position is unknown. */
export function decimalsOf(position: Position, { decimals }: Places, spot: Spot): number {
	return decimals.has(positionKey(position))
		? decimalsAt(decimals, position.venue, position.asset)
		: spot.refuse('is not a venue of its asset');
}

/** Two positions never share a key, whatever their names are: the first @ of a key ends the asset. */
function inKey(asset: string): string {
	return asset.replaceAll('%', '%25').replaceAll('@', '%40');
}
