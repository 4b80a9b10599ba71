/** A purchase is a new intent of ours on the invoice's destination: asked of the API, read before it is signed, and read back when it is mined. */
import type { App } from '../../app.ts';
import { nameInvoice } from '../../chain/payload.ts';
import type { Earmark } from '../../earmark/earmark.ts';
import type { Spend } from '../../earmark/spend.ts';
import { InvariantError } from '../../errors.ts';
import { checkIntentCall } from '../../everclear/intent-call.ts';
import { readPurchase } from '../../everclear/purchase.ts';
import type { MinedCall, UnsignedCall } from '../../leg/call.ts';
import type { Amount, HubAmount } from '../../money/amount.ts';
import { fromHub } from '../../money/units.ts';
import { readDemand } from '../../store/demands.ts';

/** Everclear takes at most this many destinations in one intent. */
const MAX_DESTINATIONS = 10;

/** The allowance that paying `units` on the earmark's venue takes. */
export function purchaseSpend(app: App, earmark: Earmark, units: Amount): Spend {
	const { token, spoke } = placeOf(app, earmark);
	return { token: token.address, spender: spoke, amount: units };
}

/** The unsigned call that pays exactly `paid` base units on the earmark's venue; it names the invoice, so that the chain alone tells what was paid. */
export async function buildPurchase(app: App, earmark: Earmark, paid: Amount): Promise<UnsignedCall> {
	const { token, spoke } = placeOf(app, earmark);
	const destinations = settlementVenues(app, earmark);
	const terms = { origin: earmark.venue, destinations, to: app.config.wallet, inputAsset: token.address, amount: paid };
	const call = await app.everclear.buildIntent(terms);
	checkIntentCall(call, { spoke, inputAsset: token.address, wallet: app.config.wallet, amount: paid, destinations });
	const { externalId } = await readDemand(app.db, earmark.demandId);
	return { ...call, data: nameInvoice(call.data, externalId) };
}

/** What the mined purchase says: its intent, and what it paid. */
export function readPurchaseResult(app: App, earmark: Earmark, mined: MinedCall): { intentId: string; paid: Amount; amountHub: HubAmount } {
	const { token, spoke } = placeOf(app, earmark);
	const { intentId, amount: amountHub } = readPurchase(mined.logs, spoke);
	return { intentId, amountHub, paid: fromHub(amountHub, token.decimals, 'down') };
}

/** Where the hub may settle our intent: every other venue of the asset that has a spoke. */
function settlementVenues(app: App, earmark: Earmark): string[] {
	const venues = [...(app.config.assets.get(earmark.asset)?.venues.keys() ?? [])];
	return venues.filter((venue) => venue !== earmark.venue && app.config.everclear.spokes.has(venue)).slice(0, MAX_DESTINATIONS);
}

function placeOf(app: App, earmark: Earmark) {
	const token = app.config.assets.get(earmark.asset)?.venues.get(earmark.venue);
	const spoke = app.config.everclear.spokes.get(earmark.venue);
	if (token === undefined || spoke === undefined) {
		throw new InvariantError(`earmark ${earmark.id}: ${earmark.asset} on ${earmark.venue} has no token or no spoke in the configuration`, {
			earmarkId: earmark.id,
		});
	}
	return { token, spoke };
}
