/** An invoice that the hub has announced is read, saved as the poll saves it, and evaluated, all at once. */
import type { App } from '../../app.ts';
import { done, type Outcome } from '../../outcome.ts';
import { inTransaction } from '../../store/db.ts';
import { demandIdOfInvoice, saveInvoice } from '../../store/demands.ts';
import { evaluateInvoice } from './evaluate.ts';
import { listedInvoice } from './poll.ts';

/** Throws `TransientError` when the API cannot be read, `PermanentError` when what it says is malformed. */
export async function takeInInvoice(app: App, invoiceId: string): Promise<Outcome> {
	const row = await app.everclear.invoice(invoiceId);
	if (row === 'gone') {
		const known = await demandIdOfInvoice(app.db, invoiceId);
		return known === null ? done('the API does not know it, and neither do we') : evaluateInvoice(app, known);
	}
	const [invoice] = listedInvoice(app, row);
	if (invoice === undefined) return done('not ours to buy');
	const demandId = await inTransaction(app.db, { actor: 'webhook', reason: 'announced by the hub' }, (tx) => saveInvoice(tx, invoice));
	return evaluateInvoice(app, demandId);
}
