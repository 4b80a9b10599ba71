/** One planning run: snapshot and quotes outside the lock, plan and commit under it, so that there is no gap between the two. */
import { type App, bridgeOf, endOf, type UnreadVenues } from '../app.ts';
import type { EarmarkDraft, LegDraft } from '../earmark/earmark.ts';
import type { Holding } from '../inventory/available.ts';
import { positionKey } from '../inventory/venue.ts';
import type { Demand } from '../invoice/demand.ts';
import { formatAmount } from '../money/units.ts';
import { done, type Outcome, snooze } from '../outcome.ts';
import type { Demand as PlannedDemand } from '../plan/demand.ts';
import type { PlanInput } from '../plan/network.ts';
import type { Plan, PlannedLeg } from '../plan/plan.ts';
import { planInTurn, type Turns } from '../plan/plan-in-turn.ts';
import type { DirectRoute } from '../plan/route.ts';
import { inTransaction, lockInventory, type Tx } from '../store/db.ts';
import { assetsToPlan, readOpenDemands, recordWaiting, unevaluatedDemands, type Waiting } from '../store/demands.ts';
import { createEarmark } from '../store/earmarks.ts';
import { isStopped } from '../store/stops.ts';
import { earmarkPayable, readFreshHoldings } from './pay.ts';
import { type QuotedRoutes, quoteRoutes } from './quotes.ts';

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
		demands: await plannable(tx, asset),
		holdings: await readFreshHoldings(app, tx, asset),
	}));
	if (seen.demands.length === 0) return 0;
	const quoted = await quoteRoutes(app, { asset, ...seen });
	return inTransaction(app.db, { actor: 'planner', reason: 'planned to cover a demand' }, async (tx) => {
		await lockInventory(tx, asset);
		await earmarkPayable(app, tx, asset);
		const demands = await plannable(tx, asset);
		const blind = new Map([...staleVenues(app, asset, await readFreshHoldings(app, tx, asset)), ...unread]);
		const turns = await planNow(app, tx, { asset, demands, routes: quoted.routes });
		for (const plan of turns.plans) await commitPlan(app, tx, { plan, demand: demandOf(demands, plan.demand) });
		for (const refusal of turns.unplanned) {
			const demand = demandOf(demands, refusal.demand);
			const waiting = explain(app, demand, { refusal, quoted, blind });
			await recordWaiting(tx, demand.id, waiting);
			if (waiting.reason !== demand.reason) app.log.info({ invoice: demand.externalId, ...waiting }, 'waits');
		}
		return turns.plans.length;
	});
}

async function planNow(
	app: App,
	tx: Tx,
	{ asset, demands, routes }: { asset: string; demands: readonly Demand[]; routes: readonly DirectRoute[] },
): Promise<Turns> {
	const venues = [...(app.config.assets.get(asset)?.venues.values() ?? [])];
	const holdings = await readFreshHoldings(app, tx, asset);
	return evaluateOnDemandRebalancing(
		{
			decimals: new Map(venues.map((each) => [positionKey({ venue: each.venue, asset }), each.decimals])),
			inventory: holdings,
			routes,
			fastWindowSeconds: app.config.planning.fastWindowSeconds,
		},
		demands.map(({ externalId, enqueuedAt, destinations }) => ({ id: externalId, asset, enqueuedAt, destinations, maxCost: null })),
	);
}

/** Whether and how demands can be covered from this inventory over these routes: payable now, planned, or refused and why. Pure. */
export function evaluateOnDemandRebalancing(input: PlanInput, demands: readonly PlannedDemand[]): Turns {
	return planInTurn(input, demands);
}

/** Open demands whose destinations are known. */
async function plannable(tx: Tx, asset: string): Promise<Demand[]> {
	return (await readOpenDemands(tx, asset)).filter((demand) => demand.destinations.length > 0);
}

