import { sql } from 'drizzle-orm';
import { bigint, bigserial, boolean, check, index, integer, jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { CHANNEL_STATUSES, FILL_STATUSES } from '../../src/fills/fill.ts';
import { GATE_STATES } from '../../src/health/gate.ts';
import { instant, oneOf, uint256, units, updatedAt } from './columns.ts';

/** A fill that a channel has told of, as the book that one process keeps has it. */
export const pendingFills = pgTable(
	'pending_fills',
	{
		/** Of trade, order, bucket and token. */
		id: text('id').primaryKey(),
		trade: text('trade').notNull(),
		order: text('order_id').notNull(),
		bucket: integer('bucket').notNull(),
		venue: text('venue').notNull(),
		asset: text('asset').notNull(),
		side: text('side').notNull(),
		amount: units('amount').notNull(),
		status: text('status').notNull(),
		channel: text('channel').notNull(),
		/** Transactions that were named. */
		hashes: jsonb('hashes').notNull().default([]),
		/** `[{ amount, block, hash }]`, decimal texts: what the chain has shown of it. */
		parts: jsonb('parts').notNull().default([]),
		/** In the order in which the book heard of them. */
		number: bigint('number', { mode: 'number' }).notNull(),
		tradedAt: instant('traded_at').notNull(),
		firstSeenAt: instant('first_seen_at').notNull(),
		wasLate: boolean('was_late').notNull().default(false),
		droppedAt: bigint('dropped_at', { mode: 'bigint' }),
		updatedAt: updatedAt(),
	},
	(table) => [
		index('pending_fills_number').on(table.number),
		index('pending_fills_waiting').on(table.venue, table.asset).where(sql`status = 'pending'`),
		check('pending_fills_status', oneOf('status', FILL_STATUSES)),
		check('pending_fills_channel', oneOf('channel', CHANNEL_STATUSES)),
		check('pending_fills_side', oneOf('side', ['buy', 'sell'])),
		check('pending_fills_amount', uint256('amount')),
	],
);

/** One token of a market as the book has it: up to which block it has absorbed, and what follows for whoever trades. */
export const fillPositions = pgTable(
	'fill_positions',
	{
		venue: text('venue').notNull(),
		asset: text('asset').notNull(),
		/** Null before the first look at the chain. */
		confirmed: units('confirmed'),
		blockNumber: bigint('block_number', { mode: 'bigint' }),
		blockHash: text('block_hash'),
		pendingBuy: units('pending_buy').notNull(),
		pendingSell: units('pending_sell').notNull(),
		/** What buys take of a limit, and what may be sold. */
		bought: units('bought'),
		sellable: units('sellable'),
		/** `[{ side, left, tx, block, hash, atMs }]`, amounts as decimal texts: what moved and belongs to no fill. */
		strangers: jsonb('strangers').notNull().default([]),
		/** Fills that settled after they had failed or expired. */
		lateCount: integer('late_count').notNull().default(0),
		/** What the API last said; null when it was not asked, or was not whole. */
		api: units('api'),
		apiAt: instant('api_at'),
		/** `chain`, or `api` while the chain is lost or not relied on yet. */
		source: text('source').notNull(),
		updatedAt: updatedAt(),
	},
	(table) => [
		primaryKey({ columns: [table.venue, table.asset] }),
		check('fill_positions_confirmed', uint256('confirmed')),
		check('fill_positions_source', oneOf('source', ['chain', 'api'])),
	],
);

/** Who keeps the book: one process, for as long as it says so in time. */
export const fillKeeper = pgTable(
	'fill_keeper',
	{
		name: text('name').primaryKey(),
		holder: text('holder').notNull(),
		until: instant('until').notNull(),
	},
	() => [check('fill_keeper_name', oneOf('name', ['fills']))],
);

/** What channel, chain and API said of one token in one hour of one phase, counted. Amounts in base units. */
export const fillReports = pgTable(
	'fill_reports',
	{
		phase: text('phase').notNull(),
		hour: instant('hour').notNull(),
		venue: text('venue').notNull(),
		asset: text('asset').notNull(),
		looks: integer('looks').notNull().default(0),
		unread: integer('unread').notNull().default(0),
		/** Looks whose transfers did not come to what the balance had changed. */
		mismatches: integer('mismatches').notNull().default(0),
		/** How often the API was compared with the chain, differed, and the most it did. */
		compared: integer('compared').notNull().default(0),
		differed: integer('differed').notNull().default(0),
		worst: units('worst').notNull().default(sql`0`),
		heard: integer('heard').notNull().default(0),
		absorbed: integer('absorbed').notNull().default(0),
		failed: integer('failed').notNull().default(0),
		expired: integer('expired').notNull().default(0),
		late: integer('late').notNull().default(0),
		/** By how much balances have changed, look by look, and no fill explains. */
		unexplained: units('unexplained').notNull().default(sql`0`),
		/** From the trade until the chain had shown it, summed and at most, over `absorbed`. */
		settleMs: bigint('settle_ms', { mode: 'number' }).notNull().default(0),
		settleMsMost: bigint('settle_ms_most', { mode: 'number' }).notNull().default(0),
	},
	(table) => [
		primaryKey({ columns: [table.phase, table.hour, table.venue, table.asset] }),
		check('fill_reports_phase', oneOf('phase', ['shadow', 'authoritative', 'degrade'])),
	],
);

/** An operator's word that a market may be relied on again. Whoever keeps the book takes it. */
export const healthRecoveries = pgTable('health_recoveries', {
	id: bigserial('id', { mode: 'bigint' }).primaryKey(),
	market: text('market').notNull(),
	actor: text('actor').notNull(),
	reason: text('reason').notNull(),
	at: instant('at').notNull().defaultNow(),
	takenAt: instant('taken_at'),
});

/** How far what is known of a market can be relied on. */
export const marketHealth = pgTable(
	'market_health',
	{
		market: text('market').primaryKey(),
		state: text('state').notNull(),
		reason: text('reason').notNull(),
		since: instant('since').notNull(),
		/** What the next event is judged by. */
		gate: jsonb('gate').notNull(),
		updatedAt: updatedAt(),
	},
	() => [check('market_health_state', oneOf('state', GATE_STATES))],
);

/** One change of a market's state: by whom and why. Append-only. */
export const healthLog = pgTable(
	'health_log',
	{
		id: bigserial('id', { mode: 'bigint' }).primaryKey(),
		market: text('market').notNull(),
		before: text('before'),
		after: text('after').notNull(),
		actor: text('actor').notNull(),
		reason: text('reason').notNull(),
		at: instant('at').notNull().defaultNow(),
	},
	(table) => [index('health_log_market').on(table.market, table.id)],
);
