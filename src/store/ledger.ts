/** The books: every movement that was observed, in double entry. Balances are the chain's to tell; these say why they are what they are. */
import { randomUUID } from 'node:crypto';
import type { LEDGER_ACCOUNTS } from '../../drizzle/schema/ledger.ts';
import { ledgerEntries } from '../../drizzle/schema/ledger.ts';
import type { VenueId } from '../inventory/venue.ts';
import type { Amount } from '../money/amount.ts';
import type { Tx } from './db.ts';

export type LedgerAccount = (typeof LEDGER_ACCOUNTS)[number];

export interface Posting {
	readonly event: 'sent' | 'delivered' | 'returned' | 'purchased' | 'settled';
	readonly earmarkId: string;
	readonly legId: string | null;
	/** The transaction in which it was observed. */
	readonly tx: string;
	readonly moves: readonly Move[];
}

/** Takes `amount` (base units of `asset` at `venue`) from one account and puts it on another, so that the position always sums to zero. */
export interface Move {
	readonly venue: VenueId;
	readonly asset: string;
	readonly from: LedgerAccount;
	readonly to: LedgerAccount;
	readonly amount: Amount;
}

/** Written in the transaction of the event itself. The database refuses, at commit, a posting that does not sum to zero. */
export async function post(tx: Tx, { moves, ...posting }: Posting): Promise<void> {
	const id = randomUUID();
	const entries = moves.flatMap(({ venue, asset, from, to, amount }) => [
		{ account: from, venue, asset, amount: -amount },
		{ account: to, venue, asset, amount: amount as bigint },
	]);
	await tx.insert(ledgerEntries).values(entries.map((entry) => ({ ...posting, ...entry, posting: id })));
}
