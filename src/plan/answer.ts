/** From what is decided to the answer: every plan is checked, and whoever has none gets the reason. */
import { addTo, fundsLess, usedBy } from './available.ts';
import { type Batch, type Draft, usedByDraft } from './batch.ts';
import { checkPlan } from './check.ts';
import type { Demand } from './demand.ts';
import { type BatchPlan, PLAN_LIMITS, type Plan, type Proof } from './plan.ts';
import { planAlone } from './plan-alone.ts';
import { refusalOf } from './reason.ts';

/** Throws `InvariantError` when a plan does not pass the checker. `unproven` are demands whose own search was cut off. */
export function answerOf(batch: Batch, decided: Draft, { proof, unproven }: { proof: Proof; unproven: ReadonlySet<string> }): BatchPlan {
	const { network, demands } = batch;
	const draft = proof.exact ? decided : filledUp(batch, decided);
	const used = usedByDraft(batch, draft);
	for (const demand of demands) {
		const plan = draft.plans.get(demand.id);
		if (plan !== undefined) checkPlan({ input: network.input, used: fundsLess(used, usedBy(plan)), demand }, plan);
	}
	const refused = demands.filter(({ id }) => !draft.payments.has(id) && !draft.plans.has(id));
	return {
		plans: demands.flatMap(({ id }) => draft.plans.get(id) ?? []),
		payable: demands.flatMap(({ id }) => draft.payments.get(id) ?? []),
		// Reasons are given for what is left after the whole result.
		unplanned: refused.map((demand) => {
			const exact = proof.exact || !unproven.has(demand.id);
			const { reason, destination, short } = refusalOf({ network, used }, demand, { limits: PLAN_LIMITS, exact });
			return { demand: demand.id, reason, destination, short };
		}),
		proof,
	};
}

/** Nobody stays without a plan whom what is left would cover. */
function filledUp(batch: Batch, { payments, plans: decided }: Draft): Draft {
	const plans = new Map<string, Plan>(decided);
	const used = usedByDraft(batch, { payments, plans });
	const waiting = (demand: Demand): boolean => !payments.has(demand.id) && !plans.has(demand.id);
	for (const demand of batch.demands.filter(waiting)) {
		const { plan } = planAlone({ network: batch.network, used }, demand, { goal: batch.goal, limits: PLAN_LIMITS });
		if (plan === null) continue;
		plans.set(demand.id, plan);
		addTo(used, usedBy(plan));
	}
	return { payments, plans };
}
