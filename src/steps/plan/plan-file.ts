/** The planner's question as the document of docs/planner.md, so that what was planned live can be planned again from a file. Pure. */
import { type Position, positionKey } from '../../inventory/venue.ts';
import { parseBps } from '../../money/rate.ts';
import { type Exact, exactUnits, formatExact } from '../../plan/exact.ts';
import type { Goal } from '../../plan/plan.ts';
import { type DirectRoute, decimalsAt, isVia, type Route, type ViaRoute } from '../../plan/route.ts';
import type { Question } from './decision.ts';

const ONE_BPS = parseBps('1');

interface Objective {
	readonly goal: Goal;
	readonly budgetMs: number;
}

/**
 * Amounts and basis points are decimal text, amounts in token units.
 * A direct route whose minimum is above its maximum carries nothing, and a file may not have it: it is left out, with the routes in a row
 * that go over it. Throws `RangeError` for a place whose decimals are unknown.
 */
export function planFileOf({ input, demands }: Question, { goal, budgetMs }: Objective) {
	const { decimals, fastWindowSeconds } = input;
	const units = (place: Position, amount: bigint) => formatExact(exactUnits(amount, decimalsAt(decimals, place.venue, place.asset)));
	return {
		assets: assetsOf({ input, demands }),
		inventory: input.inventory.map(({ venue, asset, confirmed, reserve, held }) => ({
			...{ venue, asset, confirmed: units({ venue, asset }, confirmed) },
			...{ reserve: units({ venue, asset }, reserve), held: units({ venue, asset }, held) },
		})),
		routes: possible(input.routes).map((route) => (isVia(route) ? viaEntry(route) : directEntry(route))),
		demands: demands.map(({ id, asset, enqueuedAt, destinations, maxCost }) => ({
			...{ id, asset, enqueuedAt },
			destinations: destinations.map(({ venue, amount }) => ({ venue, amount: units({ venue, asset }, amount) })),
			...(maxCost === null ? {} : { maxCost: formatExact(maxCost) }),
		})),
		objective: { goal, fastWindowSeconds, budgetMs },
	};
}

/** The decimals of every place that the question speaks of. */
function assetsOf({ input, demands }: Question): Readonly<Record<string, Readonly<Record<string, number>>>> {
	const direct = input.routes.filter((route): route is DirectRoute => !isVia(route));
	const places: Position[] = [
		...input.inventory,
		...direct.flatMap(({ origin, asset, destination, toAsset }) => [
			{ venue: origin, asset },
			{ venue: destination, asset: toAsset },
		]),
		...demands.flatMap(({ asset, destinations }) => destinations.map(({ venue }) => ({ venue, asset }))),
	];
	const known = new Map(places.map((place) => [positionKey(place), place]));
	const symbols = [...new Set(places.map(({ asset }) => asset))].sort();
	const venuesOf = (symbol: string) => [...known.values()].filter(({ asset }) => asset === symbol);
	return Object.fromEntries(
		symbols.map((symbol) => [
			symbol,
			Object.fromEntries(venuesOf(symbol).map(({ venue }) => [venue, decimalsAt(input.decimals, venue, symbol)])),
		]),
	);
}

function possible(routes: readonly Route[]): readonly Route[] {
	const isImpossible = (route: Route) =>
		!isVia(route) && route.minimum.numerator * route.maximum.denominator > route.maximum.numerator * route.minimum.denominator;
	const impossible = new Set(routes.filter(isImpossible).map(({ id }) => id));
	return routes.filter((route) => !impossible.has(route.id) && !(isVia(route) && route.via.some((id) => impossible.has(id))));
}

function viaEntry({ id, origin, destination, asset, bridge, via }: ViaRoute) {
	return { id, origin, destination, asset, bridge, via };
}

function directEntry({ id, origin, destination, asset, toAsset, bridge, seconds, ...route }: DirectRoute) {
	const { minimum, maximum, step, fixedFee, fee, gasCost, tolerance } = route;
	return {
		...{ id, origin, destination, asset, ...(toAsset === asset ? {} : { toAsset }), bridge },
		...{ minimum: formatExact(minimum), maximum: formatExact(maximum), step: formatExact(step) },
		...{ fixedFee: formatExact(fixedFee), feeBps: basisPoints(fee), gasCost: formatExact(gasCost) },
		...{ seconds, toleranceBps: basisPoints(tolerance) },
	};
}

function basisPoints({ numerator, denominator }: Exact): string {
	return formatExact({ numerator: numerator * ONE_BPS.denominator, denominator: denominator * ONE_BPS.numerator });
}
