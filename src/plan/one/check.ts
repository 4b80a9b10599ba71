/**
 * The referee of every plan. It derives everything again from the definition of a route, in whole numbers, and shares no
 * code with the search: a mistake there cannot hide here.
 */
import { InvariantError } from '../../errors.ts';
import { positionKey } from '../../inventory/venue.ts';
import { powerOfTen } from '../../money/units.ts';
import type { Demand } from '../demand.ts';
import type { Exact } from '../exact.ts';
import type { Plan, PlannedHop, PlannedLeg } from '../plan.ts';
import type { DirectRoute, Route } from '../route.ts';
import type { PlanInput } from './network.ts';

interface Evidence {
	readonly input: PlanInput;
	/** What all other plans and payments use, by `positionKey`. */
	readonly used: Pick<ReadonlyMap<string, bigint>, 'get'>;
	readonly demand: Demand;
}

/** Throws `InvariantError`, naming the demand and what is wrong, unless the plan is possible, covers, and says what it costs. */
export function checkPlan(evidence: Evidence, plan: Plan): void {
	const problems = problemsOf(evidence, plan);
	if (problems.length === 0) return;
	throw new InvariantError(`plan for demand ${plan.demand} breaks its contract: ${problems.join('; ')}. It was not used.`, {
		demand: plan.demand,
	});
}

/** Everything that is wrong with the plan; empty when it may be used. */
export function problemsOf({ input, used, demand }: Evidence, plan: Plan): readonly string[] {
	const problems = [...demandProblems(demand, plan), ...fundsProblems(input, used, plan), ...reuseProblems(plan)];
	for (const leg of plan.legs) problems.push(...legProblems(input, plan, leg));
	return problems;
}

function demandProblems(demand: Demand, plan: Plan): readonly string[] {
	const problems: string[] = [];
	const destination = demand.destinations.find(({ venue }) => venue === plan.destination);
	if (plan.demand !== demand.id || plan.asset !== demand.asset) problems.push('it is for another demand');
	if (destination === undefined) problems.push(`${plan.destination} is none of the destinations`);
	if (destination !== undefined && plan.amount !== destination.amount) problems.push('the amount is not the demand’s');
	if (plan.legs.length === 0) problems.push('it has no leg');
	const brought = plan.legs.reduce((sum, leg) => sum + leg.receive, 0n);
	if (plan.local < 0n || plan.local + brought < plan.amount) problems.push('it does not cover the amount');
	if (plan.operations !== plan.legs.reduce((sum, leg) => sum + leg.hops.length, 0)) problems.push('operations are miscounted');
	if (plan.seconds !== Math.max(...plan.legs.map((leg) => leg.seconds))) problems.push('seconds are not the slowest leg’s');
	const total = plan.legs.reduce<Exact>((sum, leg) => plus(sum, leg.cost), { numerator: 0n, denominator: 1n });
	if (!isSame(total, plan.cost)) problems.push('the cost is not the sum of the legs’');
	if (demand.maxCost !== null && isMore(plan.cost, demand.maxCost)) problems.push('it costs more than the demand allows');
	return problems;
}

function fundsProblems(input: PlanInput, used: Evidence['used'], plan: Plan): readonly string[] {
	const taken = new Map<string, bigint>([[positionKey({ venue: plan.destination, asset: plan.asset }), plan.local]]);
	for (const leg of plan.legs) {
		const key = positionKey({ venue: leg.origin, asset: leg.asset });
		taken.set(key, (taken.get(key) ?? 0n) + leg.send);
	}
	return [...taken].flatMap(([key, units]) => {
		const row = registerOf(input).rows.get(key);
		const free = row === undefined ? 0n : row.confirmed - row.reserve - row.held;
		const left = (free > 0n ? free : 0n) - (used.get(key) ?? 0n);
		return units > 0n && units > left ? [`${key} has ${left} available, not ${units}`] : [];
	});
}

function reuseProblems(plan: Plan): readonly string[] {
	const hops = plan.legs.flatMap((leg) => leg.hops.map((hop) => hop.route));
	return hops.filter((id, index) => hops.indexOf(id) !== index).map((id) => `route ${id} is used twice`);
}

