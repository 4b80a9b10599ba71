import { sql } from 'drizzle-orm';
import { TransientError } from '../errors.ts';
import type { Db } from './db.ts';

/** Throws when the database does not answer or was never migrated. */
export async function ping(db: Db): Promise<void> {
	const [row] = await db.execute<{ ready: boolean }>(sql`select to_regclass('effects') is not null as ready`);
	if (row?.ready !== true) throw new TransientError('the database has no tables yet: run `npm run -s ballast -- migrate`');
}
