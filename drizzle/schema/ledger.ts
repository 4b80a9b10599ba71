import { sql } from 'drizzle-orm';
import { bigserial, check, index, pgTable, text, uuid } from 'drizzle-orm/pg-core';
import { LEDGER_ACCOUNTS } from '../../src/inventory/moves.ts';
import { instant, oneOf, units } from './columns.ts';
import { earmarks, rebalanceOperations } from './earmarks.ts';

/** Double entry, append-only: the entries of one posting sum to zero at each position, in base units there; checked at commit. */
export const ledgerEntries = pgTable(
	'ledger_entries',
	{
		id: bigserial('id', { mode: 'bigint' }).primaryKey(),
		posting: uuid('posting').notNull(),
		/** What was observed: sent, delivered, returned, purchased, settled; opened, moved by others. */
		event: text('event').notNull(),
		account: text('account').notNull(),
		venue: text('venue').notNull(),
		asset: text('asset').notNull(),
		/** Signed base units at the venue: more on the account is positive. */
		amount: units('amount').notNull(),
		/** Null for what no earmark has moved. */
		earmarkId: uuid('earmark_id').references(() => earmarks.id),
		legId: uuid('leg_id').references(() => rebalanceOperations.id),
		/** The transaction in which it was observed; the hash of the block that an opening was read at. */
		tx: text('tx').notNull(),
		at: instant('at').notNull().defaultNow(),
	},
	(table) => [
		index('ledger_entries_posting').on(table.posting),
		index('ledger_entries_position').on(table.venue, table.asset, table.account),
		index('ledger_entries_tx').on(table.tx),
		index('ledger_entries_leg').on(table.legId).where(sql`leg_id is not null`),
		check('ledger_entries_account', oneOf('account', LEDGER_ACCOUNTS)),
	],
);
