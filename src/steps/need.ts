/** What a demand asks for at one venue, read afresh from its source. */
import type { App } from '../app.ts';
import { TransientError } from '../errors.ts';
import type { Demand } from '../invoice/demand.ts';
import type { FreshNeed } from '../settle/decide.ts';
import { readNeed } from '../trigger/everclear/need.ts';

/** Throws `TransientError` when the source does not answer: then nothing is known, and nothing is decided. */
export async function readFreshNeed(app: App, demand: Demand, venue: string): Promise<FreshNeed> {
	const invoice = await app.everclear.invoice(demand.externalId);
	if (invoice === 'gone') return { kind: 'gone' };
	const minAmounts = await app.everclear.minAmounts(demand.externalId);
	if (minAmounts === 'gone') {
		if ((await app.everclear.invoice(demand.externalId)) === 'gone') return { kind: 'gone' };
		throw new TransientError(`invoice ${demand.externalId} is listed, but the API has no minimum amounts for it`, {
			invoice: demand.externalId,
		});
	}
	const destination = readNeed(invoice, minAmounts, app.config).destinations.find((each) => each.venue === venue);
	return destination === undefined ? { kind: 'not-here' } : { kind: 'amount', amount: destination.amount };
}
