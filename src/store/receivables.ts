import { asc, eq, ne, sql } from 'drizzle-orm';
import { type RECEIVABLE_STATUSES, receivables } from '../../drizzle/schema/inventory.ts';
import type { Db } from './db.ts';

export type ReceivableStatus = (typeof RECEIVABLE_STATUSES)[number];

export interface Receivable {
	readonly earmarkId: string;
	readonly intentId: string;
	/** The hub's own word for it, as last read. */
	readonly hubStatus: string;
}

/** Receivables that the hub has not settled, oldest first. */
export async function pendingReceivables(db: Db, limit: number): Promise<Receivable[]> {
	return db
		.select({ earmarkId: receivables.earmarkId, intentId: receivables.intentId, hubStatus: receivables.hubStatus })
		.from(receivables)
		.where(ne(receivables.status, 'settled'))
		.orderBy(asc(receivables.createdAt))
		.limit(limit);
}

export async function saveReceivableStatus(
	db: Db,
	{ intentId, status, hubStatus }: { intentId: string; status: ReceivableStatus; hubStatus: string },
): Promise<void> {
	await db.update(receivables).set({ status, hubStatus, updatedAt: sql`now()` }).where(eq(receivables.intentId, intentId));
}
