/**
 * Wake-ups, written in the business transaction. A relay turns them into jobs; a row may become a job twice, never zero times.
 */
import { and, asc, inArray, isNull, sql } from 'drizzle-orm';
import { z } from 'zod';
import { outbox } from '../../drizzle/schema/inventory.ts';
import type { Db, Tx } from './db.ts';

/** Every topic with what it says: the list that is asked for, and the type, are this one. `workers/job-of.ts` has the job of each. */
const wakeup = z.discriminatedUnion('topic', [
	z.object({ topic: z.literal('evaluate'), demandId: z.string() }),
	/** An invoice that the hub speaks of, known to us or not; a lower-case intent id. */
	z.object({ topic: z.literal('invoice'), invoiceId: z.string() }),
	z.object({ topic: z.literal('plan') }),
	/** The flow of an earmark, with the steps that remain. */
	z.object({ topic: z.literal('flow'), earmarkId: z.string(), generation: z.int() }),
	/** With the generation that the reconciler has begun for it; without one when something has happened. */
	z.object({ topic: z.literal('settle'), earmarkId: z.string(), generation: z.int().optional() }),
]);
export type Wakeup = Readonly<z.output<typeof wakeup>>;

/** What this version can turn into jobs. Rows of a newer version's topics are left to it. */
const TOPICS = wakeup.options.map(({ shape }) => shape.topic.value);

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
			rows.map(({ id, topic, payload }) => ({ id: id.toString(), wakeup: wakeup.parse({ ...(payload as object), topic }) })),
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
