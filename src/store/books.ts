/**
 * Keeps the ledger equal to the settled chain: where the books of a position begin, and what others have moved there. A transaction of ours that says
 * otherwise than the chain is put right the same way, whichever of the two was known first.
 */
import { and, asc, eq, gt, inArray, isNotNull, lte, sql } from 'drizzle-orm';
import { effects } from '../../drizzle/schema/effects.ts';
import { balanceSnapshots, transfers } from '../../drizzle/schema/inventory.ts';
import { ledgerEntries } from '../../drizzle/schema/ledger.ts';
import type { Move } from '../inventory/moves.ts';
import { type Position, positionKey, type VenueId } from '../inventory/venue.ts';
import { EFFECT_TRANSITIONS } from '../leg/effect-state.ts';
import { amount } from '../money/amount.ts';
import type { Db, Tx } from './db.ts';
import { post } from './ledger.ts';
import { readCursor } from './transfers.ts';

/** In one transaction. */
const BATCH = 500;

/**
 * The books of the position begin with the settled balance, as soon as it is of a block from which on all transfers are known. What was posted before
 * counts as part of it. Once, however many look at the same time: under the lock of its snapshot, which it takes.
 */
export async function openBooks(tx: Tx, { venue, asset }: Position): Promise<void> {
	const here = and(eq(balanceSnapshots.venue, venue), eq(balanceSnapshots.asset, asset));
	const [row] = await tx.select().from(balanceSnapshots).where(here).for('update');
	if (row === undefined || row.openedBlock !== null) return;
	if (row.settledAmount === null || row.settledBlock === null || row.watchedFrom === null || row.settledBlock < row.watchedFrom) return;
	await tx.update(balanceSnapshots).set({ openedBlock: row.settledBlock }).where(here);
	const [before] = await tx
		.select({ sum: sql<string>`coalesce(sum(${ledgerEntries.amount}), 0)::text` })
		.from(ledgerEntries)
		.where(
			and(
				...[eq(ledgerEntries.venue, venue), eq(ledgerEntries.asset, asset), eq(ledgerEntries.account, 'wallet')],
				sql`not exists (select 1 from transfers t where t.venue = ${venue} and t.asset = ${asset} and t.tx = ${ledgerEntries.tx})`,
			),
		);
	const moves = moveOf({ venue, asset }, row.settledAmount - BigInt(before?.sum ?? '0'));
	await post(tx, { event: 'opened', earmarkId: null, legId: null, tx: row.blockHash, moves });
}

function moveOf(position: Position, units: bigint): Move[] {
	if (units === 0n) return [];
	const ends = units > 0n ? ({ from: 'external', to: 'wallet' } as const) : ({ from: 'wallet', to: 'external' } as const);
	return [{ ...position, ...ends, amount: amount(units > 0n ? units : -units) }];
}

const IS_OPEN = sql`exists (select 1 from balance_snapshots s where s.venue = ${transfers.venue} and s.asset = ${transfers.asset} and s.opened_block is not null)`;
const UNDECIDED = Object.entries(EFFECT_TRANSITIONS).flatMap(([status, next]) => (next.length > 0 ? [status] : []));
/** What is ours and has none is left to it. */
const HAS_VERDICT = sql`not exists (
	select 1 from attempts a join effects e on e.id = a.effect_id where a.hash = ${transfers.tx} and ${inArray(sql`e.status`, UNDECIDED)})`;

/**
 * Compares what settled transactions have moved with what the ledger says of them, and posts the difference as somebody else's doing. What is ours and
 * not final yet is left to its own verdict. Returns how many transactions were compared.
 */
