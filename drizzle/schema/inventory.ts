import { sql } from 'drizzle-orm';
import { bigint, bigserial, boolean, check, index, jsonb, pgTable, primaryKey, text, uuid } from 'drizzle-orm/pg-core';
import { RECEIVABLE_STATUSES } from '../../src/settle/receivable-state.ts';
import { createdAt, instant, oneOf, uint256, units, updatedAt } from './columns.ts';
import { earmarks } from './earmarks.ts';

/** The latest balance read of every position, pinned to a block. A failed read leaves the row as it was. */
export const balanceSnapshots = pgTable(
	'balance_snapshots',
	{
		venue: text('venue').notNull(),
		asset: text('asset').notNull(),
		amount: units('amount').notNull(),
		blockNumber: bigint('block_number', { mode: 'bigint' }).notNull(),
		blockHash: text('block_hash').notNull(),
		takenAt: instant('taken_at').notNull(),
		/** At the block that counted as settled then; null as long as it was never read there. */
		settledAmount: units('settled_amount'),
		settledBlock: bigint('settled_block', { mode: 'bigint' }),
		/** Up to this block nobody has looked at transfers here: the first one whose later transfers are all known. */
		watchedFrom: bigint('watched_from', { mode: 'bigint' }),
		/** The books begin with what was there in this block; null as long as they have not begun. */
		openedBlock: bigint('opened_block', { mode: 'bigint' }),
	},
	(table) => [
		primaryKey({ columns: [table.venue, table.asset] }),
		check('balance_snapshots_amount', uint256('amount')),
		check('balance_snapshots_settled_amount', uint256('settled_amount')),
	],
);

/**
 * What one transaction has moved at one position: by the token's own events on the chain as it is now, or, with a posting whose events were not seen yet,
 * nothing so far.
 */
export const transfers = pgTable(
	'transfers',
	{
		venue: text('venue').notNull(),
		asset: text('asset').notNull(),
		tx: text('tx').notNull(),
		/** The chain of the venue, as decimal text. */
		chain: text('chain').notNull(),
		incoming: units('incoming').notNull().default(sql`0`),
		outgoing: units('outgoing').notNull().default(sql`0`),
		blockNumber: bigint('block_number', { mode: 'bigint' }).notNull(),
		/** Null as long as no event of it was seen, or after its block was taken back. */
		blockHash: text('block_hash'),
		/** Whether the ledger says of it what the chain says. */
		isBooked: boolean('is_booked').notNull().default(false),
		seenAt: instant('seen_at').notNull().defaultNow(),
	},
	(table) => [
		primaryKey({ columns: [table.venue, table.asset, table.tx] }),
		index('transfers_chain').on(table.chain, table.blockNumber),
		index('transfers_tx').on(table.tx),
		index('transfers_seen').on(table.venue, table.asset, table.seenAt),
		index('transfers_unbooked').on(table.chain, table.blockNumber).where(sql`not is_booked`),
		check('transfers_incoming', uint256('incoming')),
		check('transfers_outgoing', uint256('outgoing')),
	],
);

/** Up to which block of a chain its transfers are known. */
export const transferCursors = pgTable('transfer_cursors', {
	chain: text('chain').primaryKey(),
	blockNumber: bigint('block_number', { mode: 'bigint' }).notNull(),
	blockHash: text('block_hash').notNull(),
	/** When a process last set out to look at the chain. */
	lookedAt: instant('looked_at').notNull().defaultNow(),
});

