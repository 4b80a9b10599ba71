/** A PostgreSQL that counts its ids and tells the time as a run does. Column defaults are bound when they are made, so they are made anew. */
import { getTableName, sql } from 'drizzle-orm';
import { earmarkAuditLog } from '../../../drizzle/schema/earmarks.ts';
import type { Db, Tx } from '../../../src/store/db.ts';
import { TABLES } from './tables.ts';

const names = Object.values(TABLES).map(({ table }) => getTableName(table));
const listed = sql.raw(names.map((name) => `'${name}'`).join(', '));

/** Once for a database, with the product's schema in it; what connects afterwards has the run's time. */
export async function setUp(db: Db): Promise<void> {
	await db.execute(sql`create schema simulated`);
	await db.execute(sql`create sequence simulated.ids`);
	for (const [name, setting, volatility] of [
		['now', 'now_ms', 'stable'],
		['clock_timestamp', 'clock_ms', 'volatile'],
	] as const)
		await db.execute(
			sql.raw(`create function simulated.${name}() returns timestamptz language sql ${volatility} as $$
				select timestamptz 'epoch' + current_setting('simulated.${setting}')::bigint * interval '1 millisecond' $$`),
		);
	await db.execute(sql`create function simulated.gen_random_uuid() returns uuid language sql volatile as $$
		select ('00000000-0000-4000-8000-' || lpad(to_hex(nextval('simulated.ids')), 12, '0'))::uuid $$`);
	await db.execute(sql`
		do $$ declare place record; begin
			for place in select table_name, column_name, column_default as made from information_schema.columns
				where table_schema = 'public' and table_name in (${listed}) and column_default ~ '^(now|gen_random_uuid|nextval)\\(' loop
				execute format('alter table %I alter %I set default %s', place.table_name, place.column_name,
					case when place.made like 'nextval%' then 'nextval(''simulated.ids'')' else 'simulated.' || place.made end);
			end loop;
			execute format('alter database %I set search_path = simulated, public, pg_catalog', current_database());
		end $$`);
}

/** As it was before the first row: what is kept for ever is kept by triggers, which are not asked here. Several statements in one go are one transaction. */
export async function empty(db: Db): Promise<void> {
	const deletes = [...names, getTableName(earmarkAuditLog)].map((name) => `delete from ${name}`);
	await db.execute(
		sql.raw(['set local session_replication_role = replica', ...deletes, 'alter sequence simulated.ids restart'].join('; ')),
	);
}

/** Unix milliseconds: when the transaction that asks began, and what the clock says. */
export async function tellTime(db: Db | Tx, { nowMs, clockMs }: { readonly nowMs: number; readonly clockMs: number }): Promise<void> {
	await db.execute(sql.raw(`set simulated.now_ms = '${nowMs}'; set simulated.clock_ms = '${clockMs}'`));
}
