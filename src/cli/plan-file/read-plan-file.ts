/**
 * A plan file as the planner's question. What is wrong is found in the order of the contract: assets, inventory, routes, demands,
 * objective; in a list from the first entry on; of an object first its keys, then their values.
 */
import { positionKey } from '../../inventory/venue.ts';
import type { InventoryRow } from '../../plan/available.ts';
import type { Demand } from '../../plan/demand.ts';
import type { PlanInput } from '../../plan/one/network.ts';
import type { Goal } from '../../plan/plan.ts';
import { assetAt, decimalsOf, type Places, readPlaces } from './places.ts';
import { readRoutes } from './read-routes.ts';
import { Spot } from './spot.ts';
import { exactAt, idAt, integerAt, textAt, unitsAt } from './value.ts';

export interface PlanFile {
	readonly input: PlanInput;
	readonly demands: readonly Demand[];
	readonly goal: Goal;
	/** How long the joint search may take. */
	readonly budgetMs: number;
}

const DEFAULT_FAST_WINDOW_SECONDS = 300;
const DEFAULT_BUDGET_MS = 500;

/** Takes what `JSON.parse` returned. Throws `PlanFileError` with the first key that is wrong. */
export function readPlanFile(document: unknown): PlanFile {
	const file = new Spot(document);
	file.requireKeys(['assets', 'inventory', 'routes', 'demands'], ['objective']);
	const places = readPlaces(file.at('assets'));
	const inventory = [...readInventory(file.at('inventory'), places)];
	const routes = readRoutes(file.at('routes'), places);
	const demands = [...readDemands(file.at('demands'), places)];
	const { goal, fastWindowSeconds, budgetMs } = readObjective(file.find('objective'));
	return { input: { decimals: places.decimals, inventory, routes, fastWindowSeconds }, demands, goal, budgetMs };
}

function* readInventory(list: Spot, places: Places): Generator<InventoryRow> {
	const seen = new Set<string>();
	for (const spot of list.items()) {
		spot.requireKeys(['venue', 'asset', 'confirmed', 'reserve', 'held'], ['inbound']);
		const venue = textAt(spot.at('venue'));
		const asset = assetAt(spot.at('asset'), places);
		const decimals = decimalsOf({ venue, asset }, places, spot.at('venue'));
		const key = positionKey({ venue, asset });
		if (seen.has(key)) spot.at('venue').refuse('has an earlier row for the same asset');
		seen.add(key);
		const units = (name: string) => unitsAt(spot.at(name), decimals);
		const row = { venue, asset, confirmed: units('confirmed'), reserve: units('reserve'), held: units('held') };
		const inbound = spot.find('inbound');
		if (inbound !== null) unitsAt(inbound, decimals);
		yield row;
	}
}

function* readDemands(list: Spot, places: Places): Generator<Demand> {
	const seen = new Set<string>();
	for (const spot of list.items()) {
		spot.requireKeys(['id', 'asset', 'enqueuedAt', 'destinations'], ['maxCost']);
		const id = idAt(spot.at('id'));
		if (seen.has(id)) spot.at('id').refuse('is the id of an earlier demand');
		seen.add(id);
		const asset = assetAt(spot.at('asset'), places);
		const enqueuedAt = integerAt(spot.at('enqueuedAt'));
		const destinations = [...readDestinations(spot.at('destinations'), asset, places)];
		if (destinations.length === 0) spot.at('destinations').refuse('is empty');
		const maxCost = spot.find('maxCost');
		yield { id, asset, enqueuedAt, destinations, maxCost: maxCost === null ? null : exactAt(maxCost) };
	}
}

function* readDestinations(list: Spot, asset: string, places: Places): Generator<Demand['destinations'][number]> {
	const seen = new Set<string>();
	for (const spot of list.items()) {
		spot.requireKeys(['venue', 'amount']);
		const venue = textAt(spot.at('venue'));
		const decimals = decimalsOf({ venue, asset }, places, spot.at('venue'));
		if (seen.has(venue)) spot.at('venue').refuse('is an earlier destination of the same demand');
		seen.add(venue);
		const amount = unitsAt(spot.at('amount'), decimals);
		if (amount === 0n) spot.at('amount').refuse('is zero');
		yield { venue, amount };
	}
}

function readObjective(spot: Spot | null): { goal: Goal; fastWindowSeconds: number; budgetMs: number } {
	spot?.requireKeys([], ['goal', 'fastWindowSeconds', 'budgetMs']);
	const given = (key: string) => spot?.find(key) ?? null;
	const [goal, fastWindowSeconds, budgetMs] = [given('goal'), given('fastWindowSeconds'), given('budgetMs')];
	return {
		goal: goal === null ? 'age' : goalAt(goal),
		fastWindowSeconds: fastWindowSeconds === null ? DEFAULT_FAST_WINDOW_SECONDS : integerAt(fastWindowSeconds),
		budgetMs: budgetMs === null ? DEFAULT_BUDGET_MS : integerAt(budgetMs),
	};
}

function goalAt(spot: Spot): Goal {
	const text = textAt(spot);
	return text === 'age' || text === 'value' ? text : spot.refuse('is neither age nor value');
}
