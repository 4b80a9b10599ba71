import { sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/postgres-js';
import { migrate } from 'drizzle-orm/postgres-js/migrator';
import postgres from 'postgres';
import { InvariantError } from '../errors.ts';

const MIGRATIONS = new URL('../../drizzle/migrations', import.meta.url).pathname;
const ADVISORY_LOCK = 727_274;

/** Brings the database to the current schema. Safe to run from several processes at once: one migrates, the others wait. */
export async function migrateDatabase(databaseUrl: string): Promise<void> {
	const client = postgres(databaseUrl, { max: 1, onnotice: () => {} });
	try {
		await client`select pg_advisory_lock(${ADVISORY_LOCK})`;
		await migrate(drizzle(client), { migrationsFolder: MIGRATIONS });
		const db = drizzle(client);
		const [found] = await db.execute(sql`select to_regclass('effects') is not null as ready`);
		if (found?.ready !== true) throw new InvariantError('migrations ran but the tables are missing; is drizzle/migrations complete?');
	} finally {
		await client.end();
	}
}
