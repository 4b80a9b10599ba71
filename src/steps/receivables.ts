/** Follows our own purchases until the hub has settled them; what is owed to us is never available before it is there. */
import type { App } from '../app.ts';
import { pendingReceivables, saveReceivableStatus } from '../store/receivables.ts';

const SETTLED = ['SETTLED', 'SETTLED_AND_COMPLETED', 'SETTLED_AND_MANUALLY_EXECUTED'];
const BATCH = 500;

export async function followReceivables(app: App): Promise<void> {
	const pending = await pendingReceivables(app.db, BATCH);
	if (pending.length === 0) return;
	const statuses = await app.everclear.intentStatuses(pending.map((each) => each.intentId));
	for (const receivable of pending) {
		const hubStatus = statuses.get(receivable.intentId);
		if (hubStatus === undefined || hubStatus === receivable.hubStatus) continue;
		const status = SETTLED.includes(hubStatus) ? 'settled' : hubStatus === 'INVOICED' ? 'invoiced' : 'pending';
		await saveReceivableStatus(app.db, { intentId: receivable.intentId, status, hubStatus });
		app.log.info({ earmark: receivable.earmarkId, intent: receivable.intentId, hubStatus }, `receivable ${status}`);
	}
}
