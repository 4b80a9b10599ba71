import { bigserial, check, index, pgTable, text, uuid } from 'drizzle-orm/pg-core';
import { instant, oneOf, units } from './columns.ts';
import { earmarks, rebalanceOperations } from './earmarks.ts';

/**
 * `wallet` is what we hold at the venue, `in_flight` what a bridge has taken there, `receivable` what the hub owes for a payment made
 * there. `bridge` and `hub` are where a movement changes the venue: what stays in them, over all venues, is fees and earnings.
 */
export const LEDGER_ACCOUNTS = ['wallet', 'in_flight', 'receivable', 'bridge', 'hub'] as const;

/** Double entry, append-only: the entries of one posting sum to zero at each position, in base units there; checked at commit. */
export const ledgerEntries = pgTable(
	'ledger_entries',
	{
		id: bigserial('id', { mode: 'bigint' }).primaryKey(),
		posting: uuid('posting').notNull(),
		/** What was observed: sent, delivered, returned, purchased, settled. */
		event: text('event').notNull(),
		account: text('account').notNull(),
		venue: text('venue').notNull(),
		asset: text('asset').notNull(),
		/** Signed base units at the venue: more on the account is positive. */
		amount: units('amount').notNull(),
		earmarkId: uuid('earmark_id')
			.notNull()
			.references(() => earmarks.id),
		legId: uuid('leg_id').references(() => rebalanceOperations.id),
		/** The transaction in which it was observed. */
		tx: text('tx').notNull(),
		at: instant('at').notNull().defaultNow(),
	},
	(table) => [
		index('ledger_entries_posting').on(table.posting),
		index('ledger_entries_position').on(table.venue, table.asset, table.account),
		check('ledger_entries_account', oneOf('account', LEDGER_ACCOUNTS)),
	],
);
