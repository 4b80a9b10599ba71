/** The book of fills as it is kept: one process writes it, and goes on from it after its end. */
import { asc, lt, sql } from 'drizzle-orm';
import { fillPositions, pendingFills } from '../../drizzle/schema/fills.ts';
import type { Block, ChannelStatus, Fill, FillStatus, Part, Side } from '../fills/fill.ts';
import type { Stranger } from '../fills/look.ts';
import type { Position } from '../inventory/venue.ts';
import { type Amount, amount } from '../money/amount.ts';
import type { Db, Tx } from './db.ts';

/** A token of a market, and up to where the book has absorbed what the chain shows of it. Amounts in base units, instants Unix milliseconds. */
export interface KeptPosition extends Position {
	/** Null before the first look. */
	readonly confirmed: Amount | null;
	readonly block: Block | null;
	readonly pendingBuy: bigint;
	readonly pendingSell: bigint;
	readonly bought: bigint | null;
	readonly sellable: bigint | null;
	readonly strangers: readonly Stranger[];
	readonly lateCount: number;
	/** What the API last said; null when it was not asked, or does not know. */
	readonly api: Amount | null;
	readonly apiAtMs: number | null;
	/** What `confirmed` is to be taken from. */
	readonly source: 'chain' | 'api';
}

/** What is kept of a part and of a stranger: amounts and heights as decimal texts. */
interface KeptPart {
	readonly amount: string;
	readonly block: string;
	readonly hash: string;
}

type KeptStranger = KeptPart & Pick<Stranger, 'side' | 'tx' | 'atMs'>;

/** Of one statement. */
const BATCH = 500;

/** A statement for so many fills at a time; `rowsOf` has been taken before anything else was heard. */
export async function writeFills(tx: Tx, rows: readonly FillRow[]): Promise<void> {
	for (let first = 0; first < rows.length; first += BATCH) {
		await tx
			.insert(pendingFills)
			.values(rows.slice(first, first + BATCH))
			.onConflictDoUpdate({
				target: pendingFills.id,
				set: {
					status: sql`excluded.status`,
					channel: sql`excluded.channel`,
					hashes: sql`excluded.hashes`,
					parts: sql`excluded.parts`,
					wasLate: sql`excluded.was_late`,
					droppedAt: sql`excluded.dropped_at`,
					updatedAt: sql`now()`,
				},
			});
	}
}

export async function writePositions(tx: Tx, positions: readonly KeptPosition[]): Promise<void> {
	for (const { block, apiAtMs, strangers, ...position } of positions) {
		const row = {
			...position,
			blockNumber: block?.number ?? null,
			blockHash: block?.hash ?? null,
			strangers: strangers.map(keptStranger),
			apiAt: apiAtMs === null ? null : new Date(apiAtMs).toISOString(),
		};
		await tx
			.insert(fillPositions)
			.values(row)
			.onConflictDoUpdate({ target: [fillPositions.venue, fillPositions.asset], set: { ...row, updatedAt: sql`now()` } });
	}
}

/** In the order in which the book heard of them. */
export async function readFills(db: Db): Promise<Fill[]> {
	return (await db.select().from(pendingFills).orderBy(asc(pendingFills.number))).map(fillOf);
}

/** `ageMs`: since it was kept. */
export async function readPositions(db: Db): Promise<(KeptPosition & { readonly ageMs: number })[]> {
	const ageMs = sql<string>`extract(epoch from clock_timestamp() - ${fillPositions.updatedAt}) * 1000`;
	const rows = await db.select({ row: fillPositions, ageMs }).from(fillPositions).orderBy(fillPositions.venue, fillPositions.asset);
	return rows.map(({ row: { blockNumber, blockHash, strangers, apiAt, updatedAt: _, ...row }, ageMs }) => ({
		...row,
		confirmed: row.confirmed === null ? null : amount(row.confirmed),
		block: blockNumber === null || blockHash === null ? null : { number: blockNumber, hash: blockHash },
		strangers: (strangers as KeptStranger[]).map(strangerOf),
		api: row.api === null ? null : amount(row.api),
		apiAtMs: apiAt === null ? null : Date.parse(apiAt),
		source: row.source as KeptPosition['source'],
		ageMs: Number(ageMs),
	}));
}

/** Those that were first seen before, Unix milliseconds: the book has forgotten them. Resolves to how many they were. */
export async function forgetFills(db: Db, beforeMs: number): Promise<number> {
	const gone = await db
		.delete(pendingFills)
		.where(lt(pendingFills.firstSeenAt, sql`to_timestamp(${beforeMs}::float8 / 1000)`))
		.returning({ id: pendingFills.id });
	return gone.length;
}

type FillRow = typeof pendingFills.$inferInsert;

/** As it is now. */
export function rowOf({ position, tradedMs, firstSeenMs, parts, hashes, ...fill }: Fill): FillRow {
	return {
		...fill,
		...position,
		hashes: [...hashes],
		tradedAt: new Date(tradedMs).toISOString(),
		firstSeenAt: new Date(firstSeenMs).toISOString(),
		parts: parts.map(({ amount, block }): KeptPart => keptPart(amount, block)),
	};
}

function fillOf({ venue, asset, tradedAt, firstSeenAt, parts, updatedAt: _, ...row }: typeof pendingFills.$inferSelect): Fill {
	return {
		...row,
		position: { venue, asset },
		amount: amount(row.amount),
		side: row.side as Side,
		status: row.status as FillStatus,
		channel: row.channel as ChannelStatus,
		hashes: row.hashes as string[],
		parts: (parts as KeptPart[]).map(partOf),
		tradedMs: Date.parse(tradedAt),
		firstSeenMs: Date.parse(firstSeenAt),
	};
}

const keptPart = (units: Amount, { number, hash }: Block): KeptPart => ({ amount: `${units}`, block: `${number}`, hash });
const partOf = ({ amount: units, block, hash }: KeptPart): Part => ({
	amount: amount(BigInt(units)),
	block: { number: BigInt(block), hash },
});

const keptStranger = ({ side, left, tx, block, atMs }: Stranger): KeptStranger => ({ ...keptPart(left, block), side, tx, atMs });
function strangerOf({ side, tx, atMs, ...part }: KeptStranger): Stranger {
	const { amount: left, block } = partOf(part);
	return { side, left, tx, block, atMs };
}
