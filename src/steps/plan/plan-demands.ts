/**
 * One planning run over all demands of all assets: what is there is read and priced, and planned without any lock; then the plans are committed
 * under the locks, if what they rest on is still so and no quote among it is over.
 */
import type { App } from '../../app.ts';
import { done, type Outcome, snooze } from '../../outcome.ts';
import type { Demand } from '../../plan/demand.ts';
import { planBatch } from '../../plan/joint/plan-batch.ts';
import type { PlanInput } from '../../plan/one/network.ts';
import type { BatchPlan, Objective, Stop } from '../../plan/plan.ts';
import { unevaluatedDemands } from '../../store/demands.ts';
import { isStopped } from '../../store/stops.ts';
import { alternativesTo, NO_ALTERNATIVES } from './alternatives.ts';
import { commitDecision, type Run } from './commit-decision.ts';
import { type Decision, decide } from './decision.ts';
import { gateInForce } from './gate.ts';
import { hasMoved, haveQuotesMoved, restsOnOver } from './has-moved.ts';
import { named } from './named.ts';
import { planFileOf } from './plan-file.ts';
import { type Age, isAnyOver } from './quoted.ts';
import { triedOnce, usableOf } from './route-health.ts';
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
	const gate = await gateInForce(app, app.db);
	if (gate.state === 'halted') return done(`halted: ${gate.reason}`);
	const unseen = await unevaluatedDemands(app.db, UNEVALUATED_PATIENCE_MS);
	if (unseen > 0) return snooze(UNEVALUATED_LOOK_AGAIN_MS, `${unseen} demands are not evaluated yet`);
	const found = await survey(app);
	return done(`${found === null ? 0 : await planAndCommit(app, found)} planned`);
}

/** Answers how many demands have a plan now. */
async function planAndCommit(app: App, first: Survey): Promise<number> {
	let found = first;
	for (let tries = 0; tries < MOST_TRIES; tries += 1) {
		const { run, snapshot: seen } = found;
		const decision = decideOn(app, run, { snapshot: seen, stop: stopAfter(app, app.config.planning.budgetMs) });
		const alternatives = alternativesTo(app, { decision, demands: seen.demands, sight: { ...run, holdings: seen.holdings } });
		const isOutdated = (now: Snapshot) => hasMoved({ seen, now, decision }) || restsOnOver(decision, run.quoted, ageOf(app));
		const planned = await commitDecision(app, run, (now) => (isOutdated(now) ? null : { decision, alternatives }));
		if (planned !== null) return planned;
		const again = await lookAgain(app, found);
		if (again === null) return 0;
		found = again;
	}
	return (await planUnderLocks(app, found)) ?? 0;
}

/** What is there now, and the same quotes as long as all hold and none has moved; null when nothing is asked for any more. */
async function lookAgain(app: App, { run, snapshot: before }: Survey): Promise<Survey | null> {
	const snapshot = await snapshotOf(app, run);
	return isAnyOver(run.quoted, ageOf(app)) || haveQuotesMoved(before, snapshot) ? survey(app) : { run, snapshot };
}

/**
 * Who waits for the locks waits as long as this takes, so nothing is searched beyond one by one. Nobody can be asked for quotes here: without
 * those that it needs nothing is written, and whoever is left without a plan is looked at again soon.
 */
function planUnderLocks(app: App, { run, snapshot: before }: Survey): Promise<number | null> {
	return commitDecision(app, run, (now) => {
		const decision = decideOn(app, run, { snapshot: now, stop: () => true });
		const isOutdated = haveQuotesMoved(before, now) || restsOnOver(decision, run.quoted, ageOf(app));
		return isOutdated ? null : { decision, alternatives: NO_ALTERNATIVES };
	});
}

function ageOf(app: App): Age {
	return { nowMs: app.nowMs(), maxAgeMs: app.config.planning.quoteMaxAgeMs };
}

/** Throws as the planner does. */
export function decideOn({ config, log }: App, { quoted }: Run, { snapshot, stop }: { snapshot: Snapshot; stop: Stop }): Decision {
	const { uses } = snapshot;
	const { goal, budgetMs } = config.planning;
	const decision = decide(config, { snapshot, routes: usableOf(quoted.routes, uses) }, ({ input, demands }) =>
		triedOnce((routes) => evaluateOnDemandRebalancing({ ...input, routes }, demands, { goal, stop }), input.routes, uses),
	);
	if (log.isLevelEnabled('debug')) {
		const { question, batch } = named(decision);
		log.debug({ file: planFileOf(question, { goal, budgetMs }), proof: batch.proof.exact }, 'planned on');
	}
	return decision;
}

/** Whether and how demands can be covered from this inventory over these routes: payable now, planned, or refused and why. Pure. */
export function evaluateOnDemandRebalancing(input: PlanInput, demands: readonly Demand[], objective: Objective): BatchPlan {
	return planBatch(input, demands, objective);
}