/** What our own purchase will be settled with elsewhere; never available before it is there. */
export const receivables = pgTable(
	'receivables',
	{
		id: uuid('id').primaryKey().defaultRandom(),
		earmarkId: uuid('earmark_id')
			.notNull()
			.unique()
			.references(() => earmarks.id),
		intentId: text('intent_id').notNull().unique(),
		asset: text('asset').notNull(),
		/** Where the purchase was paid. */
		origin: text('origin').notNull(),
		/** Base units at `origin` that were paid. */
		amount: units('amount').notNull(),
		amountHub: units('amount_hub').notNull(),
		status: text('status').notNull().default('pending'),
		/** The hub's own word for it, as last read. */
		hubStatus: text('hub_status').notNull(),
		/** `{ venue: block }`: up to which block each venue was searched for the hub's payment, as decimal text. */
		lookedUpTo: jsonb('looked_up_to').notNull().default({}),
		/** Where, how much (base units there) and by which transaction the hub has paid; null until its payment was seen on chain. */
		settledVenue: text('settled_venue'),
		settledAmount: units('settled_amount'),
		settledTx: text('settled_tx'),
		createdAt: createdAt(),
		updatedAt: updatedAt(),
	},
	(table) => [
		index('receivables_pending').on(table.createdAt).where(sql`status <> 'settled'`),
		check('receivables_status', oneOf('status', RECEIVABLE_STATUSES)),
		check('receivables_amount', uint256('amount')),
	],
);

export const RESERVE_REASON_CODES = ['INCIDENT', 'LARGE_INVOICE', 'DRAIN', 'REFILL', 'OTHER'] as const;

/** Overrides of configured reserves: append-only, the latest row of a position is in force until it expires. */
export const reserveOverrides = pgTable(
	'reserve_overrides',
	{
		id: bigserial('id', { mode: 'bigint' }).primaryKey(),
		venue: text('venue').notNull(),
		asset: text('asset').notNull(),
		/** Base units at the venue; null ends an override before it expires. */
		amount: units('amount'),
		reasonCode: text('reason_code').notNull(),
		reason: text('reason').notNull(),
		actor: text('actor').notNull(),
		/** Null: until it is ended. */
		expiresAt: instant('expires_at'),
		at: instant('at').notNull().defaultNow(),
	},
	(table) => [
		index('reserve_overrides_latest').on(table.venue, table.asset, table.id),
		check('reserve_overrides_reason_code', oneOf('reason_code', RESERVE_REASON_CODES)),
		check('reserve_overrides_amount', uint256('amount')),
	],
);

/** Signatures of webhook deliveries that were taken: a second one with the same signature is a replay. */
export const webhookDeliveries = pgTable(
	'webhook_deliveries',
	{
		signature: text('signature').primaryKey(),
		receivedAt: instant('received_at').notNull().defaultNow(),
	},
	(table) => [index('webhook_deliveries_age').on(table.receivedAt)],
);

/** How much of a service's allowance all processes together have used: nobody asks again before `next_at`, less what may come at once. */
export const requestBudgets = pgTable('request_budgets', {
	service: text('service').primaryKey(),
	nextAt: instant('next_at').notNull(),
});

/** The stop switch: append-only, the latest row of a scope is in force. */
export const stops = pgTable(
	'stops',
	{
		id: bigserial('id', { mode: 'bigint' }).primaryKey(),
		scope: text('scope').notNull(),
		stopped: boolean('stopped').notNull(),
		actor: text('actor').notNull(),
		reason: text('reason').notNull(),
		at: instant('at').notNull().defaultNow(),
	},
	(table) => [index('stops_latest').on(table.scope, table.id)],
);

/** Wake-ups written in the business transaction; the relay turns them into jobs. */
export const outbox = pgTable(
	'outbox',
	{
		id: bigserial('id', { mode: 'bigint' }).primaryKey(),
		topic: text('topic').notNull(),
		/** Ids only. */
		payload: jsonb('payload').notNull(),
		createdAt: createdAt(),
		sentAt: instant('sent_at'),
	},
	(table) => [index('outbox_unsent').on(table.id).where(sql`sent_at is null`)],
);

/** What the queue server was last told to remember, in one row: a server that says another word has lost jobs. */
export const queueEpochs = pgTable('queue_epochs', {
	name: text('name').primaryKey(),
	epoch: text('epoch').notNull(),
	/** When all work is looked at once more after a loss; null when nothing was lost lately. */
	againAt: instant('again_at'),
});
