/** The word that database and queue server share; when they differ, the server has lost jobs. */
import { and, eq, isNotNull, lte, sql } from 'drizzle-orm';
import { queueEpochs } from '../../drizzle/schema/inventory.ts';
import type { Db, Tx } from './db.ts';

const NAME = 'queues';
const isOurs = eq(queueEpochs.name, NAME);

/** Runs `work` unless another process does so now; null then. */
export async function aloneWithEpoch<T>(db: Db, work: () => Promise<T>): Promise<T | null> {
	return db.transaction(async (tx) => {
		const [row] = await tx.execute<{ mine: boolean }>(sql`select pg_try_advisory_xact_lock(hashtextextended(${'queue-epoch'}, 0)) as mine`);
		return row?.mine === true ? work() : null;
	});
}

/** The epoch, locked until the transaction ends; null before the first one was written. */
export async function lockEpoch(tx: Tx): Promise<string | null> {
	const [row] = await tx.select({ epoch: queueEpochs.epoch }).from(queueEpochs).where(isOurs).for('update');
	return row?.epoch ?? null;
}

/** `againInMs`: after a loss, when all work is looked at once more. */
export async function writeEpoch(tx: Tx, epoch: string, { againInMs }: { againInMs?: number } = {}): Promise<void> {
	const again = againInMs === undefined ? {} : { againAt: sql`now() + ${againInMs} * interval '1 millisecond'` };
	await tx
		.insert(queueEpochs)
		.values({ name: NAME, epoch, ...again })
		.onConflictDoUpdate({ target: queueEpochs.name, set: { epoch, ...again } });
}

/** Whether work has to be looked at once more; says so until `forgetLoss`. */
export async function isLossRecent(db: Db): Promise<boolean> {
	const rows = await db
		.select({ name: queueEpochs.name })
		.from(queueEpochs)
		.where(and(isOurs, lte(queueEpochs.againAt, sql`now()`)));
	return rows.length > 0;
}

export async function forgetLoss(db: Db): Promise<void> {
	await db
		.update(queueEpochs)
		.set({ againAt: null })
		.where(and(isOurs, isNotNull(queueEpochs.againAt)));
}
