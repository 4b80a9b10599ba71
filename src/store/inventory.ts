/** Balances as last read, and what is held against them. */
import { and, eq, inArray, sql } from 'drizzle-orm';
import { holds, hops } from '../../drizzle/schema/earmarks.ts';
import { balanceSnapshots } from '../../drizzle/schema/inventory.ts';
import { HOLDS_ON_CONFIRMED } from '../earmark/hold-state.ts';
import type { Holding } from '../inventory/available.ts';
import { type Position, positionKey } from '../inventory/venue.ts';
import { type Amount, add, amount, min, subtractToZero, ZERO } from '../money/amount.ts';
import { type Db, inTransaction, lockEarmarks, type Tx } from './db.ts';

export interface BalanceReading extends Position {
	/** Base units. */
	readonly amount: Amount;
	readonly blockNumber: bigint;
	readonly blockHash: string;
	/**
	 * Transfers to us up to that block, from the block after the snapshot before; null when they were not read, as nothing was inbound;
	 * 'lost' when the block of the snapshot before is no longer on the chain.
	 */
	readonly incoming: readonly Incoming[] | 'lost' | null;
}

/** The block of a stored snapshot. */
export interface SeenBlock {
	readonly blockNumber: bigint;
	readonly blockHash: string;
}

export interface Incoming {
	readonly transactionHash: string;
	readonly blockNumber: bigint;
	/** Base units. */
	readonly amount: Amount;
}

/**
 * Stores readings and ends the holds whose movement they have absorbed. A reading older than the one stored is ignored, so a lagging
 * node can never bring spent funds back. The two are separate transactions: whoever holds an earmark's lock may wait for a snapshot's
 * row, so nobody may do it the other way round. A hold that outlives its snapshot by a crash is only kept a little longer.
 */
export async function saveBalances(db: Db, readings: readonly BalanceReading[]): Promise<void> {
	for (const reading of readings) {
		const isStored = await db.transaction((tx) => saveBalance(tx, reading));
		const cause = { actor: 'inventory', reason: `absorbed by the snapshot of block ${reading.blockNumber}` };
		if (isStored) await inTransaction(db, cause, (tx) => releaseAbsorbed(tx, reading));
	}
}

async function saveBalance(tx: Tx, reading: BalanceReading): Promise<boolean> {
	const { venue, asset, amount: units, blockNumber, blockHash } = reading;
	const before = await lockSnapshot(tx, reading);
	if (before !== null && before.blockNumber > blockNumber) return false;
	const unclaimed = await unclaimedOf(tx, reading, before);
	// Something became inbound while the chain was being asked: the next reading asks what came in as well.
	if (unclaimed === null) return false;
	const values = { amount: units, blockNumber, blockHash, takenAt: sql`now()`, unclaimed };
	await tx
		.insert(balanceSnapshots)
		.values({ venue, asset, ...values })
		.onConflictDoUpdate({ target: [balanceSnapshots.venue, balanceSnapshots.asset], set: values });
	return true;
}

interface Snapshot {
	readonly blockNumber: bigint;
	readonly unclaimed: Amount;
}

/** The stored snapshot, locked: readings and deliveries at one position wait for each other. */
async function lockSnapshot(tx: Tx, { venue, asset }: Position): Promise<Snapshot | null> {
	const [row] = await tx
		.select({ blockNumber: balanceSnapshots.blockNumber, unclaimed: balanceSnapshots.unclaimed })
		.from(balanceSnapshots)
		.where(and(eq(balanceSnapshots.venue, venue), eq(balanceSnapshots.asset, asset)))
		.for('update');
	return row === undefined ? null : { blockNumber: row.blockNumber, unclaimed: amount(row.unclaimed) };
}

/** With nothing inbound everything that came in is free. Null when it was not read what came in. */
async function unclaimedOf(tx: Tx, reading: BalanceReading, before: Snapshot | null): Promise<Amount | null> {
	const inbound = await inboundAt(tx, reading);
	if (inbound === 0n) return ZERO;
	if (reading.incoming === null) return null;
	// What was mined again may stand in a block that counts as seen: until all has been recorded, all of it may be here.
	if (reading.incoming === 'lost') return inbound;
	const fresh = reading.incoming.filter((each) => before === null || each.blockNumber > before.blockNumber);
	const claimed = await deliveredBy(
		tx,
		reading,
		fresh.map((each) => each.transactionHash),
	);
	const arrived = new Map<string, Amount>();
	for (const { transactionHash, amount: units } of fresh) arrived.set(transactionHash, add(arrived.get(transactionHash) ?? ZERO, units));
	// One transaction may bring several deliveries: what is recorded of it is claimed, the rest is not.
	return [...arrived].reduce((sum, [hash, units]) => add(sum, subtractToZero(units, claimed.get(hash) ?? ZERO)), before?.unclaimed ?? ZERO);
}

