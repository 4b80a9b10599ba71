/**
 * One planning run over all demands of all assets: what is there is read and priced, and planned without any lock; then the plans are committed
 * under the locks, if what they rest on is still so.
 */
import type { App } from '../app.ts';
import { done, type Outcome, snooze } from '../outcome.ts';
import type { Demand } from '../plan/demand.ts';
import type { PlanInput } from '../plan/network.ts';
import type { BatchPlan, Objective, Stop } from '../plan/plan.ts';
import { planBatch } from '../plan/plan-batch.ts';
import { unevaluatedDemands } from '../store/demands.ts';
import { isStopped } from '../store/stops.ts';
import { alternativesTo, NO_ALTERNATIVES } from './alternatives.ts';
import { commitDecision, type Run } from './commit-decision.ts';
import { type Decision, decide } from './decision.ts';
import { hasMoved } from './moved.ts';
import { planFileOf } from './plan-file.ts';
import { type Snapshot, snapshotOf } from './snapshot.ts';
import { stopAfter } from './stop-after.ts';
import { type Survey, survey } from './survey.ts';

/** A demand that was never looked at may be payable now, so planning waits for it, but not for ever. */
const UNEVALUATED_PATIENCE_MS = 10_000;
const UNEVALUATED_LOOK_AGAIN_MS = 50;
/** So often others may come between a plan and its commit; then it is made under the locks, so that planning always ends. */
const MOST_TRIES = 3;

export async function planOpenDemands(app: App): Promise<Outcome> {
	if (await isStopped(app.db)) return done('stopped by an operator');
	const unseen = await unevaluatedDemands(app.db, UNEVALUATED_PATIENCE_MS);
	if (unseen > 0) return snooze(UNEVALUATED_LOOK_AGAIN_MS, `${unseen} demands are not evaluated yet`);
	const found = await survey(app);
	return done(`${found === null ? 0 : await planAndCommit(app, found)} planned`);
}

/** Answers how many demands have a plan now. */
async function planAndCommit(app: App, { run, snapshot: first }: Survey): Promise<number> {
	for (let tries = 0; tries < MOST_TRIES; tries += 1) {
		const seen = tries === 0 ? first : await snapshotOf(app, run);
		const decision = decideOn(app, run, { snapshot: seen, stop: stopAfter(app, app.config.planning.budgetMs) });
		const alternatives = alternativesTo(app, { decision, demands: seen.demands, sight: { ...run, holdings: seen.holdings } });
		const verdict = { decision, alternatives };
		const planned = await commitDecision(app, run, (now) => (hasMoved({ seen, now, decision }) ? null : verdict));
		if (planned !== null) return planned;
	}
	// Who waits for the locks waits as long as this takes, so nothing is searched beyond one by one.
	const atOnce = (now: Snapshot) => ({
		decision: decideOn(app, run, { snapshot: now, stop: () => true }),
		alternatives: NO_ALTERNATIVES,
	});
	return (await commitDecision(app, run, atOnce)) ?? 0;
}

/** Throws as the planner does. */
export function decideOn({ config, log }: App, { quoted }: Run, { snapshot, stop }: { snapshot: Snapshot; stop: Stop }): Decision {
	const { goal, budgetMs } = config.planning;
	const decision = decide(config, { snapshot, routes: quoted.routes }, ({ input, demands }) =>
		evaluateOnDemandRebalancing(input, demands, { goal, stop }),
	);
	const { question, batch } = decision;
	if (log.isLevelEnabled('debug')) log.debug({ file: planFileOf(question, { goal, budgetMs }), proof: batch.proof.exact }, 'planned on');
	return decision;
}

/** Whether and how demands can be covered from this inventory over these routes: payable now, planned, or refused and why. Pure. */
export function evaluateOnDemandRebalancing(input: PlanInput, demands: readonly Demand[], objective: Objective): BatchPlan {
	return planBatch(input, demands, objective);
}
