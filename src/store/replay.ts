/** The ledger replayed from its first entry: what every account comes to, in bounded memory however long the books are. */
import { asc, gt } from 'drizzle-orm';
import { ledgerEntries } from '../../drizzle/schema/ledger.ts';
import type { LedgerAccount } from '../inventory/moves.ts';
import { type Position, positionKey } from '../inventory/venue.ts';
import type { Db, Tx } from './db.ts';

const PAGE = 10_000;

export interface AccountBalance extends Position {
	readonly account: LedgerAccount;
	/** Base units at the position; of all accounts together they come to nothing there. */
	readonly units: bigint;
}

export interface Replayed {
	readonly entries: number;
	readonly balances: readonly AccountBalance[];
}

/** `onPage` hears how many entries were read so far. */
export async function replayLedger(db: Db | Tx, onPage: (entries: number) => void = () => {}): Promise<Replayed> {
	const balances = new Map<string, AccountBalance>();
	const { id, account, venue, asset, amount } = ledgerEntries;
	let [entries, after] = [0, 0n];
	for (;;) {
		const page = await db
			.select({ id, account, venue, asset, amount })
			.from(ledgerEntries)
			.where(gt(id, after))
			.orderBy(asc(id))
			.limit(PAGE);
		for (const row of page) {
			const key = `${row.account} ${positionKey(row)}`;
			const known = balances.get(key) ?? { account: row.account as LedgerAccount, venue: row.venue, asset: row.asset, units: 0n };
			balances.set(key, { ...known, units: known.units + row.amount });
		}
		entries += page.length;
		after = page.at(-1)?.id ?? after;
		onPage(entries);
		if (page.length < PAGE) return { entries, balances: [...balances.values()] };
	}
}
