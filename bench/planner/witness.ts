/** Plans that somebody else has made, in exact arithmetic: nothing that they say is believed before the checker has seen it. */

import { compareCodePoints } from '../../src/invoice/payable.ts';
import { amount, ZERO } from '../../src/money/amount.ts';
import type { Units } from '../../src/plan/available.ts';
import type { Demand } from '../../src/plan/demand.ts';
import type { Exact } from '../../src/plan/exact.ts';
import { exactUnits } from '../../src/plan/exact.ts';
import { problemsOf } from '../../src/plan/one/check.ts';
import type { PlanInput } from '../../src/plan/one/network.ts';
import { arrivalOf, deliveriesOf, operationsOf, type Path, pathSendUpTo, smallestPathSend } from '../../src/plan/one/path.ts';
import type { Plan, PlannedLeg } from '../../src/plan/plan.ts';

export interface Use {
	readonly path: Path;
	/** Base units at the origin. */
	readonly send: bigint;
}

interface Claim {
	readonly input: PlanInput;
	readonly used: Units;
	readonly demand: Demand;
	readonly destination: string;
}

/** The plan that sends this, if the checker has nothing against it; else null. */
export function planOf({ input, used, demand, destination }: Claim, uses: readonly Use[]): Plan | null {
	const place = demand.destinations.find(({ venue }) => venue === destination);
	if (place === undefined || uses.length === 0 || uses.some(({ path, send }) => deliveriesOf(path, send).some((each) => each <= 0n)))
		return null;
	const legs = [...uses].sort((a, b) => compareCodePoints(a.path.route.id, b.path.route.id)).map(legOf);
	const delivered = legs.reduce((sum, leg) => sum + leg.receive, 0n);
	const plan: Plan = {
		demand: demand.id,
		asset: demand.asset,
		destination,
		amount: place.amount,
		local: place.amount > delivered ? amount(place.amount - delivered) : ZERO,
		legs,
		operations: uses.reduce((sum, { path }) => sum + operationsOf(path), 0),
		cost: legs.reduce<Exact>((sum, leg) => plus(sum, leg.cost), { numerator: 0n, denominator: 1n }),
		seconds: Math.max(...legs.map((leg) => leg.seconds)),
	};
	return problemsOf({ input, used, demand }, plan).length === 0 ? plan : null;
}

/**
 * The cheapest exact plan near these sends: each is rounded down to what is legal, then one after the other may make up for
 * what is missing, whoever of them does it best. Null when none of these plans holds.
 */
export function roundedPlan(claim: Claim, need: bigint, near: readonly Use[]): Plan | null {
	const rounded = near.map(({ path, send }) => ({ path, send: pathSendUpTo(path, send) ?? smallestPathSend(path, 1n) ?? 0n }));
	const tries = rounded.map((_, first) => {
		const sends = rounded.map(({ send }) => send);
		for (const index of [...rounded.keys()].map((each) => (each + first) % rounded.length)) {
			const path = rounded[index]?.path;
			if (path === undefined) continue;
			const others = rounded.reduce((sum, each, place) => sum + (place === index ? 0n : arrivalOf(each.path, sends[place] ?? 0n)), 0n);
			sends[index] = smallestPathSend(path, need > others ? need - others : 1n) ?? sends[index] ?? 0n;
		}
		return planOf(
			claim,
			rounded.map(({ path }, index) => ({ path, send: sends[index] ?? 0n })),
		);
	});
	return tries.reduce((best, plan) => (plan !== null && (best === null || isLess(plan.cost, best.cost)) ? plan : best), null);
}

export function plus(a: Exact, b: Exact): Exact {
	if (a.denominator === b.denominator) return { numerator: a.numerator + b.numerator, denominator: a.denominator };
	return { numerator: a.numerator * b.denominator + b.numerator * a.denominator, denominator: a.denominator * b.denominator };
}

export function isLess(a: Exact, b: Exact): boolean {
	return a.numerator * b.denominator < b.numerator * a.denominator;
}

function legOf({ path, send }: Use): PlannedLeg {
	let current = amount(send);
	let cost: Exact = { numerator: 0n, denominator: 1n };
	const hops = deliveriesOf(path, send).map((delivered, index) => {
		const { route, originDecimals, destinationDecimals } = path.hops[index] ?? path.hops[0];
		const { id, bridge, origin, destination, asset, toAsset, seconds } = route;
		const hop = { route: id, bridge, origin, destination, asset, toAsset, seconds, send: current, receive: amount(delivered) };
		const lost = exactUnits(delivered, destinationDecimals);
		cost = plus(cost, plus(exactUnits(current, originDecimals), plus({ ...lost, numerator: -lost.numerator }, route.gasCost)));
		current = hop.receive;
		return hop;
	});
	const [first] = hops;
	if (first === undefined) throw new RangeError(`path ${path.route.id} has no hop`);
	return {
		...first,
		route: path.route.id,
		bridge: path.route.bridge,
		destination: path.destination,
		toAsset: path.toAsset,
		receive: current,
		hops,
		seconds: path.seconds,
		cost,
	};
}
