/** Balances as last read, and the holds that end with them. What is available is read in `holdings.ts`. */
import { and, eq, inArray, sql } from 'drizzle-orm';
import { holds } from '../../drizzle/schema/earmarks.ts';
import { balanceSnapshots } from '../../drizzle/schema/inventory.ts';
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
 * row, so nobody may do it the other way round. A hold that outlives its snapshot by a crash is only kept a little longer. Returns the chains
 * with something settled that waits to be booked.
 */
export async function saveBalances(db: Db, readings: readonly BalanceReading[]): Promise<ReadonlySet<VenueId>> {
	if (readings.length === 0) return new Set();
	const stored = new Map((await saveSnapshots(db, readings)).map((each) => [positionKey(each), each]));
	for (const { venue, asset, isOpened } of stored.values()) if (!isOpened) await db.transaction((tx) => openBooks(tx, { venue, asset }));
	for (const reading of readings) {
		if (stored.get(positionKey(reading))?.hasAbsorbed !== true) continue;
		const cause = { actor: 'inventory', reason: `absorbed by the snapshot of block ${reading.blockNumber}` };
		await inTransaction(db, cause, (tx) => releaseAbsorbed(tx, reading));
	}
	return new Set([...stored.values()].flatMap(({ venue, areBooksDue, isOpened }) => (areBooksDue || !isOpened ? [chainOf(venue)] : [])));
}

interface Stored extends Position {
	readonly isOpened: boolean;
	/** Whether holds are on funds that the snapshot has seen leave. */
	readonly hasAbsorbed: boolean;
	/** Whether anything settled on its chain waits to be booked. */
	readonly areBooksDue: boolean;
}

/**
 * One statement, as every look at every chain makes it. A position at which something is inbound takes no balance before it is known what came in up to
 * its block. Rows are taken in one order, whoever stores them, so that two never wait for each other. Returns the positions that were stored.
 */
async function saveSnapshots(db: Db, readings: readonly BalanceReading[]): Promise<Stored[]> {
	const given = readings.map(({ venue, asset, amount: units, blockNumber, blockHash, settled }) => ({
		...{ venue, asset, chain: chainOf(venue), amount: `${units}`, block_number: `${blockNumber}`, block_hash: blockHash },
		...{ settled_amount: settled === null ? null : `${settled.amount}`, settled_block: settled === null ? null : `${settled.blockNumber}` },
	}));
	const rows = await db.execute<{ venue: string; asset: string; opened: boolean; absorbed: boolean; due: boolean }>(sql`
		with given as (
			select * from jsonb_to_recordset(${JSON.stringify(given)}::jsonb) as g(venue text, asset text, chain text, amount numeric,
				block_number bigint, block_hash text, settled_amount numeric, settled_block bigint)
		), known as (
			select s.venue, s.asset, s.block_number from balance_snapshots s join given using (venue, asset) order by s.venue, s.asset for update of s
		)
		insert into balance_snapshots (venue, asset, amount, block_number, block_hash, taken_at, settled_amount, settled_block, watched_from)
		select g.venue, g.asset, g.amount, g.block_number, g.block_hash, now(), g.settled_amount, g.settled_block, c.block_number
		from given g left join known k using (venue, asset) left join transfer_cursors c on c.chain = g.chain
		where (k.block_number is null or k.block_number <= g.block_number) and (c.block_number >= g.block_number or not exists (
			select 1 from holds h where h.venue = g.venue and h.asset = g.asset and h.state = 'inbound'))
		order by g.venue, g.asset
		on conflict (venue, asset) do update set
			amount = excluded.amount, block_number = excluded.block_number, block_hash = excluded.block_hash, taken_at = excluded.taken_at,
			settled_amount = coalesce(excluded.settled_amount, balance_snapshots.settled_amount),
			settled_block = coalesce(excluded.settled_block, balance_snapshots.settled_block),
			watched_from = coalesce(balance_snapshots.watched_from, excluded.watched_from)
		returning venue, asset, opened_block is not null as opened, exists (
			select 1 from holds h where h.venue = balance_snapshots.venue and h.asset = balance_snapshots.asset and h.state = 'pending_out'
				and h.left_at_block <= balance_snapshots.block_number) as absorbed, exists (
			select 1 from transfers t where t.chain = split_part(balance_snapshots.venue, '/', 1) and not t.is_booked
				and t.block_number <= balance_snapshots.settled_block) as due`);
	return rows.map(({ venue, asset, opened, absorbed, due }) => ({
		...{ venue, asset, isOpened: opened, hasAbsorbed: absorbed, areBooksDue: due },
	}));
}

/** Venues to or from which funds of ours are on their way, so that it has to be known what moves there before balances are read. */
export async function venuesMoving(db: Db): Promise<ReadonlySet<VenueId>> {
	const rows = await db
		.selectDistinct({ venue: holds.venue })
		.from(holds)
		.where(inArray(holds.state, ['inbound', 'pending_out']));
	return new Set(rows.map(({ venue }) => venue));
}

/** Milliseconds since each position was read, by its key; one that never was is not in it. */
export async function readAges(db: Db): Promise<ReadonlyMap<string, number>> {
	const { venue, asset: symbol, takenAt } = balanceSnapshots;
	const rows = await db
		.select({ venue, asset: symbol, ageMs: sql<string>`extract(epoch from clock_timestamp() - ${takenAt}) * 1000` })
		.from(balanceSnapshots);
	return new Map(rows.map((row) => [positionKey(row), Number(row.ageMs)]));
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
	const [snapshot] = await tx
		.select({ blockNumber: balanceSnapshots.blockNumber })
		.from(balanceSnapshots)
		.where(and(eq(balanceSnapshots.venue, venue), eq(balanceSnapshots.asset, asset)))
		.for('update');
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
