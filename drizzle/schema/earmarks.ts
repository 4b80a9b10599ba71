import { sql } from 'drizzle-orm';
import { bigint, bigserial, check, index, integer, jsonb, pgTable, text, unique, uniqueIndex, uuid } from 'drizzle-orm/pg-core';
import { HOLD_STATES } from '../../src/earmark/hold-state.ts';
import { EARMARK_ACTIVE, EARMARK_STATUSES } from '../../src/earmark/state.ts';
import { LEG_ACTIVE, LEG_STATUSES } from '../../src/leg/state.ts';
import { createdAt, instant, oneOf, uint256, units, updatedAt, version } from './columns.ts';
import { demands } from './demands.ts';

/** The commitment to one demand. Changes are recorded in `earmark_audit_log` by trigger, in the same transaction. */
export const earmarks = pgTable(
	'earmarks',
	{
		id: uuid('id').primaryKey().defaultRandom(),
		demandId: uuid('demand_id')
			.notNull()
			.references(() => demands.id),
		asset: text('asset').notNull(),
		/** The destination where the demand will be paid. */
		venue: text('venue').notNull(),
		/** Base units at `venue` that the demand needed when the plan committed, or was last adjusted. */
		amount: units('amount').notNull(),
		status: text('status').notNull().default('planned'),
		/** The plan as decided: legs, cost, alternatives. Decimal text, token units. */
		plan: jsonb('plan').notNull(),
		reason: text('reason'),
		generation: integer('generation').notNull().default(1),
		nextActionAt: instant('next_action_at').notNull().defaultNow(),
		version: version(),
		createdAt: createdAt(),
		updatedAt: updatedAt(),
		deletedAt: instant('deleted_at'),
	},
	(table) => [
		uniqueIndex('earmarks_one_active').on(table.demandId).where(oneOf('status', EARMARK_ACTIVE)),
		index('earmarks_due').on(table.nextActionAt).where(oneOf('status', EARMARK_ACTIVE)),
		index('earmarks_page').on(table.createdAt, table.id).where(sql`deleted_at is null`),
		check('earmarks_status', oneOf('status', EARMARK_STATUSES)),
		check('earmarks_amount', uint256('amount')),
	],
);

/**
 * One row per leg: one path of funds from an origin venue to the destination. A row without an earmark is a transfer that somebody else has sent and
 * the rebalance cache was told of; nobody acts on it, and `send` is null where its amount is no uint256.
 */
export const rebalanceOperations = pgTable(
	'rebalance_operations',
	{
		id: uuid('id').primaryKey().defaultRandom(),
		earmarkId: uuid('earmark_id').references(() => earmarks.id),
		/** What leaves the origin; the last hop says what arrives. */
		asset: text('asset').notNull(),
		origin: text('origin').notNull(),
		destination: text('destination').notNull(),
		route: text('route'),
		/** Base units at the origin. */
		send: units('send'),
		/** Base units at the destination that the plan counts on. */
		receive: units('receive'),
		/** Base units at the destination that really arrived (or at the origin, for a returned leg). */
		delivered: units('delivered'),
		status: text('status').notNull().default('planned'),
		reason: text('reason'),
		/** When it was noticed that it takes far longer than promised; it is waited for all the same. */
		overdueAt: instant('overdue_at'),
		generation: integer('generation').notNull().default(1),
		nextActionAt: instant('next_action_at').notNull().defaultNow(),
		version: version(),
		createdAt: createdAt(),
		updatedAt: updatedAt(),
	},
	(table) => [
		index('rebalance_operations_earmark').on(table.earmarkId).where(sql`earmark_id is not null`),
		index('rebalance_operations_due')
			.on(table.nextActionAt)
			.where(sql`earmark_id is not null and ${oneOf('status', LEG_ACTIVE)}`),
		check('rebalance_operations_earmarked', sql`earmark_id is null or num_nulls(route, send, receive) = 0`),
		check('rebalance_operations_status', oneOf('status', LEG_STATUSES)),
		check('rebalance_operations_send', uint256('send')),
		check('rebalance_operations_receive', uint256('receive')),
	],
);

