/**
 * One by one: what can be paid at once is paid, then each other demand, oldest first, gets the plan that is best for it
 * alone on what is left, or none.
 */
import { addTo, usedBy } from '../available.ts';
import { PLAN_LIMITS, type PlanLimits } from '../plan.ts';
import { type Batch, type Draft, usedByDraft } from './batch.ts';
import { planAlone } from './plan-alone.ts';

export interface Turns {
	readonly draft: Draft;
	/** Demands whose own search was cut off. */
	readonly unproven: ReadonlySet<string>;
}

/** Plans all that the draft leaves waiting, one by one, on what it leaves. `limits` hold for each. Throws as `planOne` does. */
export function planInTurn(batch: Batch, { payments, plans: given }: Draft, limits: PlanLimits = PLAN_LIMITS): Turns {
	const { network, demands, goal } = batch;
	const plans = new Map(given);
	const used = usedByDraft(batch, { payments, plans });
	const unproven = new Set<string>();
	for (const demand of demands.filter(({ id }) => !payments.has(id) && !given.has(id))) {
		const { plan, exact } = planAlone({ network, used }, demand, { goal, limits });
		if (!exact) unproven.add(demand.id);
		if (plan === null) continue;
		plans.set(demand.id, plan);
		addTo(used, usedBy(plan));
	}
	return { draft: { payments, plans }, unproven };
}
