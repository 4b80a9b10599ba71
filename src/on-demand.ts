/**
 * On-demand rebalancing under the names of its requirement (TR1, TR2, TR3, TR5): the public face of the core, and what the workers call.
 */
import type { App } from './app.ts';
import { done, type Outcome } from './outcome.ts';
import { pollInvoices } from './steps/invoice/poll.ts';
import { followReceivables } from './steps/invoice/receivables.ts';
import { planOpenDemands } from './steps/plan/plan-demands.ts';
import { settleEarmark } from './steps/settle/settle.ts';

export { evaluateOnDemandRebalancing } from './steps/plan/plan-demands.ts';
export type { EarmarkCursor, EarmarkFilter, OnDemandRebalanceEarmark } from './store/earmarks.ts';
export { getEarmarkForInvoice, getEarmarks, removeEarmark } from './store/earmarks.ts';

/** Plans every open demand that waits for funds and commits the plans: earmarks, holds, legs and their first effects. */
export async function executeOnDemandRebalancing(app: App): Promise<Outcome> {
	return planOpenDemands(app);
}

/** Takes earmarked invoices whose rebalancing has ended to their payment, or gives their funds back. */
export async function processEarmarkedInvoices(app: App, earmarkIds: readonly string[]): Promise<Outcome> {
	let outcome = done();
	for (const id of earmarkIds) outcome = await settleEarmark(app, id);
	return outcome;
}

/** The cycle that the poll runs: reads every page of open invoices, wakes their evaluation, and follows what was paid before. */
export async function processInvoices(app: App): Promise<Outcome> {
	try {
		return done(`${await pollInvoices(app)} invoices`);
	} finally {
		// Also when the listing fails: what is owed to us does not depend on it.
		await followReceivables(app);
	}
}
