/** Legs as a planning transaction writes them, without a planner: an earmark of one leg of one hop, over the bridge of a stand. */
import { randomBytes } from 'node:crypto';
import { type App, bridgeOf } from '../../src/app.ts';
import type { EarmarkDraft } from '../../src/earmark/earmark.ts';
import type { HopOrder } from '../../src/leg/order.ts';
import { amount } from '../../src/money/amount.ts';
import { parseAmount, toHub } from '../../src/money/units.ts';
import { createEarmark } from '../../src/store/commitment.ts';
import { inTransaction, lockInventory } from '../../src/store/db.ts';
import { recordEvaluation, saveInvoice } from '../../src/store/demands.ts';
import { readLegsOf } from '../../src/store/legs.ts';
import { endsOf, orderFor } from '../../test/conformance/hop.ts';
import type { Stand } from '../../test/conformance/stand.ts';

/** What the planner knows before its transaction begins. */
export interface Planned {
	readonly order: HopOrder;
	readonly draft: EarmarkDraft;
}

const CAUSE = { actor: 'bench', reason: 'a leg to be measured' };
const HOUR_MS = 3_600_000;

/** Funds the wallet, and quotes an ordinary send of the stand. */
export async function orderOn(app: App, stand: Stand): Promise<HopOrder> {
	await stand.fund(stand.amount);
	const ends = endsOf(app, stand);
	const send = parseAmount(stand.amount, ends.origin.decimals);
	return orderFor(app, stand, await bridgeOf(app, stand.bridge).quote({ ...ends, send, recipient: app.config.wallet }));
}

/** Opens a demand for what the order brings. */
export async function planLeg(app: App, stand: Stand): Promise<Planned> {
	const order = await orderOn(app, stand);
	const { origin, destination, send, receive, seconds } = order;
	const ends = { asset: origin.asset, origin: origin.venue, destination: destination.venue, send, receive };
	const hop = { ...ends, bridge: stand.bridge, toAsset: destination.asset, seconds };
	const leg = { ...ends, route: 'bench', spend: bridgeOf(app, stand.bridge).spend(order), hops: [hop] };
	const wanted = { asset: destination.asset, venue: destination.venue, amount: receive };
	return { order, draft: { demandId: await openDemand(app, order), ...wanted, local: amount(0n), legs: [leg], plan: {} } };
}

/** Commits the earmark with its leg, and the wake-up of its flow. Returns the leg's id. */
export async function commitLeg(app: App, { order, draft }: Planned): Promise<string> {
	return inTransaction(app.db, CAUSE, async (tx) => {
		for (const asset of [...new Set([order.origin.asset, order.destination.asset])].sort()) await lockInventory(tx, asset);
		const [leg] = await readLegsOf(tx, await createEarmark(tx, draft, app.config.wallet));
		if (leg === undefined) throw new Error('an earmark of the bench has no leg');
		return leg.id;
	});
}

/** In one transaction, so that nobody has the time to look for its invoice, which no hub has. */
function openDemand(app: App, { destination, receive }: HopOrder): Promise<string> {
	const { asset, venue, decimals } = destination;
	const hash = () => `0x${randomBytes(32).toString('hex')}`;
	return inTransaction(app.db, CAUSE, async (tx) => {
		const demandId = await saveInvoice(tx, {
			...{ intentId: hash(), asset, owner: app.config.wallet, tickerHash: hash(), origin: venue, destinations: [venue] },
			...{ amountHub: toHub(receive, decimals, 'up'), discountBps: '1', hubStatus: 'INVOICED', enqueuedAt: 1_700_000_000 },
		});
		const waiting = { reason: 'NEEDS_FUNDS', detail: '' } as const;
		const destinations = [{ venue, amount: receive }];
		await recordEvaluation(tx, { demandId, destinations, maxCost: null, waiting, nextLookMs: HOUR_MS });
		return demandId;
	});
}