export async function bookTransfers(db: Db, { chain, settledBlock }: { chain: VenueId; settledBlock: bigint }): Promise<number> {
	return db.transaction(async (tx) => {
		const cursor = await readCursor(tx, chain);
		if (cursor === null) return 0;
		const upTo = cursor.blockNumber < settledBlock ? cursor.blockNumber : settledBlock;
		const rows = await tx
			.select()
			.from(transfers)
			.where(and(eq(transfers.chain, chain), eq(transfers.isBooked, false), lte(transfers.blockNumber, upTo), IS_OPEN, HAS_VERDICT))
			.orderBy(asc(transfers.blockNumber), asc(transfers.tx), asc(transfers.venue), asc(transfers.asset))
			.limit(BATCH)
			.for('update', { skipLocked: true });
		if (rows.length === 0) return 0;
		const hashes = [...new Set(rows.map((row) => row.tx))];
		const [openings, posted] = [await openedAt(tx, chain), await postedOf(tx, hashes)];
		let booked = 0;
		for (const row of rows) {
			const opening = openings.get(positionKey(row));
			if (opening === undefined) continue;
			const moved = row.blockNumber > opening ? row.incoming - row.outgoing : 0n;
			const moves = moveOf({ venue: row.venue, asset: row.asset }, moved - (posted.get(`${positionKey(row)} ${row.tx}`) ?? 0n));
			await post(tx, { event: 'external', earmarkId: null, legId: null, tx: row.tx, moves });
			await tx
				.update(transfers)
				.set({ isBooked: true })
				.where(and(eq(transfers.venue, row.venue), eq(transfers.asset, row.asset), eq(transfers.tx, row.tx)));
			booked += 1;
		}
		return booked;
	});
}

/** Own transactions whose verdict came longer ago are booked, or were final before their coin was watched. */
const GAS_KNOWN_WITHIN = sql`interval '1 day'`;

/**
 * A chain's own coin leaves no events: what its settled balance has changed by is posted as the outside's doing, and what of it our own transactions have paid
 * for gas as fees. The two come in whatever order, and together they are right.
 */
export async function bookNative(db: Db, { venue, asset }: Position): Promise<void> {
	await db.transaction(async (tx) => {
		const here = and(eq(balanceSnapshots.venue, venue), eq(balanceSnapshots.asset, asset));
		const [row] = await tx.select().from(balanceSnapshots).where(here).for('update');
		if (row === undefined || row.openedBlock === null || row.settledAmount === null) return;
		const at = and(eq(ledgerEntries.venue, venue), eq(ledgerEntries.asset, asset));
		const [booked] = await tx
			.select({ sum: sql<string>`coalesce(sum(${ledgerEntries.amount}), 0)::text` })
			.from(ledgerEntries)
			.where(and(at, eq(ledgerEntries.account, 'wallet')));
		const moves = moveOf({ venue, asset }, row.settledAmount - BigInt(booked?.sum ?? '0'));
		if (moves.length === 0) return;
		await post(tx, { event: 'external', earmarkId: null, legId: null, tx: row.blockHash, moves });
		const paid = await tx
			.select({ hash: effects.minedHash, fee: effects.feePaid })
			.from(effects)
			.where(
				and(
					...[eq(effects.venue, venue), isNotNull(effects.feePaid), isNotNull(effects.minedHash), gt(effects.minedBlock, row.openedBlock)],
					sql`${effects.updatedAt} > now() - ${GAS_KNOWN_WITHIN}`,
					sql`not exists (select 1 from ledger_entries l where l.tx = ${effects.minedHash} and l.venue = ${venue} and l.asset = ${asset})`,
				),
			);
		for (const { hash, fee } of paid) {
			const move = { venue, asset, from: 'external', to: 'fees', amount: amount(fee ?? 0n) } as const;
			await post(tx, { event: 'external', earmarkId: null, legId: null, tx: hash ?? '', moves: [move] });
		}
	});
}

async function openedAt(tx: Tx, chain: VenueId): Promise<ReadonlyMap<string, bigint>> {
	const rows = await tx
		.select({ venue: balanceSnapshots.venue, asset: balanceSnapshots.asset, block: balanceSnapshots.openedBlock })
		.from(balanceSnapshots)
		.where(sql`split_part(${balanceSnapshots.venue}, '/', 1) = ${chain}`);
	return new Map(rows.flatMap(({ block, ...position }) => (block === null ? [] : [[positionKey(position), block] as const])));
}

async function postedOf(tx: Tx, hashes: readonly string[]): Promise<ReadonlyMap<string, bigint>> {
	const { venue, asset, tx: hash, amount: units, account } = ledgerEntries;
	const rows = await tx
		.select({ venue, asset, hash, sum: sql<string>`sum(${units})::text` })
		.from(ledgerEntries)
		.where(and(inArray(hash, [...hashes]), eq(account, 'wallet')))
		.groupBy(venue, asset, hash);
	return new Map(rows.map((row) => [`${positionKey(row)} ${row.hash}`, BigInt(row.sum)]));
}
