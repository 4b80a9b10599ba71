/** What the planner answers: pure data, exact, and already checked. */
import type { VenueId } from '../inventory/venue.ts';
import type { Payment } from '../invoice/payable.ts';
import type { Amount } from '../money/amount.ts';
import type { Exact } from './exact.ts';

/** What a hop is, from its plan to its end. */
export interface HopTerms {
	readonly bridge: string;
	readonly origin: VenueId;
	readonly destination: VenueId;
	/** What leaves the origin, and what arrives at the destination. */
	readonly asset: string;
	readonly toAsset: string;
	/** Base units at the origin. */
	readonly send: Amount;
	/** Base units at the destination that the plan counts on. */
	readonly receive: Amount;
	readonly seconds: number;
}

/** One hop of a leg. */
export interface PlannedHop extends HopTerms {
	readonly route: string;
}

/** One path of funds to the destination: its ends, and its hops in order (one for a direct route). */
export interface PlannedLeg extends PlannedHop {
	readonly hops: readonly PlannedHop[];
	/** Token units: the sum over hops of `send − receive + gasCost`. */
	readonly cost: Exact;
}

/** How one demand is covered at one destination. */
export interface Plan {
	readonly demand: string;
	readonly asset: string;
	readonly destination: VenueId;
	/** Base units at the destination: what must be there at the end. */
	readonly amount: Amount;
	/** Base units taken from what is available at the destination: the least that the legs leave uncovered. */
	readonly local: Amount;
	/** By route id, at least one. */
	readonly legs: readonly PlannedLeg[];
	readonly operations: number;
	readonly cost: Exact;
	/** The largest of the legs'. */
	readonly seconds: number;
}

export type RefusalReason =
	| 'NO_ROUTE'
	| 'TIME_BUDGET'
	| 'UNPROFITABLE'
	| 'RESERVE'
	| 'ABOVE_MAXIMUM'
	| 'BELOW_MINIMUM'
	| 'SLIPPAGE'
	| 'INSUFFICIENT_FUNDS';

interface Refusal {
	readonly reason: RefusalReason;
	/** Where the demand comes nearest. */
	readonly destination: VenueId;
	/** Base units there: the amount less the most that could be brought there. */
	readonly short: Amount;
}

/** `exact` is false when the node budget ended before the answer was proven to be the best. */
export type PlanResult = { readonly kind: 'planned'; readonly plan: Plan; readonly exact: boolean } | Refused;

export interface Refused extends Refusal {
	readonly kind: 'refused';
	readonly exact: boolean;
}

/** How much searching one demand may cost: choices looked at, not time, so that the same input gives the same answer. */
export interface PlanLimits {
	readonly nodes: number;
}

export const PLAN_LIMITS: PlanLimits = { nodes: 200_000 };

/** What is weighed after paying: who is older, or how much is covered. */
export type Goal = 'age' | 'value';

/** Asked between steps of the joint search; once true, the best that is known is the answer. The planner itself reads no clock. */
export type Stop = () => boolean;

export interface Objective {
	readonly goal: Goal;
	readonly stop: Stop;
}

/** No arrangement that is equal in the goals before is better than that in this one. */
export type Bound =
	/** The oldest demand whose absence is not proven. */
	| { readonly goal: 1 | 2; readonly demand: string }
	/** `value`, under the goal of that name, and costs and sums in token units; slow plans and operations are counts. */
	| { readonly goal: 2 | 3 | 4 | 5 | 6; readonly value: Exact };

/** Whether the result is the best by all goals, and otherwise how far the first doubtful goal could still be improved. */
export type Proof = { readonly exact: true; readonly bound: null } | { readonly exact: false; readonly bound: Bound };

/** The answer for a batch: every demand stands in exactly one of the three lists, oldest first. */
export interface BatchPlan {
	readonly plans: readonly Plan[];
	readonly payable: readonly Payment[];
	readonly unplanned: readonly ({ readonly demand: string } & Refusal)[];
	readonly proof: Proof;
}
