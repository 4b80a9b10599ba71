/** A live question with its answer in the words of the sources, as a plan file and whoever reads it know demands. Pure. */
import type { Demand } from '../../plan/demand.ts';
import type { BatchPlan, Bound } from '../../plan/plan.ts';
import type { Question } from './decision.ts';

interface Asked {
	readonly question: Question;
	readonly batch: BatchPlan;
}

/** Demands have the names of their sources for ids; those of one name have their ids behind it, so that none is taken for another. */
export function named({ question, batch }: Asked): Asked {
	const names = namesOf(question.demands);
	const nameOf = (id: string) => names.get(id) ?? id;
	const ofNamed = <Part extends { readonly demand: string }>(part: Part): Part => ({ ...part, demand: nameOf(part.demand) });
	const { plans, payable, unplanned, proof } = batch;
	return {
		question: {
			...question,
			demands: question.demands.map(({ id, asset, enqueuedAt, destinations, maxCost }) => {
				return { id: nameOf(id), asset, enqueuedAt, destinations, maxCost };
			}),
		},
		batch: {
			plans: plans.map(ofNamed),
			payable: payable.map((payment) => ({ ...payment, id: nameOf(payment.id) })),
			unplanned: unplanned.map(ofNamed),
			proof: proof.bound === null ? proof : { ...proof, bound: boundOf(proof.bound) },
		},
	};

	function boundOf(bound: Bound): Bound {
		return 'demand' in bound ? ofNamed(bound) : bound;
	}
}

/** By id. A space comes before whatever else a name may go on with, so the order of equal ages stays what it is. */
function namesOf(demands: readonly Demand[]): ReadonlyMap<string, string> {
	const count = new Map<string, number>();
	for (const { id, name = id } of demands) count.set(name, (count.get(name) ?? 0) + 1);
	return new Map(demands.map(({ id, name = id }) => [id, count.get(name) === 1 ? name : `${name} ${id}`]));
}
