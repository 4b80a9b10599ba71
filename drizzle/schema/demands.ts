import { sql } from 'drizzle-orm';
import { check, index, integer, jsonb, pgTable, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core';
import { DEMAND_KINDS, DEMAND_STATUSES } from '../../src/invoice/demand-state.ts';
import { createdAt, instant, oneOf, uint256, units, updatedAt, version } from './columns.ts';

/** A need for an amount of an asset at one of some destinations. `reason` says why an open one waits. */
export const demands = pgTable(
	'demands',
	{
		id: uuid('id').primaryKey().defaultRandom(),
		kind: text('kind').notNull(),
		/** What the source calls it: the invoice's intent id. */
		externalId: text('external_id').notNull(),
		asset: text('asset').notNull(),
		status: text('status').notNull().default('open'),
		/** `[{ venue, amount }]`: base units (decimal text) that would cover it at each destination, as last read. */
		destinations: jsonb('destinations').notNull().default([]),
		/** The most that a plan for it may cost, in 18-decimal token units; null when nothing says what it is worth. */
		maxCostHub: units('max_cost_hub'),
		reason: text('reason'),
		reasonDetail: text('reason_detail'),
		enqueuedAt: instant('enqueued_at').notNull(),
		firstSeenAt: instant('first_seen_at').notNull().defaultNow(),
		/** When its facts were last read, well or badly; null means never, and planning waits for it. */
		evaluatedAt: instant('evaluated_at'),
		nextActionAt: instant('next_action_at').notNull().defaultNow(),
		generation: integer('generation').notNull().default(0),
		version: version(),
		createdAt: createdAt(),
		updatedAt: updatedAt(),
	},
	(table) => [
		uniqueIndex('demands_source').on(table.kind, table.externalId),
		index('demands_open').on(table.asset, table.enqueuedAt, table.id).where(sql`status = 'open'`),
		index('demands_due').on(table.nextActionAt).where(sql`status in ('open', 'earmarked')`),
		check('demands_kind', oneOf('kind', DEMAND_KINDS)),
		check('demands_status', oneOf('status', DEMAND_STATUSES)),
	],
);

/** The Everclear side of a demand, in the API's own units. The only table with 18-decimal hub amounts besides `receivables`. */
export const invoices = pgTable(
	'invoices',
	{
		demandId: uuid('demand_id')
			.primaryKey()
			.references(() => demands.id),
		intentId: text('intent_id').notNull().unique(),
		owner: text('owner').notNull(),
		tickerHash: text('ticker_hash').notNull(),
		origin: text('origin').notNull(),
		destinations: jsonb('destinations').notNull(),
		amountHub: units('amount_hub').notNull(),
		discountBps: text('discount_bps').notNull(),
		hubStatus: text('hub_status').notNull(),
		/** When a complete listing last held it. */
		listedAt: instant('listed_at').notNull().defaultNow(),
		createdAt: createdAt(),
		updatedAt: updatedAt(),
	},
	() => [check('invoices_amount_hub', uint256('amount_hub'))],
);
