/** What the hub owes for our purchases, until its payment was seen on a chain. */
import { and, asc, eq, inArray, ne, sql } from 'drizzle-orm';
import type { Hash, Hex } from 'viem';
import { receivables } from '../../drizzle/schema/inventory.ts';
import { crossing } from '../inventory/moves.ts';
import type { VenueId } from '../inventory/venue.ts';
import { type Amount, amount, type HubAmount, hubAmount } from '../money/amount.ts';
import { type ReceivableStatus, receivableStatesBefore } from '../settle/receivable-state.ts';
import { type Db, inTransaction, type Tx } from './db.ts';
import { postMined } from './ledger.ts';

export interface Receivable {
	readonly earmarkId: string;
	readonly intentId: Hex;
	readonly asset: string;
	/** Where the purchase was paid. */
	readonly origin: VenueId;
	/** Base units at the origin. */
	readonly amount: Amount;
	readonly amountHub: HubAmount;
	readonly status: ReceivableStatus;
	/** The hub's own word for it, as last read. */
	readonly hubStatus: string;
	/** Up to which block each venue was searched for the hub's payment. */
	readonly lookedUpTo: ReadonlyMap<VenueId, bigint>;
	/** It was never looked for: `lookedUpTo` is what the purchase has noted. */
	readonly isNew: boolean;
}

/** What a purchase is owed, and up to which block each venue had been seen when it was made, as decimal text. */
export async function insertReceivable(
	tx: Tx,
	receivable: Pick<Receivable, 'earmarkId' | 'asset' | 'origin' | 'amount' | 'amountHub'> & {
		readonly intentId: string;
		readonly lookedUpTo: Readonly<Record<string, string>>;
	},
): Promise<void> {
	await tx.insert(receivables).values({ ...receivable, hubStatus: 'NONE' });
}

/** Receivables that the hub has not paid, those first that were looked for longest ago: none waits for ever behind others. */
export async function openReceivables(db: Db, limit: number): Promise<Receivable[]> {
	const rows = await db
		.select({ row: receivables, isNew: sql<boolean>`${receivables.updatedAt} = ${receivables.createdAt}` })
		.from(receivables)
		.where(ne(receivables.status, 'settled'))
		.orderBy(asc(receivables.updatedAt), asc(receivables.id))
		.limit(limit);
	return rows.map(({ row, isNew }) => ({
		earmarkId: row.earmarkId,
		intentId: row.intentId as Hex,
		asset: row.asset,
		origin: row.origin,
		amount: amount(row.amount),
		amountHub: hubAmount(row.amountHub),
		status: row.status as ReceivableStatus,
		hubStatus: row.hubStatus,
		lookedUpTo: new Map(Object.entries(row.lookedUpTo as Record<string, string>).map(([venue, block]) => [venue, BigInt(block)])),
		isNew,
	}));
}

/** Notes how far the venues have been searched, and that it was looked for now; what is not named stays as it was. */
export async function saveLookedUpTo(db: Db, { intentId, upTo }: { intentId: string; upTo: ReadonlyMap<VenueId, bigint> }): Promise<void> {
	const blocks = Object.fromEntries([...upTo].map(([venue, block]) => [venue, block.toString()]));
	await db
		.update(receivables)
		.set({ lookedUpTo: sql`${receivables.lookedUpTo} || ${JSON.stringify(blocks)}::jsonb`, updatedAt: sql`now()` })
		.where(and(eq(receivables.intentId, intentId), ne(receivables.status, 'settled')));
}

/** Stores the hub's word, and what it makes of the receivable. False when somebody else was first; nothing has been written then. */
export async function saveHubStatus(
	db: Db,
	{ receivable, hubStatus, status }: { receivable: Receivable; hubStatus: string; status: ReceivableStatus },
): Promise<boolean> {
	const rows = await db
		.update(receivables)
		.set({ hubStatus, status })
		.where(
			and(
				eq(receivables.intentId, receivable.intentId),
				eq(receivables.status, receivable.status),
				eq(receivables.hubStatus, receivable.hubStatus),
			),
		)
		.returning({ id: receivables.id });
	return rows.length > 0;
}

export interface HubPayment {
	readonly venue: VenueId;
	/** Base units at the venue. */
	readonly amount: Amount;
	readonly tx: Hash;
	readonly blockNumber: bigint;
	/** Of the asset where we have paid, and where the hub has. */
	readonly decimals: { readonly origin: number; readonly paid: number };
}

/**
 * The hub's payment is final on a chain: the receivable is settled, and the books have it in the wallet there, in one transaction.
 * False when it was settled before; nothing has been written then.
 */
export async function settleReceivable(db: Db, receivable: Receivable, payment: HubPayment): Promise<boolean> {
	const { intentId, earmarkId, asset, origin } = receivable;
	const cause = { actor: 'receivables', reason: `the hub has paid in ${payment.tx} on ${payment.venue}` };
	return inTransaction(db, cause, async (tx: Tx) => {
		const rows = await tx
			.update(receivables)
			.set({
				status: 'settled',
				settledVenue: payment.venue,
				settledAmount: payment.amount,
				settledTx: payment.tx,
				updatedAt: sql`now()`,
			})
			.where(and(eq(receivables.intentId, intentId), inArray(receivables.status, receivableStatesBefore('settled'))))
			.returning({ id: receivables.id });
		if (rows.length === 0) return false;
		const { decimals, blockNumber } = payment;
		const moves = crossing({
			out: { venue: origin, asset, decimals: decimals.origin, amount: receivable.amount, account: 'receivable' },
			into: { venue: payment.venue, asset, decimals: decimals.paid, amount: payment.amount },
			...{ via: 'hub', difference: 'external' },
		});
		await postMined(tx, { event: 'settled', earmarkId, legId: null, tx: payment.tx, blockNumber, moves });
		return true;
	});
}

export interface Owed {
	readonly asset: string;
	/** Where the purchases were paid. */
	readonly origin: VenueId;
	readonly count: number;
	readonly amountHub: HubAmount;
	/** When the oldest of them became final; ISO text. */
	readonly since: string;
}

/** What the hub owes, by asset and by where it was paid. */
export async function readOwed(db: Db | Tx): Promise<Owed[]> {
	const rows = await db
		.select({
			asset: receivables.asset,
			origin: receivables.origin,
			count: sql<number>`count(*)::int`,
			sum: sql<string>`sum(${receivables.amountHub})`,
			since: sql<string>`min(${receivables.createdAt})`,
		})
		.from(receivables)
		.where(ne(receivables.status, 'settled'))
		.groupBy(receivables.asset, receivables.origin)
		.orderBy(asc(receivables.asset), asc(receivables.origin));
	return rows.map(({ sum, since, ...row }) => ({
		...row,
		amountHub: hubAmount(BigInt(sum)),
		since: new Date(since).toISOString(),
	}));
}
