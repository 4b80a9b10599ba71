/** The books: every movement that was observed, in double entry. Balances are the chain's to tell; these say why they are what they are. */
import { randomUUID } from 'node:crypto';
import { ledgerEntries } from '../../drizzle/schema/ledger.ts';
import type { Move } from '../inventory/moves.ts';
import { positionKey } from '../inventory/venue.ts';
import type { Tx } from './db.ts';
import { noteBooking } from './transfers.ts';

export interface Posting {
	readonly event: 'sent' | 'delivered' | 'returned' | 'purchased' | 'settled' | 'opened' | 'external';
	/** Null for what no earmark has moved. */
	readonly earmarkId: string | null;
	readonly legId: string | null;
	/** The transaction in which it was observed. */
	readonly tx: string;
	readonly moves: readonly Move[];
}

/** Written in the transaction of the event itself. The database refuses, at commit, a posting that does not sum to zero. */
export async function post(tx: Tx, { moves, ...posting }: Posting): Promise<void> {
	const id = randomUUID();
	const entries = moves.flatMap(({ venue, asset, from, to, amount }) => [
		{ account: from, venue, asset, amount: -amount },
		{ account: to, venue, asset, amount: amount as bigint },
	]);
	if (entries.length > 0) await tx.insert(ledgerEntries).values(entries.map((entry) => ({ ...posting, ...entry, posting: id })));
}

/** The same of an event of ours, whose transaction is compared with what the chain says of it once its block is settled. */
export async function postMined(tx: Tx, { blockNumber, ...posting }: Posting & { readonly blockNumber: bigint }): Promise<void> {
	await post(tx, posting);
	const own = posting.moves.filter(({ from, to }) => from === 'wallet' || to === 'wallet');
	const places = new Map(own.map((move) => [positionKey(move), { venue: move.venue, asset: move.asset }]));
	await noteBooking(
		tx,
		[...places.values()].map((place) => ({ ...place, tx: posting.tx, blockNumber })),
	);
}
