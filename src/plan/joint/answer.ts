/** From what is decided to the answer: every plan is checked, and whoever has none gets the reason. */
import { fundsLess, usedBy } from '../available.ts';
import { checkPlan } from '../one/check.ts';
import { refusalOf } from '../one/reason.ts';
import { type BatchPlan, PLAN_LIMITS, type Proof } from '../plan.ts';
import { type Batch, type Draft, usedByDraft } from './batch.ts';
import { planInTurn } from './plan-in-turn.ts';

/** Throws `InvariantError` when a plan does not pass the checker. `unproven` are demands whose own search was cut off. */
export function answerOf(batch: Batch, decided: Draft, { proof, unproven }: { proof: Proof; unproven: ReadonlySet<string> }): BatchPlan {
	const { network, demands } = batch;
	// Where nothing is proven, nobody stays without a plan whom what is left would cover.
	const draft = proof.exact ? decided : planInTurn(batch, decided).draft;
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
