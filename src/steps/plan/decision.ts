/**
 * What a planning run decides on one snapshot: what earmarks lack, one after the other, because each has routes of its own; then all that has
 * not begun, in one batch. Pure.
 */
import type { Config } from '../../config/load.ts';
import type { Holding } from '../../inventory/available.ts';
import { positionKey } from '../../inventory/venue.ts';
import type { Demand } from '../../invoice/demand.ts';
import { amount } from '../../money/amount.ts';
import { addUnits, type Units, usedBy } from '../../plan/available.ts';
import type { Demand as PlannedDemand } from '../../plan/demand.ts';
import { usedByPayment } from '../../plan/joint/batch.ts';
import type { PlanInput } from '../../plan/one/network.ts';
import type { BatchPlan } from '../../plan/plan.ts';
import type { Route } from '../../plan/route.ts';
import type { Snapshot } from './snapshot.ts';
import { type ShortEarmark, unfailed } from './top-up.ts';

/** What the planner is asked. */
export interface Question {
	readonly input: PlanInput;
	readonly demands: readonly PlannedDemand[];
}

/** The planner, with its objective. */
type Evaluate = (question: Question) => BatchPlan;

export interface Decision {
	readonly topUps: readonly { readonly short: ShortEarmark; readonly question: Question; readonly answer: BatchPlan }[];
	/** About everything that has not begun, on what the top-ups leave. */
	readonly question: Question;
	readonly batch: BatchPlan;
}

type Rules = Pick<Config, 'assets' | 'planning'>;

interface Situation {
	readonly snapshot: Snapshot;
	readonly routes: readonly Route[];
}

/** Throws as the planner does. */
export function decide(rules: Rules, { snapshot, routes }: Situation, evaluate: Evaluate): Decision {
	let { holdings } = snapshot;
	const topUps = snapshot.short.map((short) => {
		const question = questionOf(rules, { holdings, routes: unfailed(routes, short), demands: [short.demand] });
		const answer = evaluate(question);
		holdings = without(holdings, usedByAll(question, answer));
		return { short, question, answer };
	});
	const question = questionOf(rules, { holdings, routes, demands: snapshot.demands });
	return { topUps, question, batch: evaluate(question) };
}

/** Demands of several sources may have one name, so they go by their own ids; `named.ts` has the names. */
function questionOf(
	{ assets, planning }: Rules,
	{ holdings, routes, demands }: Pick<Snapshot, 'holdings' | 'demands'> & Pick<Situation, 'routes'>,
): Question {
	const places = [...assets.values()].flatMap(({ venues }) => [...venues.values()]);
	return {
		input: {
			decimals: new Map(places.map((place) => [positionKey(place), place.decimals])),
			inventory: holdings,
			routes,
			fastWindowSeconds: planning.fastWindowSeconds,
		},
		demands: demands.map(plannedDemand),
	};
}

function plannedDemand({ id, externalId, asset, enqueuedAt, destinations, maxCost }: Demand): PlannedDemand {
	return { id, name: externalId, asset, enqueuedAt, destinations, maxCost };
}

function usedByAll({ demands }: Question, { plans, payable }: BatchPlan): Units {
	const paid = payable.flatMap((payment) => {
		const demand = demands.find(({ id }) => id === payment.id);
		return demand === undefined ? [] : [usedByPayment(demand, payment)];
	});
	return [...plans.map(usedBy), ...paid].reduce<Units>(addUnits, new Map());
}

function without(holdings: readonly Holding[], used: Units): readonly Holding[] {
	return holdings.map((holding) => ({ ...holding, held: amount(holding.held + (used.get(positionKey(holding)) ?? 0n)) }));
}
