import { sql } from 'drizzle-orm';
import { TransientError } from '../errors.ts';
import type { Db } from './db.ts';

/** A server that takes a connection and says nothing has no time limit of the driver's. */
const ANSWERS_WITHIN_MS = 10_000;

/** Throws when the database does not answer or was never migrated. */
export async function ping(db: Db): Promise<void> {
	const [row] = await db.execute<{ ready: boolean }>(sql`select to_regclass('effects') is not null as ready`);
	if (row?.ready !== true) throw new TransientError('DATABASE_URL: the database has no tables yet: run `npm run -s ballast -- migrate`');
}

/** Throws when nothing at all is answered in time, as by a server that is no PostgreSQL. */
export async function answers(db: Db, withinMs = ANSWERS_WITHIN_MS): Promise<void> {
	let timer: NodeJS.Timeout | undefined;
	const late = new Promise<never>((_, reject) => {
		const what = `DATABASE_URL: the server takes the connection and says nothing within ${withinMs} ms: is it PostgreSQL?`;
		timer = setTimeout(() => reject(new TransientError(`${what} Nothing was written and nothing was sent.`)), withinMs);
	});
	await Promise.race([db.execute(sql`select 1`), late]).finally(() => clearTimeout(timer));
}