/** One move over one bridge; its input is what the hop before it really delivered. */
export const hops = pgTable(
	'hops',
	{
		id: uuid('id').primaryKey().defaultRandom(),
		legId: uuid('leg_id')
			.notNull()
			.references(() => rebalanceOperations.id),
		index: integer('index').notNull(),
		bridge: text('bridge').notNull(),
		origin: text('origin').notNull(),
		destination: text('destination').notNull(),
		/** What leaves and what arrives: two assets for a swap. */
		asset: text('asset').notNull(),
		toAsset: text('to_asset').notNull(),
		/** Base units at the origin: planned, and from the second hop on what the hop before has really delivered. */
		send: units('send').notNull(),
		receive: units('receive').notNull(),
		delivered: units('delivered'),
		/** The transaction that delivered, so that no snapshot counts it as somebody else's. */
		deliveredTx: text('delivered_tx'),
		status: text('status').notNull().default('planned'),
		/** Seconds that the quote promised. */
		seconds: integer('seconds').notNull(),
		/** The bridge's whole answer that the plan rests on; null for a hop that nobody has planned here. */
		promised: jsonb('promised'),
		/** When it may have left first. It ends at `updatedAt`. */
		sentAt: instant('sent_at'),
		/** When it was noticed to be later than its bridge has promised; counted once, whenever it arrives. */
		lateAt: instant('late_at'),
		/** What the mined sending call said: the bridge's own identity of the transfer. */
		evidence: jsonb('evidence'),
		/** What shows that it has happened on the other side. */
		proof: jsonb('proof'),
		version: version(),
		createdAt: createdAt(),
		updatedAt: updatedAt(),
	},
	(table) => [
		unique('hops_order').on(table.legId, table.index),
		check('hops_status', oneOf('status', LEG_STATUSES)),
		check('hops_send', uint256('send')),
		check('hops_receive', uint256('receive')),
	],
);

/** An amount of one asset at one venue that an earmark has taken out of what is available. */
export const holds = pgTable(
	'holds',
	{
		id: uuid('id').primaryKey().defaultRandom(),
		earmarkId: uuid('earmark_id')
			.notNull()
			.references(() => earmarks.id),
		legId: uuid('leg_id').references(() => rebalanceOperations.id),
		venue: text('venue').notNull(),
		asset: text('asset').notNull(),
		amount: units('amount').notNull(),
		state: text('state').notNull(),
		/** A snapshot of this block or a later one has seen the funds leave. */
		leftAtBlock: bigint('left_at_block', { mode: 'bigint' }),
		version: version(),
		createdAt: createdAt(),
		updatedAt: updatedAt(),
	},
	(table) => [
		index('holds_earmark').on(table.earmarkId),
		index('holds_leg').on(table.legId).where(sql`leg_id is not null`),
		index('holds_active').on(table.venue, table.asset).where(sql`state <> 'released'`),
		check('holds_state', oneOf('state', HOLD_STATES)),
		check('holds_amount', uint256('amount')),
	],
);

/** Append-only, hash-chained per earmark, written by triggers on earmarks, rebalance_operations, hops and holds. */
export const earmarkAuditLog = pgTable(
	'earmark_audit_log',
	{
		id: bigserial('id', { mode: 'bigint' }).primaryKey(),
		earmarkId: uuid('earmark_id').notNull(),
		seq: integer('seq').notNull(),
		entity: text('entity').notNull(),
		entityId: uuid('entity_id').notNull(),
		actor: text('actor').notNull(),
		reason: text('reason').notNull(),
		before: jsonb('before'),
		after: jsonb('after'),
		previousHash: text('previous_hash').notNull(),
		hash: text('hash').notNull(),
		at: instant('at').notNull().defaultNow(),
	},
	(table) => [unique('earmark_audit_log_order').on(table.earmarkId, table.seq)],
);
