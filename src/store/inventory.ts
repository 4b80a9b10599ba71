/** Balances as last read, and the holds that end with them. What is available is read in `holdings.ts`. */
import { and, asc, eq, inArray, isNotNull, type SQL, sql } from 'drizzle-orm';
import { holds } from '../../drizzle/schema/earmarks.ts';
import { balanceSnapshots, transferCursors } from '../../drizzle/schema/inventory.ts';
import { chainOf, type Position, positionKey, type VenueId } from '../inventory/venue.ts';
import type { Amount } from '../money/amount.ts';
import { openBooks } from './books.ts';
import { type Db, inTransaction, lockEarmarks, type Tx } from './db.ts';
import type { SeenBlock } from './transfers.ts';

export interface BalanceReading extends Position, SeenBlock {
	/** Base units. */
	readonly amount: Amount;
	/** Base units at the block that counts as settled; null when they were not read there. */
	readonly settled: { readonly amount: Amount; readonly blockNumber: bigint } | null;
}

/**
 * Stores readings and ends the holds whose movement they have absorbed. A reading older than the one stored is ignored, so a lagging
 * node can never bring spent funds back. The two are separate transactions: whoever holds an earmark's lock may wait for a snapshot's
 * row, so nobody may do it the other way round. A hold that outlives its snapshot by a crash is only kept a little longer.
 */
export async function saveBalances(db: Db, readings: readonly BalanceReading[]): Promise<void> {
	if (readings.length === 0) return;
	const stored = await db.transaction((tx) => saveSnapshots(tx, readings));
	const leaving = await positionsLeaving(db, [...new Set(stored.map(({ venue }) => venue))]);
	for (const reading of stored) {
		if (!leaving.has(positionKey(reading))) continue;
		const cause = { actor: 'inventory', reason: `absorbed by the snapshot of block ${reading.blockNumber}` };
		await inTransaction(db, cause, (tx) => releaseAbsorbed(tx, reading));
	}
}

/** Returns those that were stored. */
async function saveSnapshots(tx: Tx, readings: readonly BalanceReading[]): Promise<BalanceReading[]> {
	const venues = [...new Set(readings.map(({ venue }) => venue))];
	const before = await lockSnapshots(tx, venues);
	const [cursors, awaiting] = [await cursorsOf(tx, venues), await positionsInbound(tx, venues)];
	const fresh = readings.filter((reading) => {
		const known = before.get(positionKey(reading));
		if (known !== undefined && known.blockNumber > reading.blockNumber) return false;
		// Something became inbound while the chain was being asked: before a balance may rise it must be known what came in.
		return (cursors.get(chainOf(reading.venue)) ?? -1n) >= reading.blockNumber || !awaiting.has(positionKey(reading));
	});
	if (fresh.length === 0) return fresh;
	const rows = fresh.map(({ venue, asset, amount: units, blockNumber, blockHash, settled }) => ({
		...{ venue, asset, amount: units, blockNumber, blockHash, takenAt: sql`now()` },
		...{ settledAmount: settled?.amount ?? null, settledBlock: settled?.blockNumber ?? null },
		watchedFrom: cursors.get(chainOf(venue)) ?? null,
	}));
	const kept = (column: string) => sql.raw(`coalesce(excluded.${column}, balance_snapshots.${column})`);
	await tx
		.insert(balanceSnapshots)
		.values(rows)
		.onConflictDoUpdate({
			target: [balanceSnapshots.venue, balanceSnapshots.asset],
			set: {
				...{ amount: sql`excluded.amount`, takenAt: sql`now()` },
				...{ blockNumber: sql`excluded.block_number`, blockHash: sql`excluded.block_hash` },
				...{ settledAmount: kept('settled_amount'), settledBlock: kept('settled_block') },
				watchedFrom: sql`coalesce(${balanceSnapshots.watchedFrom}, excluded.watched_from)`,
			},
		});
	for (const reading of fresh) if (before.get(positionKey(reading))?.openedBlock == null) await openBooks(tx, reading);
	return fresh;
}

interface Snapshot {
	readonly blockNumber: bigint;
	readonly openedBlock: bigint | null;
}

/** The stored snapshots, locked: readings and releases at one position wait for each other. */
async function lockSnapshots(tx: Tx, venues: readonly VenueId[]): Promise<ReadonlyMap<string, Snapshot>> {
	const { venue, asset: symbol, blockNumber, openedBlock } = balanceSnapshots;
	const rows = await tx
		.select({ venue, asset: symbol, blockNumber, openedBlock })
		.from(balanceSnapshots)
		.where(inArray(venue, [...venues]))
		.orderBy(asc(venue), asc(symbol))
		.for('update');
	return new Map(rows.map((row) => [positionKey(row), row]));
}

