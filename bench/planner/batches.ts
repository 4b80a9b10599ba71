/** Batches: how near the joint plan comes to its bound, and whether a greedy planner ever does better. */

import { positionKey } from '../../src/inventory/venue.ts';
import { byAge } from '../../src/invoice/payable.ts';
import { powerOfTen } from '../../src/money/units.ts';
import type { Exact } from '../../src/plan/exact.ts';
import { planBatch } from '../../src/plan/joint/plan-batch.ts';
import { ratio } from '../../src/plan/one/candidate.ts';
import type { BatchPlan, Goal } from '../../src/plan/plan.ts';
import type { Batch } from '../../test/plan/seeded.ts';
import { type Arrangement, planGreedily } from './greedy.ts';
import { isLess, plus } from './witness.ts';

interface Match {
	/** In words, for people; null when the greedy arrangement is not better. */
	readonly worse: string | null;
	readonly covered: { readonly ours: number; readonly greedy: number };
	/** Token units; null when not the same demands are covered. */
	readonly fees: { readonly ours: number; readonly greedy: number } | null;
}

/** The joint plan when the search is told to stop after so long. */
export function planWithin({ input, demands }: Batch, goal: Goal, budgetMs: number): BatchPlan {
	const endsMs = performance.now() + budgetMs;
	return planBatch(input, demands, { goal, stop: () => performance.now() >= endsMs });
}

/** By how much of the bound on the covered value the plan falls short; 0 when no arrangement covers more, 1 when nothing is known. */
export function gapOf(batch: Batch, plan: BatchPlan): number {
	if (plan.proof.exact || plan.proof.bound.goal > 2) return 0;
	if (!('value' in plan.proof.bound)) return 1;
	const bound = numberOf(plan.proof.bound.value);
	return bound === 0 ? 0 : Math.max(0, (bound - numberOf(coveredValueOf(batch, plan))) / bound);
}

/** Judges both arrangements of one batch by the goals of the contract, with `age`. */
export function matchGreedy(batch: Batch, ours: Arrangement): Match {
	const greedy = planGreedily(batch.input, batch.demands);
	const worse = firstDifference(batch, ours, greedy);
	const isSame = setOf(batch, ours).join() === setOf(batch, greedy).join();
	return {
		worse: worse !== null && worse.winner === 'greedy' ? worse.goal : null,
		covered: { ours: ours.plans.length + ours.payable.length, greedy: greedy.plans.length + greedy.payable.length },
		fees: isSame ? { ours: numberOf(costOf(ours)), greedy: numberOf(costOf(greedy)) } : null,
	};
}

interface Difference {
	readonly goal: string;
	readonly winner: 'ours' | 'greedy';
}

function firstDifference(batch: Batch, ours: Arrangement, greedy: Arrangement): Difference | null {
	const byGoal: readonly (readonly [string, number])[] = [
		['payable', compareSets(paidOf(batch, ours), paidOf(batch, greedy))],
		['covered', compareSets(setOf(batch, ours), setOf(batch, greedy))],
		['slow', slowOf(batch, greedy) - slowOf(batch, ours)],
		['operations', operationsOf(greedy) - operationsOf(ours)],
		['cost', compareSums(costOf(greedy), costOf(ours), operationsOf(ours))],
		['sent', compareSums(sentOf(batch, greedy), sentOf(batch, ours), operationsOf(ours))],
	];
	const decided = byGoal.find(([, difference]) => difference !== 0);
	return decided === undefined ? null : { goal: decided[0], winner: decided[1] > 0 ? 'ours' : 'greedy' };
}

/** Which demands, oldest first, are among these. */
function membersOf({ demands }: Batch, ids: readonly string[]): readonly boolean[] {
	const known = new Set(ids);
	return [...demands].sort(byAge).map(({ id }) => known.has(id));
}

function paidOf(batch: Batch, { payable }: Arrangement): readonly boolean[] {
	return membersOf(
		batch,
		payable.map(({ id }) => id),
	);
}

function setOf(batch: Batch, { plans, payable }: Arrangement): readonly boolean[] {
	return membersOf(batch, [...plans.map(({ demand }) => demand), ...payable.map(({ id }) => id)]);
}

/** Above zero when the first set has the oldest demand that only one of them has. */
function compareSets(one: readonly boolean[], other: readonly boolean[]): number {
	const at = one.findIndex((has, index) => has !== other[index]);
	return at === -1 ? 0 : one[at] === true ? 1 : -1;
}

/** Two sums are equal within 0.000002 token units per operation. */
function compareSums(one: Exact, other: Exact, operations: number): number {
	const equal = { numerator: 2n * BigInt(operations), denominator: 1_000_000n };
	if (isLess(plus(one, equal), other)) return -1;
	return isLess(plus(other, equal), one) ? 1 : 0;
}

function slowOf({ input }: Batch, { plans }: Arrangement): number {
	return plans.filter(({ seconds }) => seconds > input.fastWindowSeconds).length;
}

function operationsOf({ plans }: Arrangement): number {
	return plans.reduce((sum, { operations }) => sum + operations, 0);
}

function costOf({ plans }: Arrangement): Exact {
	return plans.reduce<Exact>((sum, { cost }) => plus(sum, cost), { numerator: 0n, denominator: 1n });
}

function sentOf(batch: Batch, { plans }: Arrangement): Exact {
	const legs = plans.flatMap((plan) => plan.legs);
	return legs.reduce<Exact>((sum, { send, origin, asset }) => plus(sum, { numerator: send, denominator: tokenAt(batch, origin, asset) }), {
		numerator: 0n,
		denominator: 1n,
	});
}

/** Token units that are covered, payable demands included. */
function coveredValueOf(batch: Batch, { plans, payable }: BatchPlan): Exact {
	const assets = new Map(batch.demands.map(({ id, asset }) => [id, asset]));
	const parts = [
		...plans.map(({ amount, destination, asset }) => ({ amount, venue: destination, asset })),
		...payable.map(({ id, amount, venue }) => ({ amount, venue, asset: assets.get(id) ?? '' })),
	];
	return parts.reduce<Exact>(
		(sum, { amount, venue, asset }) => plus(sum, { numerator: amount, denominator: tokenAt(batch, venue, asset) }),
		{ numerator: 0n, denominator: 1n },
	);
}

function tokenAt({ input }: Batch, venue: string, asset: string): bigint {
	return powerOfTen(input.decimals.get(positionKey({ venue, asset })) ?? Number.NaN);
}

/** Sums of many fees have denominators that no float holds. */
function numberOf({ numerator, denominator }: Exact): number {
	return ratio(numerator, denominator);
}
