/**
 * The best plan for one demand: covered at all, with no slow leg if possible, by the fewest operations, at the lowest
 * cost, with the least sent. The demand must not be payable at once, which is decided before (`choosePayable`).
 */

import type { Demand } from '../demand.ts';
import type { Plan, PlanLimits, PlanResult } from '../plan.ts';
import type { Budget } from './budget.ts';
import { checkPlan } from './check.ts';
import { coverDemand } from './cover.ts';
import { networkOf, type Outlook, type PlanInput } from './network.ts';
import { planFrom } from './plan-from.ts';
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
	const { field, chosen, split } = choice;
	const legs = chosen.map((candidate, index) => ({ candidate, send: split.sends[index] ?? 0n }));
	const plan = planFrom(demand, { venue: field.market.need.venue, moneyScale: field.market.moneyScale, legs });
	checkPlan({ input: outlook.network.input, used: outlook.used, demand }, plan);
	return { plan, exact: budget.exact };
}
