import { readFileSync } from 'node:fs';
import { sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/postgres-js';
import { migrate } from 'drizzle-orm/postgres-js/migrator';
import { z } from 'zod';
import { InvariantError, PermanentError } from '../errors.ts';
import { type Db, openClient } from './db.ts';
import { answers, ping } from './ping.ts';
import { databaseTrouble } from './trouble.ts';

const MIGRATIONS = new URL('../../drizzle/migrations', import.meta.url).pathname;
const ADVISORY_LOCK = 727_274;

/** Brings the database to the current schema. Safe to run from several processes at once: one migrates, the others wait. */
export async function migrateDatabase(databaseUrl: string): Promise<void> {
	const client = openClient(databaseUrl, 1);
	try {
		await client`select pg_advisory_lock(${ADVISORY_LOCK})`;
		await migrate(drizzle(client), { migrationsFolder: MIGRATIONS });
		const db = drizzle(client);
		const [found] = await db.execute(sql`select to_regclass('effects') is not null as ready`);
		if (found?.ready !== true) throw new InvariantError('migrations ran but the tables are missing; is drizzle/migrations complete?');
	} catch (error) {
		throw databaseTrouble(error) ?? error;
	} finally {
		await client.end();
	}
}

const journal = z.object({ entries: z.array(z.object({ when: z.number(), tag: z.string() })) });

/**
 * Whether the tables are those that this code was written for; `newer` while another version takes over. Throws what an operator can read when
 * the database does not answer, was never migrated, or lacks migrations.
 */
export async function checkSchema(db: Db): Promise<'current' | 'newer'> {
	try {
		await answers(db);
		await ping(db);
		const [found] = await db.execute<{ at: string | null }>(sql`select max(created_at)::text as at from drizzle.__drizzle_migrations`);
		const last = Number(found?.at ?? 0);
		const { entries } = journal.parse(JSON.parse(readFileSync(`${MIGRATIONS}/meta/_journal.json`, 'utf8')));
		const missing = entries.filter(({ when }) => when > last).map(({ tag }) => tag);
		if (missing.length > 0) {
			const run = 'run `npm run -s ballast -- migrate`, then start again. Nothing was written and nothing was sent.';
			throw new PermanentError(`DATABASE_URL: the database lacks the migrations ${missing.join(', ')}: ${run}`, {
				missing: `${missing.length}`,
			});
		}
		return entries.some(({ when }) => when === last) ? 'current' : 'newer';
	} catch (error) {
		throw databaseTrouble(error) ?? error;
	}
}
