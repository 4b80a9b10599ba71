/** One planning run: snapshot and quotes outside the lock, plan and commit under it, so that there is no gap between the two. */
import type { App } from '../app.ts';
import { crashPoint } from '../crash-point.ts';
import type { EarmarkDraft } from '../earmark/earmark.ts';
import type { Holding } from '../inventory/available.ts';
import { positionKey } from '../inventory/venue.ts';
import type { Demand } from '../invoice/demand.ts';
import { type Story, tellStory } from '../observe/log.ts';
import { done, type Outcome, snooze } from '../outcome.ts';
import type { Demand as PlannedDemand } from '../plan/demand.ts';
import type { PlanInput } from '../plan/network.ts';
import type { Plan } from '../plan/plan.ts';
import { planInTurn, type Turns } from '../plan/plan-in-turn.ts';
import type { Route } from '../plan/route.ts';
import { createEarmark } from '../store/commitment.ts';
import { inTransaction, lockInventory, type Tx } from '../store/db.ts';
import { assetsToPlan, readOpenDemands, recordWaiting, unevaluatedDemands } from '../store/demands.ts';
import { isStopped } from '../store/stops.ts';
import { earmarkPayable, readFreshHoldings } from './pay.ts';
import { legDraft, readable } from './plan-drafts.ts';
import { quoteRoutes } from './quotes.ts';
import { explain, staleVenues } from './refusal.ts';
import { shortDemands, type TopUpRun, topUpShort } from './top-up.ts';
import { assetsFor } from './ways.ts';

/** A demand that was never looked at may be payable now, so planning waits for it, but not for ever. */
const UNEVALUATED_PATIENCE_MS = 10_000;
const UNEVALUATED_LOOK_AGAIN_MS = 50;

export async function planOpenDemands(app: App): Promise<Outcome> {
	if (await isStopped(app.db)) return done('stopped by an operator');
	const unseen = await unevaluatedDemands(app.db, UNEVALUATED_PATIENCE_MS);
	if (unseen > 0) return snooze(UNEVALUATED_LOOK_AGAIN_MS, `${unseen} demands are not evaluated yet`);
	const assets = await assetsToPlan(app.db);
	let planned = 0;
	for (const asset of assets) planned += await planAsset(app, asset);
	return done(`${planned} planned`);
}

async function planAsset(app: App, asset: string): Promise<number> {
	const unread = await app.syncBalances();
	const seen = await app.db.transaction(async (tx) => ({
		demands: [...(await plannable(tx, asset)), ...(await shortDemands(tx, asset))],
		holdings: await readAllHoldings(app, tx, asset),
	}));
	if (seen.demands.length === 0) return 0;
	const quoted = await quoteRoutes(app, { asset, ...seen });
	const priced = new Set(seen.demands.map((demand) => demand.id));
	const story: Story = [];
	const planned = await inTransaction(app.db, { actor: 'planner', reason: 'planned to cover a demand' }, async (tx) => {
		for (const each of assetsFor(app.config, asset)) await lockInventory(tx, each);
		const holdings = await readAllHoldings(app, tx, asset);
		const sight = { quoted, holdings, blind: new Map([...staleVenues(app, asset, holdings), ...unread]) };
		// Funds are under way for these already, so what they lack goes before what has not begun.
		const plan: TopUpRun['plan'] = (demand, routes) => planNow(app, tx, { asset, demands: [demand], routes });
		await topUpShort(app, tx, { asset, priced, sight, story, plan });
		await earmarkPayable(app, tx, { asset, story });
		// What was evaluated since has woken a planning of its own.
		const demands = (await plannable(tx, asset)).filter((demand) => priced.has(demand.id));
		const turns = await planNow(app, tx, { asset, demands, routes: quoted.routes });
		for (const each of turns.plans) await commitPlan(app, tx, { plan: each, demand: demandOf(demands, each.demand), story });
		for (const refusal of turns.unplanned) {
			const demand = demandOf(demands, refusal.demand);
			const waiting = explain(app, demand, { refusal, ...sight });
			await recordWaiting(tx, demand.id, waiting);
			if (waiting.reason !== demand.reason) story.push(['info', { invoice: demand.externalId, ...waiting }, 'waits']);
		}
		return turns.plans.length;
	});
	if (planned > 0) crashPoint('planned');
	tellStory(app.log, story);
	return planned;
}

async function planNow(
	app: App,
	tx: Tx,
	{ asset, demands, routes }: { asset: string; demands: readonly Demand[]; routes: readonly Route[] },
): Promise<Turns> {
	const places = [...app.config.assets.values()].flatMap((each) => [...each.venues.values()]);
	const holdings = await readAllHoldings(app, tx, asset);
	return evaluateOnDemandRebalancing(
		{
			decimals: new Map(places.map((each) => [positionKey(each), each.decimals])),
			inventory: holdings,
			routes,
			fastWindowSeconds: app.config.planning.fastWindowSeconds,
		},
		demands.map(({ externalId, enqueuedAt, destinations, maxCost }) => ({ id: externalId, asset, enqueuedAt, destinations, maxCost })),
	);
}

/** Whether and how demands can be covered from this inventory over these routes: payable now, planned, or refused and why. Pure. */
export function evaluateOnDemandRebalancing(input: PlanInput, demands: readonly PlannedDemand[]): Turns {
	return planInTurn(input, demands);
}

/** What is held of the asset, and of every other one that may become it. */
async function readAllHoldings(app: App, tx: Tx, asset: string): Promise<Holding[]> {
	const holdings: Holding[] = [];
	for (const each of assetsFor(app.config, asset)) holdings.push(...(await readFreshHoldings(app, tx, each)));
	return holdings;
}

/** Open demands whose destinations are known. */
async function plannable(tx: Tx, asset: string): Promise<Demand[]> {
	return (await readOpenDemands(tx, asset)).filter((demand) => demand.destinations.length > 0);
}

async function commitPlan(app: App, tx: Tx, { plan, demand, story }: { plan: Plan; demand: Demand; story: Story }): Promise<void> {
	const legs = plan.legs.map((leg) => legDraft(app, leg));
	const { destination, amount, local, asset } = plan;
	const draft: EarmarkDraft = { demandId: demand.id, asset, venue: destination, amount, local, legs, plan: readable(app, plan) };
	const earmarkId = await createEarmark(tx, draft, app.config.wallet);
	crashPoint('earmark-written');
	story.push(['info', { invoice: demand.externalId, earmark: earmarkId, plan: readable(app, plan) }, 'earmarked']);
}

function demandOf(demands: readonly Demand[], externalId: string): Demand {
	const found = demands.find((each) => each.externalId === externalId);
	if (found === undefined) throw new RangeError(`the planner answered for ${externalId}, which it was not asked about`);
	return found;
}
