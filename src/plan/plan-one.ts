/**
 * The best plan for one demand: covered at all, with no slow leg if possible, by the fewest operations, at the lowest
 * cost, with the least sent. The demand must not be payable at once, which is decided before (`choosePayable`).
 */
import { type Amount, amount, ZERO } from '../money/amount.ts';
import type { Choice } from './best.ts';
import type { Candidate } from './candidate.ts';
import { checkPlan } from './check.ts';
import { coverDemand } from './cover.ts';
import type { Demand } from './demand.ts';
import type { Exact } from './exact.ts';
import type { Budget } from './explore.ts';
import { networkOf, type Outlook, type PlanInput } from './network.ts';
import { deliveriesOf, type Path } from './path.ts';
import type { Plan, PlanLimits, PlannedHop, PlannedLeg, PlanResult } from './plan.ts';
import { refusalOf } from './reason.ts';

/**
 * Plans one demand on one snapshot. Throws `RangeError` for unknown decimals, unknown hops, or a demand that can be paid
 * at once; `InvariantError` when the plan found does not pass the checker.
 */
export function planOne(input: PlanInput, demand: Demand, limits: PlanLimits): PlanResult {
	return planOn({ network: networkOf(input), used: new Map() }, demand, limits);
}

/** The same on a network prepared before, less what is used already. */
export function planOn(outlook: Outlook, demand: Demand, limits: PlanLimits): PlanResult {
	const { plan, exact } = findPlan(outlook, demand, limits);
	return plan === null ? refusalOf(outlook, demand, { limits, exact }) : { kind: 'planned', plan, exact };
}

/** The plan alone: null without the work of finding out why there is none. */
export function findPlan(outlook: Outlook, demand: Demand, limits: PlanLimits): { readonly plan: Plan | null; readonly exact: boolean } {
	const budget: Budget = { left: limits.nodes, exact: true };
	const choice = coverDemand(outlook, demand, { budget, anyWill: false });
	if (choice === null) return { plan: null, exact: budget.exact };
	const plan = planFrom(choice, demand);
	checkPlan({ input: outlook.network.input, used: outlook.used, demand }, plan);
	return { plan, exact: budget.exact };
}

function planFrom({ field, chosen, split }: Choice, demand: Demand): Plan {
	const { need, moneyScale } = field.market;
	const legs = chosen.map((candidate, index) => legFrom(candidate, split.sends[index] ?? 0n, moneyScale));
	const delivered = legs.reduce((sum, leg) => sum + leg.receive, 0n);
	const whole = demand.destinations.find(({ venue }) => venue === need.venue)?.amount ?? ZERO;
	return {
		demand: demand.id,
		asset: demand.asset,
		destination: need.venue,
		amount: whole,
		local: whole > delivered ? amount(whole - delivered) : ZERO,
		legs,
		operations: chosen.reduce((sum, candidate) => sum + candidate.operations, 0),
		cost: { numerator: split.cost, denominator: moneyScale },
		seconds: Math.max(...legs.map((leg) => leg.seconds)),
	};
}

function legFrom({ path, sendWeight, arriveWeight, gas }: Candidate, send: bigint, moneyScale: bigint): PlannedLeg {
	const hops = hopsFrom(path, send);
	const receive = hops.at(-1)?.receive ?? ZERO;
	const cost: Exact = { numerator: send * sendWeight - receive * arriveWeight + gas, denominator: moneyScale };
	return {
		route: path.route.id,
		bridge: path.route.bridge,
		origin: path.origin,
		destination: path.destination,
		asset: path.asset,
		toAsset: path.toAsset,
		send: amount(send),
		receive,
		hops,
		seconds: path.seconds,
		cost,
	};
}

function hopsFrom(path: Path, send: bigint): readonly PlannedHop[] {
	let current: Amount = amount(send);
	return deliveriesOf(path, send).map((delivered, index) => {
		const { route } = path.hops[index] ?? path.hops[0];
		const hop = {
			route: route.id,
			bridge: route.bridge,
			origin: route.origin,
			destination: route.destination,
			asset: route.asset,
			toAsset: route.toAsset,
			send: current,
			receive: amount(delivered),
			seconds: route.seconds,
		};
		current = hop.receive;
		return hop;
	});
}
