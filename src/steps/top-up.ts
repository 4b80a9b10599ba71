/** More funds for earmarks that lack some: the demand has risen, or a leg has brought less than planned, or nothing. */
import type { App } from '../app.ts';
import type { Earmark } from '../earmark/earmark.ts';
import type { Demand } from '../invoice/demand.ts';
import type { Leg } from '../leg/leg.ts';
import { isLegTerminal } from '../leg/state.ts';
import type { Amount } from '../money/amount.ts';
import type { Story } from '../observe/log.ts';
import type { Turns } from '../plan/plan-in-turn.ts';
import { isVia, type Route } from '../plan/route.ts';
import { readShortfall } from '../store/coverage.ts';
import { lockEarmarks, type Tx } from '../store/db.ts';
import { readDemand, recordWaiting } from '../store/demands.ts';
import { shortEarmarks } from '../store/earmarks.ts';
import { giveBack } from '../store/give-back.ts';
import { readLegsOf } from '../store/legs.ts';
import { wake } from '../store/outbox.ts';
import { topUp } from '../store/top-up.ts';
import { legDraft, readable } from './plan-drafts.ts';
import { explain, isCertain, type Sight } from './refusal.ts';

/** The demands of earmarks that lack something, each asking for what is missing, where it is missing. */
export async function shortDemands(tx: Tx, asset: string): Promise<Demand[]> {
	const demands: Demand[] = [];
	for (const earmark of await shortEarmarks(tx, asset))
		demands.push(missing(await readDemand(tx, earmark.demandId), earmark, await readShortfall(tx, earmark)));
	return demands;
}

export interface TopUpRun {
	readonly asset: string;
	/** The demands for which routes were priced. */
	readonly priced: ReadonlySet<string>;
	readonly sight: Sight;
	/** Told when the transaction has committed. */
	readonly story: Story;
	plan(demand: Demand, routes: readonly Route[]): Promise<Turns>;
}

/** Under the inventory lock: brings what can be brought, and ends what nothing can cover any more. */
export async function topUpShort(app: App, tx: Tx, run: TopUpRun): Promise<void> {
	const seen = (await shortEarmarks(tx, run.asset)).map((earmark) => earmark.id);
	await lockEarmarks(tx, seen);
	// Read again: only under its lock does an earmark stay as it is.
	for (const earmark of await shortEarmarks(tx, run.asset)) {
		if (!seen.includes(earmark.id)) continue;
		// One that has become short since the routes were priced would seem to have none.
		if (run.priced.has(earmark.demandId)) await topUpOne(app, tx, { ...run, earmark, short: await readShortfall(tx, earmark) });
		else await wake(tx, { topic: 'plan' });
	}
}

async function topUpOne(app: App, tx: Tx, run: TopUpRun & { earmark: Earmark; short: Amount }): Promise<void> {
	const { earmark, short } = run;
	const before = await readDemand(tx, earmark.demandId);
	const demand = missing(before, earmark, short);
	const legs = await readLegsOf(tx, earmark.id);
	const turns = await run.plan(demand, unfailed(run.sight.quoted.routes, legs));
	const ids = { invoice: demand.externalId, earmark: earmark.id };
	const [refusal] = turns.unplanned;
	if (refusal !== undefined) {
		const waiting = explain(app, demand, { refusal, ...run.sight });
		if (waiting.reason !== before.reason) run.story.push(['warn', { ...ids, ...waiting }, 'top-up refused']);
		await recordWaiting(tx, demand.id, waiting);
		if (isCertain(waiting) && legs.every((leg) => isLegTerminal(leg.status)))
			await giveBack(tx, { earmark, reason: 'SHORT_AFTER_DELIVERY' });
		return;
	}
	const [plan] = turns.plans;
	const drafts = (plan?.legs ?? []).map((leg) => legDraft(app, leg));
	await topUp(tx, { earmark, local: plan?.local ?? short, legs: drafts, signer: app.config.wallet });
	await recordWaiting(tx, demand.id, null);
	run.story.push(['info', { ...ids, plan: plan === undefined ? null : readable(app, plan) }, 'topped up']);
}

/** A route that has let this earmark down is not tried for it again, so that top-ups end; nor is one that goes over it. */
function unfailed(routes: readonly Route[], legs: readonly Leg[]): Route[] {
	const left = routes.filter((route) => !hasFailedOn(legs, route.id));
	const ids = new Set(left.map((route) => route.id));
	return left.filter((route) => !isVia(route) || route.via.every((id) => ids.has(id)));
}

function hasFailedOn(legs: readonly Leg[], route: string): boolean {
	return legs.some((leg) => leg.route === route && (leg.status === 'failed' || leg.status === 'returned' || leg.status === 'cancelled'));
}

function missing(demand: Demand, { venue }: Earmark, short: Amount): Demand {
	return { ...demand, destinations: [{ venue, amount: short }] };
}