function legProblems(input: PlanInput, plan: Plan, leg: PlannedLeg): readonly string[] {
	const problems: string[] = [];
	const { routes } = registerOf(input);
	const route = routes.get(leg.route);
	const path = route === undefined ? [] : directOf(routes, route);
	if (route === undefined || path.length !== leg.hops.length) return [`leg ${leg.route} does not follow a known route`];
	const [first, last] = [leg.hops[0], leg.hops.at(-1)];
	if (first?.send !== leg.send || last?.receive !== leg.receive) problems.push(`leg ${leg.route} and its hops disagree`);
	if (first?.origin !== leg.origin || first.asset !== leg.asset) problems.push(`leg ${leg.route} does not begin where it says`);
	if (last?.destination !== plan.destination || last.toAsset !== plan.asset)
		problems.push(`leg ${leg.route} does not end at the destination`);
	if (leg.seconds !== path.reduce((sum, each) => sum + each.seconds, 0)) problems.push(`seconds of leg ${leg.route} are wrong`);
	let cost: Exact = { numerator: 0n, denominator: 1n };
	for (const [index, hop] of leg.hops.entries()) {
		const direct = path[index];
		const before = leg.hops[index - 1];
		if (direct === undefined) continue;
		if (before !== undefined && hop.send !== before.receive) problems.push(`hop ${hop.route} does not send what arrived`);
		problems.push(...hopProblems(input, direct, hop));
		cost = plus(cost, plus(hopLoss(input, direct, hop), direct.gasCost));
	}
	if (!isSame(cost, leg.cost)) problems.push(`cost of leg ${leg.route} is wrong`);
	return problems;
}

function hopProblems(input: PlanInput, route: DirectRoute, hop: PlannedHop): readonly string[] {
	const problems: string[] = [];
	const matches =
		hop.route === route.id && hop.bridge === route.bridge && hop.origin === route.origin && hop.destination === route.destination;
	if (!matches || hop.asset !== route.asset || hop.toAsset !== route.toAsset) problems.push(`hop ${hop.route} is not its route`);
	const send = { numerator: hop.send, denominator: unit(input, route.origin, route.asset) };
	const arriving = unit(input, route.destination, route.toAsset);
	const steps = times(send, inverse(route.step));
	if (steps.numerator % steps.denominator !== 0n) problems.push(`hop ${hop.route} is off its step`);
	if (isMore(route.minimum, send) || isMore(send, route.maximum)) problems.push(`hop ${hop.route} is outside its limits`);
	const exact = minus(minus(send, route.fixedFee), times(send, route.fee));
	const receive = exact.numerator < 0n ? 0n : (exact.numerator * arriving) / exact.denominator;
	if (hop.receive !== receive || receive <= 0n) problems.push(`hop ${hop.route} delivers ${receive}, not ${hop.receive}`);
	if (isMore(hopLoss(input, route, hop), times(send, route.tolerance))) problems.push(`hop ${hop.route} loses more than its tolerance`);
	return problems;
}

function hopLoss(input: PlanInput, route: DirectRoute, hop: PlannedHop): Exact {
	const send = { numerator: hop.send, denominator: unit(input, route.origin, route.asset) };
	return minus(send, { numerator: hop.receive, denominator: unit(input, route.destination, route.toAsset) });
}

function directOf(routes: ReadonlyMap<string, Route>, route: Route): readonly DirectRoute[] {
	if (!('via' in route)) return [route];
	return route.via.flatMap((id) => {
		const hop = routes.get(id);
		return hop === undefined || 'via' in hop ? [] : [hop];
	});
}

interface Register {
	readonly rows: ReadonlyMap<string, PlanInput['inventory'][number]>;
	readonly routes: ReadonlyMap<string, Route>;
}

/** Made once for each input: a large batch has many plans to be checked against it. */
const registers = new WeakMap<PlanInput, Register>();

function registerOf(input: PlanInput): Register {
	const known = registers.get(input);
	if (known !== undefined) return known;
	const register = {
		rows: new Map(input.inventory.map((row) => [positionKey(row), row])),
		routes: new Map(input.routes.map((route) => [route.id, route])),
	};
	registers.set(input, register);
	return register;
}

function unit(input: PlanInput, venue: string, asset: string): bigint {
	const decimals = input.decimals.get(positionKey({ venue, asset }));
	if (decimals === undefined) throw new RangeError(`decimals of ${asset} at venue ${venue} are unknown`);
	return powerOfTen(decimals);
}

function plus(a: Exact, b: Exact): Exact {
	return { numerator: a.numerator * b.denominator + b.numerator * a.denominator, denominator: a.denominator * b.denominator };
}

function minus(a: Exact, b: Exact): Exact {
	return plus(a, { numerator: -b.numerator, denominator: b.denominator });
}

function times(a: Exact, b: Exact): Exact {
	return { numerator: a.numerator * b.numerator, denominator: a.denominator * b.denominator };
}

function inverse(a: Exact): Exact {
	return { numerator: a.denominator, denominator: a.numerator };
}

function isMore(a: Exact, b: Exact): boolean {
	return a.numerator * b.denominator > b.numerator * a.denominator;
}

function isSame(a: Exact, b: Exact): boolean {
	return a.numerator * b.denominator === b.numerator * a.denominator;
}
