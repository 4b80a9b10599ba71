/** Earmarks: written whole in the planning transaction, moved by compare-and-set, never deleted. */
import { and, asc, eq, gt, inArray, isNull, or, sql } from 'drizzle-orm';
import { demands } from '../../drizzle/schema/demands.ts';
import { earmarks, hops, rebalanceOperations } from '../../drizzle/schema/earmarks.ts';
import type { Earmark, EarmarkDraft, LegDraft } from '../earmark/earmark.ts';
import { EARMARK_ACTIVE, EARMARK_GROWING, EARMARK_TERMINAL, type EarmarkStatus, earmarkStatesBefore } from '../earmark/state.ts';
import { InvariantError, PermanentError } from '../errors.ts';
import type { Leg } from '../leg/leg.ts';
import { type Amount, amount } from '../money/amount.ts';
import { type Db, lockEarmarks, type Tx, theOne } from './db.ts';
import { readLegsOf } from './legs.ts';

/** The aggregate that TR3 asks for: an earmark with the rebalance operations that serve it. */
export interface OnDemandRebalanceEarmark extends Earmark {
	readonly invoiceId: string;
	readonly operations: readonly Leg[];
}

/** The earmark's own row; what belongs to it is written by `createEarmark`. */
export async function insertEarmark(
	tx: Tx,
	{ demandId, asset, venue, amount: units, plan }: Omit<EarmarkDraft, 'legs' | 'local'>,
): Promise<string> {
	const [row] = await tx
		.insert(earmarks)
		.values({ demandId, asset, venue, amount: units, plan, nextActionAt: sql`now() + interval '10 seconds'` })
		.returning({ id: earmarks.id });
	if (row === undefined) throw new InvariantError(`no earmark was written for demand ${demandId}`);
	return row.id;
}

/** A leg's own row and its hops'. */
export async function insertLeg(
	tx: Tx,
	earmarkId: string,
	{ route, asset, origin, destination, send, receive, hops: moves }: LegDraft,
): Promise<string> {
	const [row] = await tx
		.insert(rebalanceOperations)
		.values({ earmarkId, asset, route, origin, destination, send, receive, nextActionAt: sql`now() + interval '10 seconds'` })
		.returning({ id: rebalanceOperations.id });
	if (row === undefined) throw new InvariantError(`no leg was written for earmark ${earmarkId}`);
	await tx.insert(hops).values(moves.map((hop, index) => ({ legId: row.id, index, ...hop })));
	return row.id;
}

export async function readEarmark(db: Db | Tx, id: string): Promise<Earmark> {
	const [row] = await db.select().from(earmarks).where(eq(earmarks.id, id));
	if (row === undefined) throw new InvariantError(`earmark ${id} does not exist`, { earmarkId: id });
	return toEarmark(row);
}

/** The earmark that serves a demand now; null when none does. */
export async function activeEarmarkOf(db: Db | Tx, demandId: string): Promise<Earmark | null> {
	const [row] = await db
		.select()
		.from(earmarks)
		.where(and(eq(earmarks.demandId, demandId), inArray(earmarks.status, [...EARMARK_ACTIVE])));
	return row === undefined ? null : toEarmark(row);
}

/**
 * Earmarks of an asset that hold and await less at their venue than their amount, oldest first. One whose purchase may have left lacks
 * nothing: its holds are leaving with it.
 */
export async function shortEarmarks(db: Db | Tx, asset: string): Promise<Earmark[]> {
	const covered = sql`coalesce((select sum(h.amount) from holds h where h.earmark_id = ${earmarks.id} and h.venue = ${earmarks.venue}
		and h.asset = ${earmarks.asset} and h.state in ('confirmed', 'inbound')), 0)`;
	const isPaying = sql`exists (select 1 from effects f where f.owner_kind = 'earmark' and f.owner_id = ${earmarks.id}
		and f.kind = 'purchase' and f.nonce is not null and f.status not in ('reverted', 'cancelled'))`;
	const rows = await db
		.select()
		.from(earmarks)
		.where(
			and(
				eq(earmarks.asset, asset),
				inArray(earmarks.status, [...EARMARK_GROWING]),
				sql`${earmarks.amount} > ${covered}`,
				sql`not ${isPaying}`,
			),
		)
		.orderBy(asc(earmarks.createdAt), asc(earmarks.id));
	return rows.map(toEarmark);
}

/** Compare-and-set of an earmark's status; throws `ConflictError` when it is not in a state before `to`. */
export async function setEarmarkStatus(tx: Tx, { id, to, reason }: { id: string; to: EarmarkStatus; reason?: string }): Promise<void> {
	const rows = await tx
		.update(earmarks)
		.set({ status: to, ...(reason === undefined ? {} : { reason }), updatedAt: sql`now()`, version: sql`${earmarks.version} + 1` })
		.where(and(eq(earmarks.id, id), inArray(earmarks.status, earmarkStatesBefore(to))))
		.returning({ id: earmarks.id });
	theOne(rows, 'earmark', id);
}

