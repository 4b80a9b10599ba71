/**
 * One by one: what can be paid at once is paid, then each other demand, oldest first, gets the plan that is best for it
 * alone on what is left, or none.
 */
import type { Payment } from '../invoice/payable.ts';
import { addTo, usedBy } from './available.ts';
import { type Batch, type Draft, usedByDraft } from './batch.ts';
import { PLAN_LIMITS, type Plan } from './plan.ts';
import { planAlone } from './plan-alone.ts';

export interface Turns {
	readonly draft: Draft;
	/** Demands whose own search was cut off. */
	readonly unproven: ReadonlySet<string>;
}

/** Plans the demands that are not paid, one by one. Throws as `planOne` does. */
export function planInTurn(batch: Batch, payments: ReadonlyMap<string, Payment>): Turns {
	const { network, demands, goal } = batch;
	const used = usedByDraft(batch, { payments, plans: new Map() });
	const plans = new Map<string, Plan>();
	const unproven = new Set<string>();
	for (const demand of demands.filter(({ id }) => !payments.has(id))) {
		const { plan, exact } = planAlone({ network, used }, demand, { goal, limits: PLAN_LIMITS });
		if (!exact) unproven.add(demand.id);
		if (plan === null) continue;
		plans.set(demand.id, plan);
		addTo(used, usedBy(plan));
	}
	return { draft: { payments, plans }, unproven };
}
