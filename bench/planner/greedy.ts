/**
 * A planner as others have them: one demand at a time by age; for each destination one pass over its ways in a fixed order,
 * the largest origin first, each taking as much as it can; bridges by their place in a list, without a look at the price. It
 * is kinder than its models where they are plainly broken: reserves hold everywhere, and sums are compared in tokens.
 */
import { positionKey } from '../../src/inventory/venue.ts';
import { byAge, type Payment } from '../../src/invoice/payable.ts';
import { unboundedAmount } from '../../src/money/amount.ts';
import { powerOfTen, rescale } from '../../src/money/units.ts';
import { addUnits, availableOf, type Units, usedBy } from '../../src/plan/available.ts';
import type { Demand } from '../../src/plan/demand.ts';
import { wholeUnits } from '../../src/plan/exact.ts';
import { ratio } from '../../src/plan/one/candidate.ts';
import type { PlanInput } from '../../src/plan/one/network.ts';
import { arrivalOf, type Path, pathsOf, smallestPathSend } from '../../src/plan/one/path.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { isLegalSend } from '../../src/plan/route.ts';
import { planOf, type Use } from './witness.ts';

export interface Arrangement {
	readonly plans: readonly Plan[];
	readonly payable: readonly Payment[];
}

/** What it arranges; a plan that is short by a unit, or breaks any limit, is no plan. */
export function planGreedily(input: PlanInput, demands: readonly Demand[]): Arrangement {
	const paths = pathsOf(input.routes, input.decimals);
	const plans: Plan[] = [];
	const payable: Payment[] = [];
	let used: Units = new Map();
	for (const demand of [...demands].sort(byAge)) {
		const available = availableOf(input.inventory, used);
		const ready = demand.destinations.find((place) => (available.get(keyOf(demand, place.venue)) ?? 0n) >= place.amount);
		if (ready !== undefined) {
			payable.push({ id: demand.id, venue: ready.venue, amount: ready.amount });
			used = addUnits(used, new Map([[keyOf(demand, ready.venue), ready.amount]]));
			continue;
		}
		const plan = bestDestination({ input, paths, available, used }, demand);
		if (plan === null) continue;
		plans.push(plan);
		used = addUnits(used, usedBy(plan));
	}
	return { plans, payable };
}

interface Outlook {
	readonly input: PlanInput;
	readonly paths: readonly Path[];
	readonly available: Units;
	readonly used: Units;
}

/** The fewest operations, then the smallest sum sent. */
function bestDestination(outlook: Outlook, demand: Demand): Plan | null {
	let best: { plan: Plan; sent: number } | null = null;
	for (const { venue, amount: whole } of demand.destinations) {
		const local = outlook.available.get(keyOf(demand, venue)) ?? 0n;
		const uses = onePass(outlook, waysTo(outlook, demand, venue), whole - local);
		const plan = planOf({ ...outlook, demand, destination: venue }, uses);
		if (plan === null) continue;
		const sent = uses.reduce((sum, { path, send }) => sum + tokensOf(send, path.hops[0].originDecimals), 0);
		if (best === null || plan.operations < best.plan.operations || (plan.operations === best.plan.operations && sent < best.sent)) {
			best = { plan, sent };
		}
	}
	return best?.plan ?? null;
}

/** One way per origin and asset: its paths in the order of preference. */
interface Way {
	readonly tier: number;
	readonly key: string;
	readonly paths: readonly Path[];
}

/** Swaps at the destination, then bridges, then a swap and a bridge, which hides the bridge behind it; the larger origin first. */
function waysTo({ paths, available }: Outlook, demand: Demand, venue: string): readonly Way[] {
	const ending = paths.filter((path) => path.destination === venue && path.toAsset === demand.asset);
	const hidden = new Set(ending.flatMap((path) => path.hops.slice(1).map((hop) => hop.route.id)));
	const ways = new Map<string, Way>();
	for (const path of ending.filter(({ route }) => !hidden.has(route.id))) {
		const tier = path.hops.length > 1 ? 2 : path.origin === venue ? 0 : 1;
		const key = `${tier} ${path.originKey}`;
		ways.set(key, { tier, key: path.originKey, paths: [...(ways.get(key)?.paths ?? []), path] });
	}
	const sizeOf = ({ key, paths: [path] }: Way): number => tokensOf(available.get(key) ?? 0n, path?.hops[0].originDecimals ?? 0);
	return [...ways.values()].sort((a, b) => a.tier - b.tier || sizeOf(b) - sizeOf(a));
}

function onePass({ available }: Outlook, ways: readonly Way[], short: bigint): readonly Use[] {
	// The largest minimum of all ways, twice, whoever is used in the end.
	const largest = largestOf(ways.flatMap(({ paths }) => paths.map(minimumOf)));
	let needed = short < largest ? 2n * largest : short;
	const left = new Map(available);
	const uses: Use[] = [];
	const hops = new Set<string>();
	for (const { key, tier, paths } of ways) {
		if (needed <= 0n) break;
		const funds = left.get(key) ?? 0n;
		const free = (tier === 1 ? paths : paths.slice(0, 1)).filter((path) => path.hops.every((hop) => !hops.has(hop.route.id)));
		const use = free
			.map((path) => (tier === 1 ? bridged(path, needed, funds) : swapped(path, needed, funds)))
			.find((each) => each !== null);
		if (use === undefined || use === null) continue;
		uses.push(use);
		for (const hop of use.path.hops) hops.add(hop.route.id);
		left.set(key, funds - use.send);
		needed -= arrivalOf(use.path, use.send);
	}
	return uses;
}

/**
 * Grossed up by all that the tolerance allows, capped at what is there, truncated, and refused if that breaks a limit of the route; scaled down
 * by what would be too much, and up by a ten-thousandth.
 */
function bridged(path: Path, needed: bigint, funds: bigint): Use | null {
	const [hop] = path.hops;
	const { route, originDecimals, destinationDecimals, lattice } = hop;
	const kept = route.tolerance.denominator - route.tolerance.numerator;
	const wanted = rescale(unboundedAmount(needed), destinationDecimals, originDecimals, 'up');
	const grossed = kept > 0n ? (wanted * route.tolerance.denominator) / kept : funds;
	const capped = grossed < funds ? grossed : funds;
	const send = capped - (capped % lattice);
	if (!isLegalSend(hop, send)) return null;
	const brought = arrivalOf(path, send);
	if (brought <= needed) return { path, send };
	const scaled = (((send * needed) / brought) * 10_001n) / 10_000n + lattice;
	const fitting = scaled < send ? scaled - (scaled % lattice) : send;
	return { path, send: isLegalSend(hop, fitting) && arrivalOf(path, fitting) >= needed ? fitting : send };
}

/** All that is missing or nothing. */
function swapped(path: Path, needed: bigint, funds: bigint): Use | null {
	const send = smallestPathSend(path, needed);
	return send === null || send > funds ? null : { path, send };
}

/** The largest minimum of a path's bridges, in base units at its end. */
function minimumOf(path: Path): bigint {
	const { destinationDecimals } = path.hops.at(-1) ?? path.hops[0];
	return largestOf(path.hops.map(({ route }) => wholeUnits(route.minimum, destinationDecimals, 'up')));
}

function largestOf(values: readonly bigint[]): bigint {
	return values.reduce((most, each) => (each > most ? each : most), 0n);
}

function tokensOf(units: bigint, decimals: number): number {
	return ratio(units, powerOfTen(decimals));
}

function keyOf(demand: Demand, venue: string): string {
	return positionKey({ venue, asset: demand.asset });
}