/** What hops have recorded as delivered or returned at the place, by transaction. */
async function deliveredBy(tx: Tx, { venue, asset }: Position, hashes: readonly string[]): Promise<ReadonlyMap<string | null, Amount>> {
	if (hashes.length === 0) return new Map();
	const rows = await tx
		.select({ hash: hops.deliveredTx, sum: sql<string>`sum(${hops.delivered})` })
		.from(hops)
		.where(
			and(
				inArray(hops.deliveredTx, [...hashes]),
				sql`case when ${hops.status} = 'returned' then ${hops.asset} else ${hops.toAsset} end = ${asset}`,
				sql`case when ${hops.status} = 'returned' then ${hops.origin} else ${hops.destination} end = ${venue}`,
			),
		)
		.groupBy(hops.deliveredTx);
	return new Map(rows.map((row) => [row.hash, amount(BigInt(row.sum))]));
}

async function inboundAt(tx: Tx, { venue, asset }: Position): Promise<Amount> {
	const held = await heldByState(tx, asset);
	return held.get(`${venue}:inbound`) ?? ZERO;
}

/** A delivery is recorded: what the snapshot has seen of it is somebody's now. */
export async function claimIncoming(
	tx: Tx,
	{ venue, asset, ...delivery }: Position & { amount: Amount; blockNumber: bigint },
): Promise<void> {
	const snapshot = await lockSnapshot(tx, { venue, asset });
	if (snapshot === null || snapshot.blockNumber < delivery.blockNumber) return;
	await tx
		.update(balanceSnapshots)
		.set({ unclaimed: subtractToZero(snapshot.unclaimed, delivery.amount) })
		.where(and(eq(balanceSnapshots.venue, venue), eq(balanceSnapshots.asset, asset)));
}

/** The positions of a venue with something inbound, and the block up to which their snapshots have seen what came in. */
export async function positionsAwaiting(db: Db, venue: string): Promise<{ asset: string; seenUpTo: SeenBlock | null }[]> {
	const rows = await db
		.selectDistinct({ asset: holds.asset, blockNumber: balanceSnapshots.blockNumber, blockHash: balanceSnapshots.blockHash })
		.from(holds)
		.leftJoin(balanceSnapshots, and(eq(balanceSnapshots.venue, holds.venue), eq(balanceSnapshots.asset, holds.asset)))
		.where(and(eq(holds.venue, venue), eq(holds.state, 'inbound')));
	return rows.map(({ asset, blockNumber, blockHash }) => ({
		asset,
		seenUpTo: blockNumber === null || blockHash === null ? null : { blockNumber, blockHash },
	}));
}

/** Ends holds on funds that have left in or before the snapshot's block. */
async function releaseAbsorbed(tx: Tx, { venue, asset, blockNumber }: Position & { blockNumber: bigint }): Promise<void> {
	const absorbed = absorbedBy({ venue, asset, blockNumber });
	const found = await tx.selectDistinct({ earmarkId: holds.earmarkId }).from(holds).where(absorbed);
	await lockEarmarks(
		tx,
		found.map((row) => row.earmarkId),
	);
	await tx
		.update(holds)
		.set({ state: 'released', updatedAt: sql`now()`, version: sql`${holds.version} + 1` })
		.where(absorbed);
}

/**
 * Every position of the asset that has ever been read, with its holds. A position that was never read is not in the list:
 * it is unknown, not empty.
 */
export async function readHoldings(tx: Db | Tx, asset: string, reserves: ReadonlyMap<string, Amount>): Promise<Holding[]> {
	const rows = await tx
		.select({
			venue: balanceSnapshots.venue,
			confirmed: balanceSnapshots.amount,
			unclaimed: balanceSnapshots.unclaimed,
			blockNumber: balanceSnapshots.blockNumber,
			ageMs: sql<string>`extract(epoch from clock_timestamp() - ${balanceSnapshots.takenAt}) * 1000`,
		})
		.from(balanceSnapshots)
		.where(eq(balanceSnapshots.asset, asset));
	const held = await heldByState(tx, asset);
	return rows.map((row) => ({
		venue: row.venue,
		asset,
		confirmed: amount(row.confirmed),
		reserve: reserves.get(positionKey({ venue: row.venue, asset })) ?? ZERO,
		held: amount(
			HOLDS_ON_CONFIRMED.reduce((sum, state) => sum + (held.get(`${row.venue}:${state}`) ?? 0n), 0n) +
				min(amount(row.unclaimed), held.get(`${row.venue}:inbound`) ?? ZERO),
		),
		inbound: held.get(`${row.venue}:inbound`) ?? ZERO,
		blockNumber: row.blockNumber,
		ageMs: Number(row.ageMs),
	}));
}

async function heldByState(tx: Db | Tx, asset: string): Promise<ReadonlyMap<string, Amount>> {
	const rows = await tx
		.select({ venue: holds.venue, state: holds.state, sum: sql<string>`sum(${holds.amount})` })
		.from(holds)
		.where(and(eq(holds.asset, asset), inArray(holds.state, ['inbound', ...HOLDS_ON_CONFIRMED])))
		.groupBy(holds.venue, holds.state);
	return new Map(rows.map((row) => [`${row.venue}:${row.state}`, amount(BigInt(row.sum))]));
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
	const snapshot = await lockSnapshot(tx, { venue, asset });
	if (snapshot === null) return;
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