async function cursorsOf(tx: Tx, venues: readonly VenueId[]): Promise<ReadonlyMap<VenueId, bigint>> {
	const { chain, blockNumber } = transferCursors;
	const rows = await tx
		.select({ chain, blockNumber })
		.from(transferCursors)
		.where(inArray(chain, [...new Set(venues.map(chainOf))]));
	return new Map(rows.map((row) => [row.chain, row.blockNumber]));
}

async function positionsInbound(tx: Tx, venues: readonly VenueId[]): Promise<ReadonlySet<string>> {
	return positionsWith(tx, and(inArray(holds.venue, [...venues]), eq(holds.state, 'inbound')));
}

async function positionsLeaving(db: Db, venues: readonly VenueId[]): Promise<ReadonlySet<string>> {
	return positionsWith(db, and(inArray(holds.venue, [...venues]), eq(holds.state, 'pending_out'), isNotNull(holds.leftAtBlock)));
}

async function positionsWith(db: Db | Tx, condition: SQL | undefined): Promise<ReadonlySet<string>> {
	const rows = await db.selectDistinct({ venue: holds.venue, asset: holds.asset }).from(holds).where(condition);
	return new Set(rows.map(positionKey));
}

/** Whether funds of ours are on their way to or from the chain, so that it has to be known what moves there before balances are read. */
export async function isAnythingMoving(db: Db, chain: VenueId): Promise<boolean> {
	const found = await db
		.select({ id: holds.id })
		.from(holds)
		.where(and(eq(holds.venue, chain), inArray(holds.state, ['inbound', 'pending_out'])))
		.limit(1);
	return found.length > 0;
}

/** Milliseconds since the longest unread of these positions was read; infinite when one never was. */
export async function oldestReading(db: Db, positions: readonly Position[]): Promise<number> {
	const { venue, asset: symbol, takenAt } = balanceSnapshots;
	const rows = await db
		.select({ venue, asset: symbol, ageMs: sql<string>`extract(epoch from clock_timestamp() - ${takenAt}) * 1000` })
		.from(balanceSnapshots)
		.where(inArray(venue, [...new Set(positions.map((each) => each.venue))]));
	const ages = new Map(rows.map((row) => [positionKey(row), Number(row.ageMs)]));
	return positions.reduce((oldest, position) => Math.max(oldest, ages.get(positionKey(position)) ?? Number.POSITIVE_INFINITY), 0);
}

/** Ends holds on funds that have left in or before the snapshot's block. */
async function releaseAbsorbed(tx: Tx, { venue, asset, blockNumber }: Position & { blockNumber: bigint }): Promise<void> {
	const absorbed = absorbedBy({ venue, asset, blockNumber });
	const found = await tx.selectDistinct({ earmarkId: holds.earmarkId }).from(holds).where(absorbed);
	if (found.length === 0) return;
	await lockEarmarks(
		tx,
		found.map((row) => row.earmarkId),
	);
	await tx
		.update(holds)
		.set({ state: 'released', updatedAt: sql`now()`, version: sql`${holds.version} + 1` })
		.where(absorbed);
}

/** The block of the latest reading of every venue of the asset, as decimal text: what was seen up to now. */
export async function snapshotBlocks(tx: Tx, asset: string): Promise<Readonly<Record<string, string>>> {
	const rows = await tx
		.select({ venue: balanceSnapshots.venue, blockNumber: balanceSnapshots.blockNumber })
		.from(balanceSnapshots)
		.where(eq(balanceSnapshots.asset, asset));
	return Object.fromEntries(rows.map((row) => [row.venue, row.blockNumber.toString()]));
}

/** Ends the holds of one earmark whose movement the snapshot at hand has absorbed already. */
export async function absorbNow(tx: Tx, { venue, asset, earmarkId }: Position & { earmarkId: string }): Promise<void> {
	const snapshot = (await lockSnapshots(tx, [venue])).get(positionKey({ venue, asset }));
	if (snapshot === undefined) return;
	await tx
		.update(holds)
		.set({ state: 'released', updatedAt: sql`now()`, version: sql`${holds.version} + 1` })
		.where(and(absorbedBy({ venue, asset, blockNumber: snapshot.blockNumber }), eq(holds.earmarkId, earmarkId)));
}

function absorbedBy({ venue, asset, blockNumber }: Position & { blockNumber: bigint }) {
	return and(
		eq(holds.venue, venue),
		eq(holds.asset, asset),
		eq(holds.state, 'pending_out'),
		sql`${holds.leftAtBlock} <= ${blockNumber.toString()}::bigint`,
	);
}
