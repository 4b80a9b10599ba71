/** Who keeps the book of fills: one process at a time, for as long as it says so in time, by the clock of the database. */
import { and, eq, sql } from 'drizzle-orm';
import { fillKeeper } from '../../drizzle/schema/fills.ts';
import { ConflictError, type Db, type Tx } from './db.ts';

const NAME = 'fills';

/** Takes it, or goes on having it. False while somebody else has it. */
export async function keepOn(db: Db, { holder, forMs }: { readonly holder: string; readonly forMs: number }): Promise<boolean> {
	const until = sql<string>`now() + make_interval(secs => ${forMs}::double precision / 1000)`;
	const rows = await db
		.insert(fillKeeper)
		.values({ name: NAME, holder, until })
		.onConflictDoUpdate({
			target: fillKeeper.name,
			set: { holder, until },
			setWhere: sql`${fillKeeper.holder} = ${holder} or ${fillKeeper.until} < now()`,
		})
		.returning({ holder: fillKeeper.holder });
	return rows.length > 0;
}

/** Until the end of the transaction nobody else takes it. Throws `ConflictError` when somebody has. */
export async function mustKeep(tx: Tx, holder: string): Promise<void> {
	const rows = await tx
		.select({ holder: fillKeeper.holder })
		.from(fillKeeper)
		.where(and(eq(fillKeeper.name, NAME), eq(fillKeeper.holder, holder)))
		.for('share');
	if (rows.length === 0) throw new ConflictError('another process keeps the book of fills now', { holder });
}

/** Somebody else may take it at once. */
export async function leave(db: Db, holder: string): Promise<void> {
	await db.delete(fillKeeper).where(and(eq(fillKeeper.name, NAME), eq(fillKeeper.holder, holder)));
}
