/** What the planner answers, as the document of the contract: decimal text for amounts, keys in their order, lists oldest first. */
import type { Position } from '../../inventory/venue.ts';
import type { Amount } from '../../money/amount.ts';
import { divideUp } from '../../money/rate.ts';
import { formatAmount } from '../../money/units.ts';
import { formatExact } from '../../plan/exact.ts';
import type { Alternative } from '../../plan/explain/alternative.ts';
import type { Explainer } from '../../plan/explain/explain.ts';
import type { BatchPlan, Bound, Plan, PlannedHop, PlannedLeg } from '../../plan/plan.ts';
import { decimalsAt } from '../../plan/route.ts';
import type { PlanFile } from './read-plan-file.ts';

interface ShownHop {
	readonly route: string;
	readonly send: string;
	readonly receive: string;
}

interface ShownLeg extends ShownHop {
	/** Of a leg over several. */
	readonly hops?: readonly ShownHop[];
}

/** Amounts and costs in token units. */
export interface Answer {
	readonly plans: readonly {
		readonly demand: string;
		readonly destination: string;
		readonly local: string;
		readonly legs: readonly ShownLeg[];
		readonly operations: number;
		readonly cost: string;
		readonly seconds: number;
	}[];
	readonly payable: readonly { readonly demand: string; readonly destination: string; readonly amount: string }[];
	readonly unplanned: readonly {
		readonly demand: string;
		readonly reason: string;
		readonly destination: string;
		readonly short: string;
		/** Of the oldest ones, for the person who asks what else was thought of. */
		readonly alternatives?: readonly Alternative[];
	}[];
	readonly proof: { readonly exact: boolean; readonly bound: ShownBound | null };
}

type ShownBound = { readonly goal: number; readonly demand: string } | { readonly goal: number; readonly value: string | number };

/** How many refusals are explained: each takes a few searches, and a program wants its answer soon. */
const MOST_EXPLAINED = 5;

/** Throws `RangeError` when the result is of other demands, or its places are unknown. */
export function answerOf(file: PlanFile, { plans, payable, unplanned, proof }: BatchPlan, explainer: Explainer): Answer {
	const assets = new Map(file.demands.map(({ id, asset }) => [id, asset]));
	const text = textIn(file);
	const at = (demand: string, venue: string) => ({ venue, asset: assets.get(demand) ?? '' });
	return {
		plans: plans.map((plan) => shownPlan(plan, text)),
		payable: payable.map(({ id, venue, amount }) => ({ demand: id, destination: venue, amount: text(amount, at(id, venue)) })),
		unplanned: unplanned.map((refused, index) => {
			const { demand, reason, destination, short } = refused;
			const entry = { demand, reason, destination, short: text(short, at(demand, destination)) };
			return index < MOST_EXPLAINED ? { ...entry, alternatives: explainer.refusal(refused).alternatives } : entry;
		}),
		proof: { exact: proof.exact, bound: proof.bound === null ? null : shownBound(proof.bound) },
	};
}

/** Base units at a place, in token units. */
export type Text = (units: Amount, at: Position) => string;

export function textIn({ input }: PlanFile): Text {
	return (units, { venue, asset }) => formatAmount(units, decimalsAt(input.decimals, venue, asset));
}

function shownPlan({ demand, destination, asset, local, legs, operations, cost, seconds }: Plan, text: Text): Answer['plans'][number] {
	return {
		...{ demand, destination, local: text(local, { venue: destination, asset }) },
		legs: legs.map((leg) => shownLeg(leg, text)),
		...{ operations, cost: formatExact(cost), seconds },
	};
}

function shownLeg(leg: PlannedLeg, text: Text): ShownLeg {
	const shown = shownHop(leg, text);
	return leg.hops.length === 1 ? shown : { ...shown, hops: leg.hops.map((hop) => shownHop(hop, text)) };
}

function shownHop({ route, origin, asset, destination, toAsset, send, receive }: PlannedHop, text: Text): ShownHop {
	return { route, send: text(send, { venue: origin, asset }), receive: text(receive, { venue: destination, asset: toAsset }) };
}

export function shownBound(bound: Bound): ShownBound {
	if ('demand' in bound) return { goal: bound.goal, demand: bound.demand };
	const { goal, value } = bound;
	// Slow plans and operations come in whole numbers, so the next one up is a bound as well.
	if (goal === 3 || goal === 4) return { goal, value: Number(divideUp(value.numerator, value.denominator)) };
	return { goal, value: formatExact(value) };
}
