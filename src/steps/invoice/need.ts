/** What a demand asks for at one venue, read afresh from its source. */
import type { App } from '../../app.ts';
import { TransientError } from '../../errors.ts';
import { type Need, readNeed } from '../../everclear/need.ts';
import type { Demand } from '../../invoice/demand.ts';
import type { FreshNeed } from '../../settle/decide.ts';

/**
 * Only two 404s in a row, from an API that lists invoices, mean that one is gone. Throws `TransientError` when the source does not answer: then nothing
 * is known, and nothing is decided; `PermanentError` when its answer makes no sense.
 */
export async function readInvoiceNeed(app: App, { externalId }: Demand): Promise<Need | 'gone'> {
	const invoice = await app.everclear.invoice(externalId);
	const minAmounts = invoice === 'gone' ? 'gone' : await app.everclear.minAmounts(externalId);
	if (invoice !== 'gone' && minAmounts !== 'gone') return readNeed(invoice, minAmounts, app.config);
	if ((await app.everclear.invoice(externalId)) === 'gone') {
		// Behind a wrong address everything is a 404.
		await app.everclear.invoices().next();
		return 'gone';
	}
	throw new TransientError(`invoice ${externalId} is listed, but the API has no minimum amounts for it`, { invoice: externalId });
}

/** The part of the need that one venue can pay; that it cannot is believed when it is said twice in a row. Throws as `readInvoiceNeed` does. */
export async function readFreshNeed(app: App, demand: Demand, venue: string): Promise<FreshNeed> {
	const first = await lookAt(app, demand, venue);
	return first.kind === 'not-here' ? lookAt(app, demand, venue) : first;
}

async function lookAt(app: App, demand: Demand, venue: string): Promise<FreshNeed> {
	const need = await readInvoiceNeed(app, demand);
	if (need === 'gone') return { kind: 'gone' };
	const unreadable = need.rejected.find((each) => each.venue === venue && each.isUnreadable === true);
	if (unreadable !== undefined) throw new TransientError(`invoice ${demand.externalId} at ${venue}: ${unreadable.reason}`, { venue });
	const destination = need.destinations.find((each) => each.venue === venue);
	return destination === undefined ? { kind: 'not-here' } : { kind: 'amount', amount: destination.amount };
}