/** Starts the next generation of an earmark's flow; every job of it has an id that no job before had. */
export async function nextGeneration(tx: Tx, earmarkId: string): Promise<number> {
	await lockEarmarks(tx, [earmarkId]);
	const rows = await tx
		.update(earmarks)
		.set({ generation: sql`${earmarks.generation} + 1` })
		.where(eq(earmarks.id, earmarkId))
		.returning({ generation: earmarks.generation });
	const { generation } = theOne(rows, 'earmark', earmarkId);
	await tx.update(rebalanceOperations).set({ generation }).where(eq(rebalanceOperations.earmarkId, earmarkId));
	return generation;
}

/** The demand asks for so much now; base units at the earmark's venue. */
export async function setEarmarkAmount(tx: Tx, id: string, units: Amount): Promise<void> {
	await tx
		.update(earmarks)
		.set({ amount: units, updatedAt: sql`now()`, version: sql`${earmarks.version} + 1` })
		.where(eq(earmarks.id, id));
}

/** Says when the reconciler should wonder about this earmark; the jobs that serve it push the moment on. */
export async function expectEarmarkWithin(db: Db | Tx, earmarkId: string, ms: number): Promise<void> {
	await db
		.update(earmarks)
		.set({ nextActionAt: sql`now() + ${ms} * interval '1 millisecond'` })
		.where(eq(earmarks.id, earmarkId));
}

export interface EarmarkFilter {
	readonly status?: readonly EarmarkStatus[];
	readonly asset?: string;
	readonly venue?: string;
	readonly includeRemoved?: boolean;
	/** Rows after this one; take it from the page before. */
	readonly after?: EarmarkCursor;
	/** 1 to 200; 50 unless given. */
	readonly limit?: number;
}

export interface EarmarkCursor {
	readonly createdAt: string;
	readonly id: string;
}

/** Earmarks in the order in which they were made, a page at a time; `next` is null on the last page. */
export async function getEarmarks(db: Db | Tx, filter: EarmarkFilter = {}): Promise<{ rows: Earmark[]; next: EarmarkCursor | null }> {
	const limit = Math.min(Math.max(filter.limit ?? 50, 1), 200);
	const { after } = filter;
	const rows = await db
		.select()
		.from(earmarks)
		.where(
			and(
				filter.includeRemoved === true ? undefined : isNull(earmarks.deletedAt),
				filter.status === undefined ? undefined : inArray(earmarks.status, [...filter.status]),
				filter.asset === undefined ? undefined : eq(earmarks.asset, filter.asset),
				filter.venue === undefined ? undefined : eq(earmarks.venue, filter.venue),
				after === undefined
					? undefined
					: or(
							gt(earmarks.createdAt, sql`${after.createdAt}::timestamptz`),
							and(eq(earmarks.createdAt, sql`${after.createdAt}::timestamptz`), gt(earmarks.id, after.id)),
						),
			),
		)
		.orderBy(asc(earmarks.createdAt), asc(earmarks.id))
		.limit(limit + 1);
	const page = rows.slice(0, limit).map(toEarmark);
	const last = page.at(-1);
	return { rows: page, next: rows.length > limit && last !== undefined ? { createdAt: last.createdAt, id: last.id } : null };
}

/** The active earmark of an invoice, or its latest one, with its rebalance operations; null when there never was one. */
export async function getEarmarkForInvoice(db: Db | Tx, invoiceId: string): Promise<OnDemandRebalanceEarmark | null> {
	const rows = await db
		.select({ earmark: earmarks })
		.from(earmarks)
		.innerJoin(demands, eq(demands.id, earmarks.demandId))
		.where(and(eq(demands.externalId, invoiceId), eq(demands.kind, 'invoice'), isNull(earmarks.deletedAt)))
		.orderBy(sql`(${inArray(earmarks.status, [...EARMARK_ACTIVE])}) desc`, sql`${earmarks.createdAt} desc`)
		.limit(1);
	const row = rows[0]?.earmark;
	if (row === undefined) return null;
	return { ...toEarmark(row), invoiceId, operations: await readLegsOf(db, row.id) };
}

/** Hides an ended earmark from listings; the row, its legs and its audit log stay. An active one is refused. */
export async function removeEarmark(tx: Tx, id: string): Promise<void> {
	await lockEarmarks(tx, [id]);
	const rows = await tx
		.update(earmarks)
		.set({ deletedAt: sql`now()`, updatedAt: sql`now()` })
		.where(and(eq(earmarks.id, id), inArray(earmarks.status, [...EARMARK_TERMINAL])))
		.returning({ id: earmarks.id });
	if (rows.length === 0)
		throw new PermanentError(`earmark ${id} is not ended; only settled or cancelled ones can be removed`, { earmarkId: id });
}

function toEarmark(row: typeof earmarks.$inferSelect): Earmark {
	return {
		id: row.id,
		demandId: row.demandId,
		asset: row.asset,
		venue: row.venue,
		amount: amount(row.amount),
		status: row.status as EarmarkStatus,
		generation: row.generation,
		reason: row.reason,
		createdAt: row.createdAt,
	};
}
