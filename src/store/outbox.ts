/**
 * Wake-ups, written in the business transaction. A relay turns them into jobs; a row may become a job twice, never zero times.
 */
import { and, asc, inArray, isNull, sql } from 'drizzle-orm';
import { outbox } from '../../drizzle/schema/inventory.ts';
import type { Db, Tx } from './db.ts';

export type Wakeup =
	| { readonly topic: 'evaluate'; readonly demandId: string }
	/** An invoice that the hub speaks of, known to us or not; a lower-case intent id. */
	| { readonly topic: 'invoice'; readonly invoiceId: string }
	| { readonly topic: 'plan' }
	/** The flow of an earmark, with the steps that remain. */
	| { readonly topic: 'flow'; readonly earmarkId: string; readonly generation: number }
	/** With the generation that the reconciler has begun for it; without one when something has happened. */
	| { readonly topic: 'settle'; readonly earmarkId: string; readonly generation?: number };

/** What this version can turn into jobs. Rows of a newer version's topics are left to it. */
const TOPICS = Object.keys({ evaluate: 1, invoice: 1, plan: 1, flow: 1, settle: 1 } satisfies Record<Wakeup['topic'], 1>);

export interface OutboxRow {
	readonly id: string;
	readonly wakeup: Wakeup;
}

export async function wake(tx: Tx, ...wakeups: readonly Wakeup[]): Promise<void> {
	if (wakeups.length === 0) return;
	await tx.insert(outbox).values(wakeups.map(({ topic, ...payload }) => ({ topic, payload })));
}

/**
 * Hands at most `limit` unsent wake-ups to `send` and marks them in the same transaction. Rows that another relay holds are
 * skipped, so any number of relays may run; a crash between `send` and the mark sends again, under the same job ids.
 */
export async function relayOutbox(db: Db, limit: number, send: (rows: readonly OutboxRow[], tx: Tx) => Promise<void>): Promise<number> {
	return db.transaction(async (tx) => {
		const rows = await tx
			.select({ id: outbox.id, topic: outbox.topic, payload: outbox.payload })
			.from(outbox)
			.where(and(isNull(outbox.sentAt), inArray(outbox.topic, TOPICS)))
			.orderBy(asc(outbox.id))
			.limit(limit)
			.for('update', { skipLocked: true });
		if (rows.length === 0) return 0;
		await send(
			rows.map((row) => ({ id: row.id.toString(), wakeup: { topic: row.topic, ...(row.payload as object) } as Wakeup })),
			tx,
		);
		await tx
			.update(outbox)
			.set({ sentAt: sql`now()` })
			.where(
				inArray(
					outbox.id,
					rows.map((row) => row.id),
				),
			);
		return rows.length;
	});
}

/** Removes wake-ups sent more than an hour ago; they are no record of anything. */
export async function pruneOutbox(db: Db): Promise<void> {
	await db.execute(sql`delete from outbox where sent_at < now() - interval '1 hour'`);
}
