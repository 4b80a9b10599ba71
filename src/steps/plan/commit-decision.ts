/** What a planning run has decided becomes rows: all of it in one transaction, under the locks of all its assets, or nothing. */
import type { App } from '../../app.ts';
import { crashPoint } from '../../crash-point.ts';
import type { Demand } from '../../invoice/demand.ts';
import { type Story, tellStory } from '../../observe/log.ts';
import type { Explanation } from '../../plan/explain/explain.ts';
import type { Plan } from '../../plan/plan.ts';
import { createEarmark } from '../../store/commitment.ts';
import { inTransaction, lockEarmarks, lockInventory, type Tx } from '../../store/db.ts';
import { recordWaiting } from '../../store/demands.ts';
import { type Alternatives, withAlternatives } from './alternatives.ts';
import type { Decision } from './decision.ts';
import { earmarkPayments } from './earmark-payable.ts';
import { legDraft, readable } from './plan-drafts.ts';
import type { QuotedRoutes } from './quoted.ts';
import { explain, type Sight } from './refusal.ts';
import { type Snapshot, takeSnapshot } from './snapshot.ts';
import { commitTopUp } from './top-up.ts';
import { commitTrials, mayTry, noteTrials, type Trials, trialsOf } from './trials.ts';
import { assetsFor } from './ways.ts';

export interface Run extends Omit<Sight, 'holdings'> {
	readonly assets: readonly string[];
	/** Demands for which routes are priced. */
	readonly priced: ReadonlySet<string>;
	/** Earmarks that were short when they were. */
	readonly earmarkIds: readonly string[];
}

interface Verdict {
	readonly decision: Decision;
	readonly alternatives: Alternatives;
}

/**
 * Takes the locks, looks again, and commits what `answer` says of what is there now. Null when it says nothing, and then nothing is
 * written. Returns how many demands have a plan now. Throws `ConflictError` when a demand or earmark has just been taken to another state.
 */
export async function commitDecision(app: App, run: Run, answer: (now: Snapshot) => Verdict | null): Promise<number | null> {
	const story: Story = [];
	const cause = { actor: 'planner', reason: 'planned to cover a demand' };
	const planned = await inTransaction(app.db, cause, async (tx) => {
		for (const asset of assetsFor(app.config, run.assets)) await lockInventory(tx, asset);
		await lockEarmarks(tx, run.earmarkIds);
		const now = await takeSnapshot(app, tx, run);
		if (now.isStopped || now.gate.state === 'halted') return 0;
		const verdict = answer(now);
		return verdict === null ? null : write(app, tx, { run, now, ...verdict, story });
	});
	if (planned !== null && planned > 0) crashPoint('planned');
	tellStory(app.log, story);
	return planned;
}

interface Writing extends Verdict {
	readonly run: Run;
	readonly now: Snapshot;
	readonly story: Story;
}

async function write(app: App, tx: Tx, { run, now, decision, alternatives, story }: Writing): Promise<number> {
	const { holdings, uses } = now;
	const sight: Sight = { ...run, holdings, uses };
	const trials = trialsOf(uses);
	const { topUps, batch } = decision;
	for (const each of topUps) await commitTopUp(app, tx, { ...each, sight, trials, story });
	await earmarkPayments(app, tx, { payments: batch.payable, demands: now.demands, story });
	// One without priced routes is here to be paid at once; otherwise the planning that it has woken answers for it.
	const asked = new Map(now.demands.filter(({ id }) => run.priced.has(id)).map((demand) => [demand.id, demand]));
	const plans = batch.plans.flatMap((plan) => ({ plan, demand: asked.get(plan.demand) })).filter(isAsked);
	let planned = 0;
	for (const { plan, demand } of plans) {
		if (!mayTry(trials, plan)) continue;
		await commitPlan(app, tx, { plan, demand, quoted: run.quoted, explanation: alternatives.plans.get(plan.demand), trials, story });
		planned += 1;
	}
	for (const refusal of batch.unplanned) {
		const demand = asked.get(refusal.demand);
		if (demand === undefined) continue;
		const waiting = withAlternatives(demand, explain(app, demand, { refusal, ...sight }), alternatives.refusals.get(refusal.demand));
		await recordWaiting(tx, demand.id, waiting);
		if (waiting.reason !== demand.reason) story.push(['info', { invoice: demand.externalId, ...waiting }, 'waits']);
	}
	await commitTrials(tx, trials);
	return planned;
}

function isAsked(each: { readonly plan: Plan; readonly demand: Demand | undefined }): each is { plan: Plan; demand: Demand } {
	return each.demand !== undefined;
}

interface Planned {
	readonly plan: Plan;
	readonly demand: Demand;
	readonly quoted: QuotedRoutes;
	readonly explanation: Explanation | undefined;
	readonly trials: Trials;
	readonly story: Story;
}

async function commitPlan(app: App, tx: Tx, { plan, demand, quoted, explanation, trials, story }: Planned): Promise<void> {
	const legs = plan.legs.map((leg) => legDraft(app, leg, quoted));
	const { destination, amount, local, asset } = plan;
	const words = readable(app, plan);
	const place = { demandId: demand.id, asset, venue: destination, amount, local };
	const earmarkId = await createEarmark(tx, { ...place, legs, plan: { ...words, ...explanation } }, app.config.wallet);
	await noteTrials(tx, trials, { plan, earmarkId, legIds: null });
	crashPoint('earmark-written');
	story.push(['info', { invoice: demand.externalId, earmark: earmarkId, plan: words }, 'earmarked']);
}
