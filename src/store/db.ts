/** The connection, and the only way to change anything that the audit log speaks of: a transaction with an actor and a reason. */
import { sql } from 'drizzle-orm';
import { drizzle, type PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import postgres from 'postgres';
import { ConfigError, TransientError } from '../errors.ts';
import { prepared } from './prepared.ts';

export type Db = PostgresJsDatabase<Record<string, never>>;
export type Tx = Parameters<Parameters<Db['transaction']>[0]>[0];

export interface Store {
	readonly db: Db;
	/** Calls back on every commit that wrote to the outbox; a hint only, notifications can be lost. Resolves to an unsubscribe. */
	onOutbox(listener: () => void): Promise<() => Promise<void>>;
	close(): Promise<void>;
}

/** Within this an operator hears that nobody is there; the driver would wait for half a minute. */
const CONNECT_SECONDS = 10;

/** Throws `ConfigError` when the text is no URL. */
export function openStore({ databaseUrl, pool }: { databaseUrl: string; pool: number }): Store {
	const client = openClient(databaseUrl, pool);
	return {
		db: drizzle(prepared(client)) as Db,
		async onOutbox(listener) {
			// drizzle changes the parsers of the client it wraps, so LISTEN gets one of its own.
			const listening = openClient(databaseUrl, 1);
			await listening.listen('ballast_outbox', listener, listener);
			return () => listening.end({ timeout: 1 });
		},
		close: () => client.end({ timeout: 5 }),
	};
}

/** With so many connections at most. Throws `ConfigError` when the text is no URL. */
export function openClient(databaseUrl: string, max: number): postgres.Sql {
	try {
		return postgres(databaseUrl, { max, onnotice: () => {}, connect_timeout: CONNECT_SECONDS });
	} catch {
		// What it says may repeat the password.
		throw databaseUrlError();
	}
}

const NO_DATABASE_URL =
	'is no URL like postgres://user:password@host:5432/name; in a password "#", "/", "?", "@" and "%" are written %23, %2F, %3F, %40 and %25';

export const databaseUrlError = (): ConfigError => new ConfigError('DATABASE_URL', NO_DATABASE_URL);

/** Who changes something and why; the audit triggers refuse a change without it. */
export interface Cause {
	readonly actor: string;
	readonly reason: string;
}

/** Runs `work` in one transaction. A lost connection is not retried here: whether the commit happened is then unknown. */
export async function inTransaction<T>(db: Db, cause: Cause, work: (tx: Tx) => Promise<T>): Promise<T> {
	return db.transaction(async (tx) => {
		await tx.execute(sql`select set_config('ballast.actor', ${cause.actor}, true), set_config('ballast.reason', ${cause.reason}, true)`);
		return work(tx);
	});
}

/** Somebody else was first. Nothing has been written; load again and decide again. */
export class ConflictError extends TransientError {}

/** The single row that a compare-and-set must have hit, or `ConflictError`. */
export function theOne<T>(rows: readonly T[], what: string, id: string): T {
	const [row] = rows;
	if (row === undefined) throw new ConflictError(`${what} ${id} is not in the expected state any more`, { id });
	return row;
}

/**
 * Everyone who turns available funds of an asset into holds waits here, until the transaction ends.
 * What is read under this lock is what will still be true at commit.
 */
export async function lockInventory(tx: Tx, asset: string): Promise<void> {
	await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`inventory:${asset}`}, 0))`);
}

/**
 * Taken before the rows of an earmark are changed, in one order everywhere, so that two writers wait for each other
 * instead of deadlocking. It is the lock under which the audit triggers extend the earmark's hash chain.
 */
export async function lockEarmarks(tx: Tx, earmarkIds: readonly string[]): Promise<void> {
	for (const id of [...earmarkIds].sort()) {
		await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`earmark_audit_log:${id}`}, 0))`);
	}
}
