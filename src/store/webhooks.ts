/** Webhook deliveries: each wakes the evaluation of its invoice once, however often and however many at a time it comes. */
import { sql } from 'drizzle-orm';
import { webhookDeliveries } from '../../drizzle/schema/inventory.ts';
import { type Db, inTransaction } from './db.ts';
import { wake } from './outbox.ts';

/** A delivery is good for so long before and after its timestamp. */
export const WEBHOOK_WINDOW_SECONDS = 300;

/**
 * Writes the delivery and the wake-up in one transaction; of several with one signature the first commits and the others are replays.
 * `signature` in the one spelling that the caller computes itself: another spelling would be another delivery.
 */
export async function takeDelivery(
	db: Db,
	{ signature, event, invoiceId }: { signature: string; event: string; invoiceId: string },
): Promise<'taken' | 'replay'> {
	return inTransaction(db, { actor: 'webhook', reason: event }, async (tx) => {
		const rows = await tx.insert(webhookDeliveries).values({ signature }).onConflictDoNothing().returning();
		if (rows.length === 0) return 'replay';
		await wake(tx, { topic: 'invoice', invoiceId });
		return 'taken';
	});
}

/**
 * Removes deliveries that no replay can be made of any more: a timestamp may lie a window ahead when it is taken, and is good
 * for another window after that.
 */
export async function pruneDeliveries(db: Db): Promise<void> {
	await db.execute(sql`delete from webhook_deliveries where received_at < now() - ${2 * WEBHOOK_WINDOW_SECONDS} * interval '1 second'`);
}
