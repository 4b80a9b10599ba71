/** The best plans for a batch of demands together, by the goals of the contract: never worse than one by one. */
import { byAge, choosePayable } from '../../invoice/payable.ts';
import type { Demand } from '../demand.ts';
import { networkOf, type PlanInput } from '../one/network.ts';
import { planFrom } from '../one/plan-from.ts';
import type { BatchPlan, Objective, Plan, Proof } from '../plan.ts';
import { answerOf } from './answer.ts';
import { moneyScaleFor } from './arena.ts';
import type { Batch, Draft } from './batch.ts';
import type { Effort } from './choose.ts';
import { dearestPayments } from './dearest-payments.ts';
import { arrangeExactly } from './exact-batch.ts';
import { improve } from './improve.ts';
import { planInTurn } from './plan-in-turn.ts';
import { type Evidence, idealOf, isIdeal, proofOf } from './proof.ts';
import { relaxBatch } from './relaxed-batch.ts';

/** Up to so many demands and routes the result is always proven. */
const FEW_DEMANDS = 3;
const FEW_ROUTES = 6;
/** More are only planned one by one: a change of one plan costs a look at all. */
const MANY_DEMANDS = 2_000;
const PROVEN: Proof = { exact: true, bound: null };
/** Sets looked at: no few demands and routes have so many that matter. */
const EXACT_EFFORT = 400_000;

/**
 * Plans demands of any assets on one snapshot. One by one is finished whatever `stop` says; the joint search goes on until
 * it has proven its result, gains nothing any more, or `stop` answers true. Throws `RangeError` for unknown decimals or hops,
 * `InvariantError` when a plan does not pass the checker.
 */
export function planBatch(input: PlanInput, demands: readonly Demand[], objective: Objective): BatchPlan {
	const network = networkOf(input);
	const batch: Batch = { network, demands: [...demands].sort(byAge), goal: objective.goal, moneyScale: moneyScaleFor(network, demands) };
	const choice = choosePayable(batch.demands, network.free('kept'));
	const first = new Map(choice.payments.map((payment) => [payment.id, payment]));
	const isAlone = batch.demands.length === 1;
	if ((isAlone && first.size === 1) || (batch.demands.length <= FEW_DEMANDS && input.routes.length <= FEW_ROUTES)) {
		const draft = exactDraft(batch, new Set(first.keys()));
		if (draft !== null && choice.exact) return answerOf(batch, draft, { proof: PROVEN, unproven: new Set() });
	}
	const payments = objective.goal === 'age' ? first : dearestPayments(batch, first);
	const turns = planInTurn(batch, { payments, plans: new Map() });
	if (isAlone && turns.unproven.size === 0) return answerOf(batch, turns.draft, { proof: PROVEN, unproven: turns.unproven });
	const ideal = idealOf(batch, turns, objective.stop);
	const relaxed = relaxBatch(batch);
	const evidence: Evidence = {
		relaxed,
		ideal,
		stop: objective.stop,
		payable: choice.exact,
		mostValue: Number.POSITIVE_INFINITY,
		firstPayments: payments,
	};
	const inTurn = { draft: turns.draft, proof: proofOf(batch, turns.draft, evidence) };
	if (inTurn.proof.exact || objective.stop() || demands.length > MANY_DEMANDS)
		return answerOf(batch, inTurn.draft, { proof: inTurn.proof, unproven: turns.unproven });
	const { draft, mostValue } = improve(batch, turns.draft, { relaxed, stop: objective.stop, isDone: (each) => isIdeal(each, ideal) });
	return answerOf(batch, draft, { proof: proofOf(batch, draft, { ...evidence, mostValue }), unproven: turns.unproven });
}

/** The proven best; null if the search had to be cut off. */
function exactDraft(batch: Batch, paid: ReadonlySet<string>): Draft | null {
	const effort: Effort = { left: EXACT_EFFORT, exact: true, stop: () => false };
	const { payments, cover } = arrangeExactly({ ...batch, paid }, effort);
	if (!effort.exact) return null;
	const plans = new Map<string, Plan>();
	for (const [post, { demand, venue }] of (cover?.arena.posts ?? []).entries()) {
		const legs = (cover?.options ?? []).flatMap(({ candidate, post: owner }, index) =>
			owner === post ? [{ candidate, send: cover?.deal.sends[index] ?? 0n }] : [],
		);
		plans.set(demand.id, planFrom(demand, { venue, moneyScale: batch.moneyScale, legs }));
	}
	return { payments: new Map(payments.map((payment) => [payment.id, payment])), plans };
}
