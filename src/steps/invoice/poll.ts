/** Reads every page of open invoices and wakes the evaluation of all that are due. A bad row never stops the rest. */
import type { App } from '../../app.ts';
import type { EverclearInvoice } from '../../everclear/invoice.ts';
import { inTransaction } from '../../store/db.ts';
import { type ListedInvoice, saveInvoice } from '../../store/demands.ts';
import { wakeDemands } from '../upkeep/reconcile.ts';

/** Returns how many invoices the API lists. Throws `TransientError` when a page cannot be read; what was read before is kept. */
export async function pollInvoices(app: App): Promise<number> {
	let seen = 0;
	for await (const page of app.everclear.invoices()) {
		seen += page.rows.length + page.rejected.length;
		for (const { id, field, problem } of page.rejected) app.log.warn({ invoice: id, field, problem }, 'invoice row rejected');
		const listed = page.rows.flatMap((row) => listedInvoice(app, row));
		await inTransaction(app.db, { actor: 'poll', reason: 'listed by the API' }, async (tx) => {
			for (const invoice of listed) await saveInvoice(tx, invoice);
		});
	}
	await wakeDemands(app);
	return seen;
}

/** What a row of the API says of an invoice that is ours to buy: none when it is owed to us, or its ticker is no asset of ours. */
export function listedInvoice(app: App, row: EverclearInvoice): ListedInvoice[] {
	// Our own purchase that arrived second is listed like any other; it is owed to us, so it is not ours to buy.
	if (row.owner.toLowerCase().endsWith(app.config.wallet.slice(2).toLowerCase())) return [];
	const asset = [...app.config.assets.values()].find((each) => each.tickerHash === row.tickerHash.toLowerCase());
	if (asset === undefined) {
		app.log.warn({ invoice: row.id, field: 'ticker_hash', problem: `no configured asset has ${row.tickerHash}` }, 'invoice row rejected');
		return [];
	}
	const { id: intentId, owner, tickerHash, origin, destinations, amount: amountHub, discountBps, hubStatus, enqueuedAt } = row;
	return [{ intentId, asset: asset.symbol, owner, tickerHash, origin, destinations, amountHub, discountBps, hubStatus, enqueuedAt }];
}
