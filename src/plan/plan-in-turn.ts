/**
 * One by one: what can be paid at once is paid, then each other demand, oldest first, gets the plan that is best for it
 * alone on what is left, or none.
 */

import { positionKey } from '../inventory/venue.ts';
import { byAge, choosePayable, type Payment } from '../invoice/payable.ts';
import { addUnits, availableOf, type Units, usedBy } from './available.ts';
import type { Demand } from './demand.ts';
import { networkOf, type PlanInput } from './network.ts';
import { PLAN_LIMITS, type Plan, type PlanLimits, type Refusal } from './plan.ts';
import { findPlan } from './plan-one.ts';
import { refusalOf } from './reason.ts';

/** Every demand stands in exactly one of the three lists, oldest first. */
export interface Turns {
	readonly plans: readonly Plan[];
	readonly payable: readonly Payment[];
	readonly unplanned: readonly ({ readonly demand: string } & Refusal)[];
	readonly exact: boolean;
}

/** Plans the demands one by one. `limits` hold for each demand. Throws as `planOne` does. */
export function planInTurn(input: PlanInput, demands: readonly Demand[], limits: PlanLimits = PLAN_LIMITS): Turns {
	const network = networkOf(input);
	const choice = choosePayable(demands, availableOf(input.inventory, new Map()));
	let used = usedByPayments(choice.payments, demands);
	const paid = new Set(choice.payments.map(({ id }) => id));
	const plans: Plan[] = [];
	const refused: { demand: Demand; exact: boolean }[] = [];
	let exact = choice.exact;
	for (const demand of [...demands].filter(({ id }) => !paid.has(id)).sort(byAge)) {
		const found = findPlan({ network, used }, demand, limits);
		exact &&= found.exact;
		if (found.plan !== null) {
			plans.push(found.plan);
			used = addUnits(used, usedBy(found.plan));
		} else refused.push({ demand, exact: found.exact });
	}
	// Reasons are given for what is left after the whole result.
	const unplanned = refused.map((each) => {
		const { reason, destination, short, exact: proven } = refusalOf({ network, used }, each.demand, { limits, exact: each.exact });
		exact &&= proven;
		return { demand: each.demand.id, reason, destination, short };
	});
	return { plans, payable: choice.payments, unplanned, exact };
}

function usedByPayments(payments: readonly Payment[], demands: readonly Demand[]): Units {
	const assets = new Map(demands.map(({ id, asset }) => [id, asset]));
	return payments.reduce<Units>((used, { id, venue, amount }) => {
		const asset = assets.get(id);
		return asset === undefined ? used : addUnits(used, new Map([[positionKey({ venue, asset }), amount]]));
	}, new Map());
}
