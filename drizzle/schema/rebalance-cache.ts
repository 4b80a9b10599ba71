import { sql } from 'drizzle-orm';
import { bigint, bigserial, boolean, check, customType, index, integer, pgTable, primaryKey, text, uuid } from 'drizzle-orm/pg-core';
import { PHASES } from '../../src/rebalances/phase.ts';
import { createdAt, instant, oneOf, updatedAt } from './columns.ts';
import { rebalanceOperations } from './earmarks.ts';

const bytes = customType<{ data: Buffer; driverData: Buffer }>({ dataType: () => 'bytea' });

/** What identifies a text of any length, its SHA-256: an index entry of PostgreSQL ends at 2,704 bytes, and an asset or a transaction does not. */
const key = () => bytes('key').notNull();
const keyIsOf = (table: string, column: string) => check(`${table}_key`, sql.raw(`"key" = sha256(convert_to("${column}", 'UTF8'))`));

/**
 * The prefix of the cache in Redis; caches with different ones share nothing. Nearly every row has the same one, and a planner without statistics
 * believes that few have it: it is inside of what is indexed, or behind it.
 */
const namespace = () => text('namespace').notNull();

/**
 * A rebalance that the cache was told of, or what is left of one: who has removed it, so that nothing lets it in again. Its id never comes back,
 * so one row is both, and whoever adds it again meets it.
 */
export const cachedRebalances = pgTable(
	'cached_rebalances',
	{
		namespace: namespace(),
		key: key(),
		/** `<destination>-<origin>-<asset as given>-<uuid>`. */
		id: text('id').notNull(),
		/** `<destination>-<origin>-<asset in lower case>`. */
		route: text('route'),
		transaction: text('transaction'),
		/** JSON, byte for byte as it was given. */
		action: text('action'),
		operationId: uuid('operation_id').references(() => rebalanceOperations.id),
		/** The change that removed it; null as long as it is there. */
		removedBy: text('removed_by'),
		removedAt: instant('removed_at'),
		createdAt: createdAt(),
	},
	(table) => [
		primaryKey({ columns: [table.key, table.namespace] }),
		keyIsOf('cached_rebalances', 'id'),
		index('cached_rebalances_route').on(sql`hashtextextended(route, hashtextextended(namespace, 0))`),
		index('cached_rebalances_transaction').on(sql`hashtextextended(transaction, hashtextextended(namespace, 0))`),
		index('cached_rebalances_operation').on(table.operationId).where(sql`operation_id is not null`),
		index('cached_rebalances_ended').on(table.namespace).where(sql`removed_at is not null and operation_id is not null`),
		index('cached_rebalances_removed').on(table.removedAt).where(sql`removed_at is not null`),
		check('cached_rebalances_removed', sql`(removed_by is null) = (removed_at is null)`),
		check(
			'cached_rebalances_whole',
			sql.raw(
				`case when removed_by is null then num_nulls("route", "transaction", "action", "operation_id") = 0
					else num_nonnulls("route", "transaction", "action") = 0 end`,
			),
		),
	],
);

/** By deposit transaction. A record may be written again after it was removed. */
export const cachedWithdrawals = pgTable(
	'cached_withdrawals',
	{
		namespace: namespace(),
		key: key(),
		depositTransaction: text('deposit_transaction').notNull(),
		/** JSON; null after it was removed. */
		record: text('record'),
		/** The change that removed it last, also after it was written again: that change, asked once more, is done already. */
		removedBy: text('removed_by'),
		removedAt: instant('removed_at'),
	},
	(table) => [
		primaryKey({ columns: [table.key, table.namespace] }),
		keyIsOf('cached_withdrawals', 'deposit_transaction'),
		index('cached_withdrawals_removed').on(table.removedAt).where(sql`record is null`),
	],
);

/** Where the migration of one cache stands. No phase: nothing was ever said, and everybody is let in. */
export const cacheStates = pgTable(
	'cache_states',
	{
		namespace: namespace().primaryKey(),
		phase: text('phase'),
		/** Who follows a phase before this one is not let in: a copy waits for nobody there. Its place among the phases. */
		floor: integer('floor').notNull().default(0),
		/** PostgreSQL marks what changes for Redis although its phase keeps one side: Redis is made equal for the way back. */
		mirroring: boolean('mirroring').notNull().default(false),
		/** `1` or `0`; null as long as nobody has said so. */
		paused: text('paused'),
		/** Answers of the two sides that were not the same, as counted in `dual-read`. */
		differences: bigint('differences', { mode: 'bigint' }).notNull().default(sql`0`),
		/** The change that cleared it last: asked once more, it is done already. */
		clearedBy: text('cleared_by'),
		updatedAt: updatedAt(),
	},
	() => [
		check('cache_states_phase', oneOf('phase', PHASES)),
		check('cache_states_floor', sql.raw(`"floor" >= 0 and "floor" < ${PHASES.length}`)),
		check('cache_states_paused', oneOf('paused', ['0', '1'])),
		check('cache_states_namespace', sql`octet_length(namespace) between 1 and 1000`),
	],
);

/** One change of a stored phase: by whom and why. Append-only. */
export const cachePhaseLog = pgTable(
	'cache_phase_log',
	{
		id: bigserial('id', { mode: 'bigint' }).primaryKey(),
		namespace: namespace(),
		actor: text('actor').notNull(),
		reason: text('reason').notNull(),
		before: text('before'),
		after: text('after').notNull(),
		at: instant('at').notNull().defaultNow(),
	},
	(table) => [index('cache_phase_log_namespace').on(table.namespace, table.id)],
);

/** What the other side may not have yet, written together with the change. */
export const cacheMarks = pgTable(
	'cache_marks',
	{
		namespace: namespace(),
		key: key(),
		/** `r:<id>`, `w:<deposit transaction>` or `p`. */
		entity: text('entity').notNull(),
		/** Of the change that marked it last. */
		token: text('token').notNull(),
		seq: bigserial('seq', { mode: 'bigint' }).notNull(),
		at: instant('at').notNull().defaultNow(),
	},
	(table) => [
		primaryKey({ columns: [table.key, table.namespace] }),
		keyIsOf('cache_marks', 'entity'),
		index('cache_marks_order').on(table.seq, table.namespace),
	],
);

/** What a copy or a check has found and nobody is served, with its raw value; a raw value may be no text at all. */
export const cacheQuarantine = pgTable(
	'cache_quarantine',
	{
		namespace: namespace(),
		kind: text('kind').notNull(),
		key: bytes('key').notNull().generatedAlwaysAs(sql`sha256("entity")`),
		entity: bytes('entity').notNull(),
		raw: bytes('raw'),
		seenAt: instant('seen_at').notNull().defaultNow(),
	},
	(table) => [primaryKey({ columns: [table.key, table.kind, table.namespace] })],
);

/** One run of a copy, so that the next one goes on where it was ended. */
export const cacheCopies = pgTable(
	'cache_copies',
	{
		id: uuid('id').primaryKey().defaultRandom(),
		namespace: namespace(),
		/** The side that answers, which the other one is made equal to. */
		source: text('source').notNull(),
		phase: text('phase'),
		cursor: text('cursor'),
		copied: bigint('copied', { mode: 'bigint' }).notNull().default(sql`0`),
		removed: bigint('removed', { mode: 'bigint' }).notNull().default(sql`0`),
		startedAt: instant('started_at').notNull().defaultNow(),
		finishedAt: instant('finished_at'),
	},
	(table) => [
		index('cache_copies_namespace').on(table.namespace, table.startedAt),
		check('cache_copies_source', oneOf('source', ['redis', 'postgres'])),
	],
);
