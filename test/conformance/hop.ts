/** One leg of one hop over the bridge in question: written as the planner writes it from a quote, and driven by the product's own steps. */
import { randomBytes } from 'node:crypto';
import { type App, endOf, orderOf } from '../../src/app.ts';
import type { Quote } from '../../src/bridge/bridge.ts';
import type { LegDraft } from '../../src/earmark/earmark.ts';
import type { Leg } from '../../src/leg/leg.ts';
import type { BridgeEnd, HopOrder } from '../../src/leg/order.ts';
import { isLegTerminal } from '../../src/leg/state.ts';
import { type Amount, amount } from '../../src/money/amount.ts';
import { parseBps } from '../../src/money/rate.ts';
import { powerOfTen, toHub } from '../../src/money/units.ts';
import { done, type Outcome } from '../../src/outcome.ts';
import { sweepAllowances } from '../../src/steps/leg/allowances.ts';
import { claimHop } from '../../src/steps/leg/claim-hop.ts';
import { proveHop } from '../../src/steps/leg/prove-hop.ts';
import { sendHop } from '../../src/steps/leg/send-hop.ts';
import { type LegJobRef, nextStep } from '../../src/steps/upkeep/reconcile.ts';
import { createEarmark } from '../../src/store/commitment.ts';
import { inTransaction, lockInventory } from '../../src/store/db.ts';
import { recordEvaluation, saveInvoice } from '../../src/store/demands.ts';
import { readLeg, readLegsOf } from '../../src/store/legs.ts';
import type { Process } from './process.ts';
import type { Stand } from './stand.ts';

export interface Ends {
	readonly origin: BridgeEnd;
	readonly destination: BridgeEnd;
}

const CAUSE = { actor: 'exam', reason: 'a hop to be examined' };

export function endsOf(app: Pick<App, 'config'>, { origin, destination }: Stand): Ends {
	return { origin: endOf(app, origin.asset, origin.venue), destination: endOf(app, destination.asset, destination.venue) };
}

export function quoted({ app, bridge }: Process, stand: Stand, send: Amount): Promise<Quote> {
	return bridge.quote({ ...endsOf(app, stand), send, recipient: app.config.wallet });
}

/** What the planner makes of a quote for an amount near it: `floor(send − fixedFee − send × feeBps)`, rounded once, in base units there. */
export function promiseOf({ fixedFee, feeBps }: Quote, send: Amount, { origin, destination }: Ends): Amount {
	const { numerator, denominator } = parseBps(feeBps);
	const left = (send - fixedFee) * denominator - send * numerator;
	if (left <= 0n) return amount(0n);
	return amount((left * powerOfTen(destination.decimals)) / (denominator * powerOfTen(origin.decimals)));
}

export function orderFor(app: App, stand: Stand, quote: Quote): HopOrder {
	const { origin, destination } = stand;
	const receive = promiseOf(quote, quote.send, endsOf(app, stand));
	const ends = { origin: origin.venue, destination: destination.venue, asset: origin.asset, toAsset: destination.asset };
	return orderOf(app, { ...ends, send: quote.send, receive, seconds: quote.seconds });
}

/** Returns the leg's id. */
export async function planHop({ app, bridge }: Process, stand: Stand, quote: Quote): Promise<string> {
	const order = orderFor(app, stand, quote);
	const { send, receive, seconds } = order;
	const [from, to] = [stand.origin, stand.destination];
	const ends = { asset: from.asset, origin: from.venue, destination: to.venue, send, receive };
	const leg: LegDraft = {
		...ends,
		route: 'exam',
		spend: bridge.spend(order),
		hops: [{ ...ends, bridge: stand.bridge, toAsset: to.asset, seconds }],
	};
	const demandId = await openDemand(app, { asset: to.asset, venue: to.venue, receive, decimals: order.destination.decimals });
	return inTransaction(app.db, CAUSE, async (tx) => {
		for (const asset of [...new Set([from.asset, to.asset])].sort()) await lockInventory(tx, asset);
		const draft = { demandId, asset: to.asset, venue: to.venue, amount: receive, local: amount(0n), legs: [leg], plan: {} };
		const earmarkId = await createEarmark(tx, draft, app.config.wallet);
		const [created] = await readLegsOf(tx, earmarkId);
		if (created === undefined) throw new Error(`earmark ${earmarkId} has no leg`);
		return created.id;
	});
}

interface Need {
	readonly asset: string;
	readonly venue: string;
	readonly receive: Amount;
	readonly decimals: number;
}

async function openDemand(app: App, { asset, venue, receive, decimals }: Need): Promise<string> {
	const hash = () => `0x${randomBytes(32).toString('hex')}`;
	const demandId = await inTransaction(app.db, CAUSE, (tx) =>
		saveInvoice(tx, {
			intentId: hash(),
			asset,
			owner: app.config.wallet,
			tickerHash: hash(),
			origin: venue,
			destinations: [venue],
			amountHub: toHub(receive, decimals, 'up'),
			discountBps: '1',
			hubStatus: 'INVOICED',
			enqueuedAt: Math.floor(app.nowMs() / 1_000),
		}),
	);
	const destinations = [{ venue, amount: receive }];
	const waiting = { reason: 'NEEDS_FUNDS', detail: '' } as const;
	await recordEvaluation(app.db, { demandId, destinations, maxCost: null, waiting, nextLookMs: 1_000 });
	return demandId;
}

const STEPS = { send: sendHop, prove: proveHop, claim: claimHop };

/** The step that is due; null once the leg has ended. */
export function dueStep({ status, hops }: Leg): LegJobRef['step'] | null {
	const [hop] = hops;
	return hop === undefined || isLegTerminal(status) ? null : nextStep(hop);
}

/** Does what the rows say is next, as a worker would; of an ended leg, that nothing of its allowance stays behind. */
export async function act({ app }: Pick<Process, 'app'>, legId: string): Promise<Outcome> {
	const leg = await readLeg(app.db, legId);
	const step = dueStep(leg);
	return step === null ? ((await sweepAllowances(app, leg.earmarkId)) ?? done()) : STEPS[step](app, { legId, hop: 0 });
}
