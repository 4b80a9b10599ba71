/** Which legs of a commit try which routes: each route's trial goes to the first plan that wants it, the others wait for the next planning. */

import type { RouteUses } from '../../leg/breaker-change.ts';
import type { Plan } from '../../plan/plan.ts';
import { routeId } from '../../plan/route-id.ts';
import type { Tx } from '../../store/db.ts';
import { readLegsOf } from '../../store/legs.ts';
import { wake } from '../../store/outbox.ts';
import { type Trial, takeTrials } from '../../store/route-breakers.ts';
import { triedBy } from './route-health.ts';

export interface Trials {
	readonly uses: RouteUses;
	readonly taken: Trial[];
	/** Plans that were not committed, because others try what they would have. */
	left: number;
}

export function trialsOf(uses: RouteUses): Trials {
	return { uses, taken: [], left: 0 };
}

/** Whether every route that the plan would try is still free in this commit; counts it as left when one is not. */
export function mayTry(trials: Trials, plan: Plan): boolean {
	const isFree = triedBy(plan.legs, trials.uses).every((route) => !trials.taken.some((each) => each.route === route));
	if (!isFree) trials.left += 1;
	return isFree;
}

/** Notes the trials of a plan that has just become legs of the earmark; `legIds` are its own. */
export async function noteTrials(tx: Tx, trials: Trials, { plan, earmarkId, legIds }: Committed): Promise<void> {
	const wanted = triedBy(plan.legs, trials.uses);
	if (wanted.length === 0) return;
	for (const { id, hops } of await readLegsOf(tx, earmarkId)) {
		if (legIds !== null && !legIds.includes(id)) continue;
		const routes = hops.map(routeId).filter((route) => wanted.includes(route));
		trials.taken.push(...routes.map((route) => ({ route, legId: id })));
	}
}

interface Committed {
	readonly plan: Plan;
	readonly earmarkId: string;
	/** Null when all legs of the earmark are. */
	readonly legIds: readonly string[] | null;
}

/** Last in the transaction. Throws `ConflictError` when a route is not to be tried any more. */
export async function commitTrials(tx: Tx, { taken, left }: Trials): Promise<void> {
	if (left > 0) await wake(tx, { topic: 'plan' });
	await takeTrials(tx, taken);
}
