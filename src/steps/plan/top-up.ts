/** More funds for earmarks that lack some: the demand has risen, or a leg has brought less than planned, or nothing. */
import type { App } from '../../app.ts';
import type { Earmark } from '../../earmark/earmark.ts';
import type { Demand } from '../../invoice/demand.ts';
import type { Leg } from '../../leg/leg.ts';
import { endedByItsQuote } from '../../leg/quote-moved.ts';
import { isLegTerminal } from '../../leg/state.ts';
import type { Story } from '../../observe/log.ts';
import type { BatchPlan } from '../../plan/plan.ts';
import { isVia, type Route } from '../../plan/route.ts';
import { readShortfall } from '../../store/coverage.ts';
import type { Tx } from '../../store/db.ts';
import { readDemand, recordWaiting } from '../../store/demands.ts';
import { shortEarmarks } from '../../store/earmarks.ts';
import { giveBack } from '../../store/give-back.ts';
import { readLegsOf } from '../../store/legs.ts';
import { topUp } from '../../store/top-up.ts';
import { legDraft, readable } from './plan-drafts.ts';
import { explain, isCertain, type Sight } from './refusal.ts';
import { mayTry, noteTrials, type Trials } from './trials.ts';

export interface ShortEarmark {
	readonly earmark: Earmark;
	/** Asks for what is missing, where it is missing. */
	readonly demand: Demand;
	/** Routes that have let this earmark down. */
	readonly failed: readonly string[];
	/** How many of its legs have ended because their quotes had moved. */
	readonly moved: number;
	/** Nothing is under way for it. */
	readonly isEnded: boolean;
}

/** The earmarks of an asset that lack something. Only under its lock does an earmark stay as it is. */
export async function readShort(tx: Tx, asset: string): Promise<ShortEarmark[]> {
	const short: ShortEarmark[] = [];
	for (const earmark of await shortEarmarks(tx, asset)) {
		const legs = await readLegsOf(tx, earmark.id);
		const missing = { venue: earmark.venue, amount: await readShortfall(tx, earmark) };
		const demand = { ...(await readDemand(tx, earmark.demandId)), destinations: [missing] };
		const failed = legs.filter(hasFailed).map((leg) => leg.route);
		const moved = legs.filter(endedByItsQuote).length;
		short.push({ earmark, demand, moved, failed: [...new Set(failed)].sort(), isEnded: legs.every((leg) => isLegTerminal(leg.status)) });
	}
	return short;
}

function hasFailed(leg: Leg): boolean {
	const { status } = leg;
	return !endedByItsQuote(leg) && (status === 'failed' || status === 'returned' || status === 'cancelled');
}

/** A route that has let this earmark down is not tried for it again, so that top-ups end; nor is one that goes over it. */
export function unfailed(routes: readonly Route[], { failed }: ShortEarmark): Route[] {
	const left = routes.filter((route) => !failed.includes(route.id));
	const ids = new Set(left.map((route) => route.id));
	return left.filter((route) => !isVia(route) || route.via.every((id) => ids.has(id)));
}

interface TopUpRun {
	readonly short: ShortEarmark;
	/** The planner's, about this earmark alone. */
	readonly answer: BatchPlan;
	readonly sight: Sight;
	readonly trials: Trials;
	/** Told when the transaction has committed. */
	readonly story: Story;
}

/** Under the locks of inventory and earmark: sends for what can be brought, or ends what nothing can cover any more. */
export async function commitTopUp(app: App, tx: Tx, { short, answer, sight, trials, story }: TopUpRun): Promise<void> {
	const { earmark, demand, isEnded } = short;
	const ids = { invoice: demand.externalId, earmark: earmark.id };
	const [refusal] = answer.unplanned;
	if (refusal !== undefined) {
		const waiting = explain(app, demand, { refusal, ...sight });
		if (waiting.reason !== demand.reason) story.push(['warn', { ...ids, ...waiting }, 'top-up refused']);
		await recordWaiting(tx, demand.id, waiting);
		if (isCertain(waiting) && isEnded) await giveBack(tx, { earmark, reason: 'SHORT_AFTER_DELIVERY' });
		return;
	}
	const [plan] = answer.plans;
	if (plan !== undefined && !mayTry(trials, plan)) return;
	// Without a plan it is there already.
	const [payment] = answer.payable;
	const local = plan?.local ?? payment?.amount;
	if (local === undefined) throw new RangeError(`the planner has no answer for ${demand.externalId}`);
	const legs = (plan?.legs ?? []).map((leg) => legDraft(app, leg, sight.quoted));
	const legIds = await topUp(tx, { earmark, local, legs, signer: app.config.wallet });
	if (plan !== undefined) await noteTrials(tx, trials, { plan, earmarkId: earmark.id, legIds });
	await recordWaiting(tx, demand.id, null);
	story.push(['info', { ...ids, plan: plan === undefined ? null : readable(app, plan) }, 'topped up']);
}
