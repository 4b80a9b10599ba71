import { desc, eq } from 'drizzle-orm';
import { stops } from '../../drizzle/schema/inventory.ts';
import type { Db, Tx } from './db.ts';

export interface Stop {
	readonly stopped: boolean;
	readonly actor: string;
	readonly reason: string;
	readonly at: string;
}

/** The stop in force, or null when nothing was ever stopped. Read again before every plan and every signature. */
export async function readStop(db: Db | Tx): Promise<Stop | null> {
	const [row] = await db
		.select({ stopped: stops.stopped, actor: stops.actor, reason: stops.reason, at: stops.at })
		.from(stops)
		.where(eq(stops.scope, 'global'))
		.orderBy(desc(stops.id))
		.limit(1);
	return row ?? null;
}

export async function isStopped(db: Db | Tx): Promise<boolean> {
	return (await readStop(db))?.stopped ?? false;
}

export async function writeStop(db: Db, stop: { stopped: boolean; actor: string; reason: string }): Promise<void> {
	await db.insert(stops).values({ scope: 'global', ...stop });
}