async function commitPlan(app: App, tx: Tx, { plan, demand }: { plan: Plan; demand: Demand }): Promise<void> {
	const legs = plan.legs.map((leg) => legDraft(app, plan.asset, leg));
	const { destination, amount, local, asset } = plan;
	const draft: EarmarkDraft = { demandId: demand.id, asset, venue: destination, amount, local, legs, plan: readable(app, plan) };
	const earmarkId = await createEarmark(tx, draft, app.config.wallet);
	app.log.info({ invoice: demand.externalId, earmark: earmarkId, plan: readable(app, plan) }, 'earmarked');
}

function legDraft(app: App, asset: string, leg: PlannedLeg): LegDraft {
	const [first] = leg.hops;
	if (first === undefined) throw new RangeError(`leg over ${leg.route} has no hop`);
	const order = {
		origin: endOf(app, asset, first.origin),
		destination: endOf(app, asset, first.destination),
		send: first.send,
		receive: first.receive,
		sender: app.config.wallet,
		recipient: app.config.wallet,
	};
	return {
		route: leg.route,
		origin: leg.origin,
		destination: leg.destination,
		send: leg.send,
		receive: leg.receive,
		spend: bridgeOf(app, first.bridge).spend(order),
		hops: leg.hops.map(({ bridge, origin, destination, send, receive }) => ({
			bridge,
			origin,
			destination,
			send,
			receive,
			seconds: leg.seconds,
		})),
	};
}

/** The plan in token units, for the row, the log and whoever reads them. */
function readable(app: App, plan: Plan) {
	const text = (venue: string, units: Plan['amount']) => formatAmount(units, endOf(app, plan.asset, venue).decimals);
	return {
		venue: plan.destination,
		amount: text(plan.destination, plan.amount),
		local: text(plan.destination, plan.local),
		operations: plan.operations,
		seconds: plan.seconds,
		legs: plan.legs.map((leg) => ({ route: leg.route, send: text(leg.origin, leg.send), receive: text(leg.destination, leg.receive) })),
	};
}

/** Configured places whose last reading is too old to plan on, or that were never read. */
function staleVenues(app: App, asset: string, fresh: readonly Holding[]): UnreadVenues {
	const venues = [...(app.config.assets.get(asset)?.venues.keys() ?? [])].filter((venue) => !fresh.some((each) => each.venue === venue));
	return new Map(venues.map((venue) => [venue, `no reading younger than ${app.config.planning.snapshotMaxAgeMs} ms`]));
}

type Refused = Turns['unplanned'][number];

/** The stored reason. What could not be read or asked comes first: a shortage is only certain when everything was known. */
function explain(
	app: App,
	demand: Demand,
	{ refusal, quoted, blind }: { refusal: Refused; quoted: QuotedRoutes; blind: UnreadVenues },
): Waiting {
	const unknown = [...blind].map(([venue, problem]) => `${venue}: ${problem}`);
	if (unknown.length > 0) return { reason: 'BALANCE_UNKNOWN', detail: unknown.join('; ').slice(0, 1_000) };
	const destinations = new Set(demand.destinations.map((each) => each.venue));
	const unasked = app.config.routes.filter((route) => destinations.has(route.destination) && quoted.unanswered.has(route.id));
	if (unasked.length > 0) {
		return {
			reason: 'QUOTE_UNAVAILABLE',
			detail: unasked
				.map((route) => `${route.id}: ${quoted.unanswered.get(route.id)}`)
				.join('; ')
				.slice(0, 1_000),
		};
	}
	const short = formatAmount(refusal.short, endOf(app, demand.asset, refusal.destination).decimals);
	// A route without funds at its origin is not asked, so the planner does not see it; it is there all the same.
	const isServed = app.config.routes.some((route) => route.asset === demand.asset && destinations.has(route.destination));
	const reason = refusal.reason === 'NO_ROUTE' && isServed ? 'INSUFFICIENT_FUNDS' : refusal.reason;
	return { reason, detail: `${short} ${demand.asset} short at ${refusal.destination}, where it comes nearest` };
}

function demandOf(demands: readonly Demand[], externalId: string): Demand {
	const found = demands.find((each) => each.externalId === externalId);
	if (found === undefined) throw new RangeError(`the planner answered for ${externalId}, which it was not asked about`);
	return found;
}
