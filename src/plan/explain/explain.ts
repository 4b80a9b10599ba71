/**
 * Why each demand got what it got: the ways that differ from its plan, or what stands in the way elsewhere, each with a code. Asked
 * after planning, for one demand at a time, and apart from planning's budget.
 */
import type { VenueId } from '../../inventory/venue.ts';
import { addUnits, type Units, usedBy } from '../available.ts';
import type { Demand } from '../demand.ts';
import { usedByPayment } from '../joint/batch.ts';
import { networkOf, type PlanInput } from '../one/network.ts';
import { routeProblemsOn } from '../one/route-problem.ts';
import type { BatchPlan, Goal, Plan } from '../plan.ts';
import type { Alternative } from './alternative.ts';
import { type Scene, searchesOf } from './other-ways.ts';

export interface Explanation {
	readonly alternatives: readonly Alternative[];
	/** How many more there may be that were left out: nobody reads a list without end. */
	readonly more: number;
}

/** What was planned, and how it was weighed. */
interface Question {
	readonly input: PlanInput;
	readonly demands: readonly Demand[];
	readonly goal: Goal;
}

/** Each throws `RangeError` for a demand that was not in the question. */
export interface Explainer {
	plan(plan: Plan): Explanation;
	refusal(refused: { readonly demand: string; readonly destination: VenueId }): Explanation;
}

const NOTHING: Units = new Map();
const MOST_SEARCHES = 10;
const MOST_ALTERNATIVES = 20;

/** Explains a result of that question. Throws `RangeError` for unknown decimals, hops or demands. */
export function explainerOf({ input, demands, goal }: Question, { plans, payable }: BatchPlan): Explainer {
	const network = networkOf(input);
	const routeProblems = routeProblemsOn(network);
	const known = new Map(demands.map((demand) => [demand.id, demand]));
	const demandOf = (id: string): Demand => {
		const demand = known.get(id);
		if (demand === undefined) throw new RangeError(`demand ${id} was not planned`);
		return demand;
	};
	const paid = payable.map((payment) => usedByPayment(demandOf(payment.id), payment)).reduce(addUnits, NOTHING);
	const all = plans.map(usedBy).reduce(addUnits, paid);
	const explain = (scene: Pick<Scene, 'demand' | 'plan' | 'others'>, explained: VenueId): Explanation => {
		const searches = searchesOf({ input, goal, network, paid, ...scene }, explained);
		const { problems, unseen } = routeProblems(scene.demand, scene.others);
		const alternatives: readonly Alternative[] = [
			...searches.slice(0, MOST_SEARCHES).flatMap((search) => search()),
			...problems.map(({ route, code }) => ({ kind: 'route' as const, name: route, code })),
		];
		const shown = alternatives.slice(0, MOST_ALTERNATIVES);
		return { alternatives: shown, more: alternatives.length - shown.length + Math.max(0, searches.length - MOST_SEARCHES) + unseen };
	};
	return {
		plan: (plan) => explain({ demand: demandOf(plan.demand), plan, others: less(all, usedBy(plan)) }, plan.destination),
		refusal: ({ demand, destination }) => explain({ demand: demandOf(demand), plan: null, others: all }, destination),
	};
}

function less(all: Units, own: Units): Units {
	return new Map([...all].map(([key, units]) => [key, units - (own.get(key) ?? 0n)]));
}
