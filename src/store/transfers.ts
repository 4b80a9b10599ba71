/** What the chains say has moved at our positions, up to a block of each chain. What a reorganisation takes back is taken back here. */
import { and, eq, gte, inArray, isNotNull, notInArray, sql } from 'drizzle-orm';
import { demands } from '../../drizzle/schema/demands.ts';
import { balanceSnapshots, transferCursors, transfers } from '../../drizzle/schema/inventory.ts';
import { chainOf, type Position, type VenueId } from '../inventory/venue.ts';
import type { Amount } from '../money/amount.ts';
import type { Db, Tx } from './db.ts';
import { wake } from './outbox.ts';

export interface SeenBlock {
	readonly blockNumber: bigint;
	readonly blockHash: string;
}

/** What one transaction has moved at one position: both sums in base units. */
export interface Movement extends Position, SeenBlock {
	readonly transactionHash: string;
	readonly incoming: Amount;
	readonly outgoing: Amount;
}

/** Up to which block the chain's transfers are known; null before the first look. */
export async function readCursor(db: Db | Tx, chain: VenueId): Promise<SeenBlock | null> {
	const [row] = await db.select().from(transferCursors).where(eq(transferCursors.chain, chain));
	return row === undefined ? null : { blockNumber: row.blockNumber, blockHash: row.blockHash };
}

/** Whether the caller is to look at the chain now: nobody has for so long, and nobody else is told so for as long. Always true before the first look. */
export async function claimLook(db: Db, chain: VenueId, everyMs: number): Promise<boolean> {
	const isDue = sql`${transferCursors.lookedAt} <= now() - make_interval(secs => ${everyMs}::double precision / 1000)`;
	const rows = await db
		.update(transferCursors)
		.set({ lookedAt: sql`now()` })
		.where(and(eq(transferCursors.chain, chain), isDue))
		.returning({ chain: transferCursors.chain });
	return rows.length > 0 || (await readCursor(db, chain)) === null;
}

export interface Followed {
	readonly chain: VenueId;
	/** The cursor when the look began. */
	readonly before: SeenBlock | null;
	/** The first block that was asked for; at or below `before` when its block was taken back. */
	readonly fromBlock: bigint;
	readonly upTo: SeenBlock;
	/** Everything from `fromBlock` to `upTo`. */
	readonly movements: readonly Movement[];
}

/**
 * Stores what a look has seen and moves the cursor, in one transaction: false, and nothing stored, when somebody else has moved it meanwhile. New funds
 * wake the planner when somebody waits for funds.
 */
export async function saveMovements(db: Db, { chain, before, fromBlock, upTo, movements }: Followed): Promise<boolean> {
	return db.transaction(async (tx) => {
		if (!(await moveCursor(tx, { chain, before, upTo }))) return false;
		if (before !== null && fromBlock <= before.blockNumber) await takeBack(tx, { chain, fromBlock, upTo, movements });
		const fresh = await upsert(tx, chain, movements);
		if (fresh.some(({ incoming }) => incoming > 0n) && (await isAnythingOpen(tx))) await wake(tx, { topic: 'plan' });
		return true;
	});
}

async function moveCursor(tx: Tx, { chain, before, upTo }: Pick<Followed, 'chain' | 'before' | 'upTo'>): Promise<boolean> {
	const { blockNumber, blockHash } = upTo;
	if (before === null) {
		const first = await tx.insert(transferCursors).values({ chain, blockNumber, blockHash }).onConflictDoNothing().returning();
		return first.length > 0;
	}
	const isAsBefore = and(
		eq(transferCursors.chain, chain),
		eq(transferCursors.blockNumber, before.blockNumber),
		eq(transferCursors.blockHash, before.blockHash),
	);
	const moved = await tx
		.update(transferCursors)
		.set({ blockNumber, blockHash })
		.where(isAsBefore)
		.returning({ chain: transferCursors.chain });
	return moved.length > 0;
}

/**
 * What is not on the chain any more has moved nothing, a balance that was read on the other fork is not known, and
 * books that may begin with one begin anew. In the order of locks: snapshots first.
 */
async function takeBack(tx: Tx, { chain, fromBlock, upTo, movements }: Omit<Followed, 'before'>): Promise<void> {
	const ofChain = sql`split_part(${balanceSnapshots.venue}, '/', 1) = ${chain}`;
	await tx
		.update(balanceSnapshots)
		.set({ takenAt: sql`to_timestamp(0)` })
		.where(and(ofChain, gte(balanceSnapshots.blockNumber, fromBlock), sql`${balanceSnapshots.blockHash} <> ${upTo.blockHash}`));
	const reopened = await tx
		.update(balanceSnapshots)
		.set({ openedBlock: null, watchedFrom: upTo.blockNumber })
		.where(and(ofChain, gte(balanceSnapshots.openedBlock, fromBlock)))
		.returning({ venue: balanceSnapshots.venue });
	// What was booked of a position whose books begin anew is compared anew.
	const ofReopened = reopened.length > 0 ? inArray(transfers.venue, [...new Set(reopened.map(({ venue }) => venue))]) : undefined;
	if (ofReopened !== undefined) await tx.update(transfers).set({ isBooked: false }).where(ofReopened);
	const hashes = [...new Set(movements.map(({ blockHash }) => blockHash))];
	const isThere = hashes.length === 0 ? undefined : notInArray(transfers.blockHash, hashes);
	await tx
		.update(transfers)
		.set({ incoming: 0n, outgoing: 0n, blockHash: null, isBooked: false })
		.where(and(eq(transfers.chain, chain), gte(transfers.blockNumber, fromBlock), isNotNull(transfers.blockHash), isThere));
}

/** Returns those that were not known so. */
async function upsert(tx: Tx, chain: VenueId, movements: readonly Movement[]): Promise<{ incoming: bigint }[]> {
	if (movements.length === 0) return [];
	const rows = movements.map(({ venue, asset, transactionHash, incoming, outgoing, blockNumber, blockHash }) => {
		return { venue, asset, tx: transactionHash, chain, incoming, outgoing, blockNumber, blockHash };
	});
	return tx
		.insert(transfers)
		.values(rows)
		.onConflictDoUpdate({
			target: [transfers.venue, transfers.asset, transfers.tx],
			set: {
				incoming: sql`excluded.incoming`,
				outgoing: sql`excluded.outgoing`,
				blockNumber: sql`excluded.block_number`,
				blockHash: sql`excluded.block_hash`,
				isBooked: false,
			},
			setWhere: sql`${transfers.blockHash} is distinct from excluded.block_hash`,
		})
		.returning({ incoming: transfers.incoming });
}

async function isAnythingOpen(tx: Tx): Promise<boolean> {
	const found = await tx.select({ id: demands.id }).from(demands).where(eq(demands.status, 'open')).limit(1);
	return found.length > 0;
}

/** A posting has changed what the ledger says of these: it is compared with the chain again, as soon as the block counts as settled. */
export async function noteBooking(
	tx: Tx,
	rows: readonly (Position & { readonly tx: string; readonly blockNumber: bigint })[],
): Promise<void> {
	if (rows.length === 0) return;
	await tx
		.insert(transfers)
		.values(rows.map((row) => ({ ...row, chain: chainOf(row.venue) })))
		.onConflictDoUpdate({ target: [transfers.venue, transfers.asset, transfers.tx], set: { isBooked: false } });
}
