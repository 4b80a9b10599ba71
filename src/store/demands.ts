/** Demands and the invoices behind them. */
import { and, asc, eq, gt, inArray, isNull, lte, sql } from 'drizzle-orm';
import { demands, invoices } from '../../drizzle/schema/demands.ts';
import { InvariantError } from '../errors.ts';
import type { Demand, Destination, WaitingReason } from '../invoice/demand.ts';
import { type DemandStatus, demandStatesBefore } from '../invoice/demand-state.ts';
import { amount, HUB_DECIMALS, type HubAmount } from '../money/amount.ts';
import { powerOfTen } from '../money/units.ts';
import { type Db, type Tx, theOne } from './db.ts';

export interface ListedInvoice {
	readonly intentId: string;
	readonly asset: string;
	readonly owner: string;
	readonly tickerHash: string;
	readonly origin: string;
	readonly destinations: readonly string[];
	readonly amountHub: HubAmount;
	readonly discountBps: string;
	readonly hubStatus: string;
	/** Unix seconds. */
	readonly enqueuedAt: number;
}

/**
 * Writes what a listing says of one invoice; an invoice seen before keeps its demand. Returns the demand's id. The row of a demand that is
 * known is not touched: a poll writes many in one transaction, and would meet planners that have taken theirs in another order.
 */
export async function saveInvoice(tx: Tx, invoice: ListedInvoice): Promise<string> {
	await tx
		.insert(demands)
		.values({
			kind: 'invoice',
			externalId: invoice.intentId,
			asset: invoice.asset,
			enqueuedAt: sql`to_timestamp(${invoice.enqueuedAt})`,
			reason: 'NOT_EVALUATED',
		})
		.onConflictDoNothing();
	const [demand] = await tx
		.select({ id: demands.id, status: demands.status })
		.from(demands)
		.where(and(eq(demands.kind, 'invoice'), eq(demands.externalId, invoice.intentId)));
	if (demand === undefined) throw new InvariantError(`invoice ${invoice.intentId} was not written`);
	// An invoice that was gone and is listed again is owed again.
	if (demand.status === 'gone') {
		await tx
			.update(demands)
			.set({
				status: 'open',
				reason: 'NOT_EVALUATED',
				destinations: [],
				evaluatedAt: null,
				nextActionAt: sql`now()`,
				updatedAt: sql`now()`,
			})
			.where(and(eq(demands.id, demand.id), eq(demands.status, 'gone')));
	}
	const { intentId, owner, tickerHash, origin, destinations, amountHub, discountBps, hubStatus } = invoice;
	const facts = { owner, tickerHash, origin, destinations, amountHub, discountBps, hubStatus };
	await tx
		.insert(invoices)
		.values({ demandId: demand.id, intentId, ...facts })
		.onConflictDoUpdate({ target: invoices.demandId, set: { ...facts, listedAt: sql`now()`, updatedAt: sql`now()` } });
	return demand.id;
}

/**
 * Takes the demands that are due for another look, those that are being served included, and puts their next look off, so that no two polls wake the same one.
 * Returns at most `limit` ids, oldest demands first.
 */
export async function takeDueDemands(tx: Tx, { limit, againAfterMs }: { limit: number; againAfterMs: number }): Promise<string[]> {
	const due = await tx
		.select({ id: demands.id })
		.from(demands)
		.where(and(inArray(demands.status, ['open', 'earmarked']), lte(demands.nextActionAt, sql`now()`)))
		.orderBy(asc(demands.enqueuedAt), asc(demands.externalId))
		.limit(limit)
		.for('update', { skipLocked: true });
	const ids = due.map((row) => row.id);
	if (ids.length > 0) {
		await tx
			.update(demands)
			.set({ nextActionAt: inMs(againAfterMs), generation: sql`${demands.generation} + 1` })
			.where(inArray(demands.id, ids));
	}
	return ids;
}

export async function readDemand(db: Db | Tx, id: string): Promise<Demand> {
	const [row] = await db.select().from(demands).where(eq(demands.id, id));
	if (row === undefined) throw new InvariantError(`demand ${id} does not exist`, { demandId: id });
	return toDemand(row);
}

/** The demand of an invoice, in any state; null when the invoice was never seen. */
export async function demandIdOfInvoice(db: Db, invoiceId: string): Promise<string | null> {
	const [row] = await db
		.select({ id: demands.id })
		.from(demands)
		.where(and(eq(demands.kind, 'invoice'), eq(demands.externalId, invoiceId)));
	return row?.id ?? null;
}

/** All open demands of an asset, oldest first. */
export async function readOpenDemands(db: Db | Tx, asset: string): Promise<Demand[]> {
	const rows = await db
		.select()
		.from(demands)
		.where(and(eq(demands.status, 'open'), eq(demands.asset, asset)))
		.orderBy(asc(demands.enqueuedAt), asc(demands.externalId));
	return rows.map(toDemand);
}

/** Assets with a demand that is open or being served: what a planning run has to look at. */
export async function assetsToPlan(db: Db): Promise<string[]> {
	const rows = await db
		.selectDistinct({ asset: demands.asset })
		.from(demands)
		.where(inArray(demands.status, ['open', 'earmarked']))
		.orderBy(asc(demands.asset));
	return rows.map((row) => row.asset);
}

/** Open demands that were never looked at, and first seen no longer ago than `patienceMs`. */
export async function unevaluatedDemands(db: Db, patienceMs: number): Promise<number> {
	const [row] = await db
		.select({ count: sql<number>`count(*)::int` })
		.from(demands)
		.where(
			and(
				eq(demands.status, 'open'),
				isNull(demands.evaluatedAt),
				gt(demands.firstSeenAt, sql`now() - ${patienceMs} * interval '1 millisecond'`),
			),
		);
	return row?.count ?? 0;
}

/** Stores what a look at a demand has found: its destinations, or why they could not be read (the old ones are then forgotten). */
export async function recordEvaluation(
	tx: Db | Tx,
	{
		demandId,
		destinations,
		maxCost,
		waiting,
		nextLookMs,
	}: { demandId: string; destinations: readonly Destination[]; maxCost: HubAmount | null; waiting: Waiting; nextLookMs: number },
): Promise<void> {
	await tx
		.update(demands)
		.set({
			destinations: destinations.map((each) => ({ venue: each.venue, amount: each.amount.toString() })),
			maxCostHub: maxCost,
			reason: waiting.reason,
			reasonDetail: waiting.detail,
			evaluatedAt: sql`now()`,
			nextActionAt: inMs(nextLookMs),
			updatedAt: sql`now()`,
			version: sql`${demands.version} + 1`,
		})
		.where(and(eq(demands.id, demandId), eq(demands.status, 'open')));
}

export interface Waiting {
	readonly reason: WaitingReason;
	readonly detail: string;
}

/** Stores what the planner refuses: an open demand, or more funds for one that is being served. Null when it refuses nothing any more. */
export async function recordWaiting(tx: Db | Tx, demandId: string, waiting: Waiting | null): Promise<void> {
	await tx
		.update(demands)
		.set({ reason: waiting?.reason ?? null, reasonDetail: waiting?.detail ?? null, updatedAt: sql`now()` })
		.where(and(eq(demands.id, demandId), inArray(demands.status, ['open', 'earmarked'])));
}

/** Says when a demand is looked at next. */
export async function expectDemandWithin(db: Db | Tx, demandId: string, ms: number): Promise<void> {
	await db
		.update(demands)
		.set({ nextActionAt: inMs(ms) })
		.where(eq(demands.id, demandId));
}

/**
 * Compare-and-set of a demand's status; throws `ConflictError` when it is not in `from`, which is every state before `to` unless given. One that
 * is open again has to be read again before anybody plans for it: what it asked for before is forgotten.
 */
export async function setDemandStatus(
	tx: Tx,
	{
		id,
		to,
		reason,
		from = demandStatesBefore(to),
	}: { id: string; to: DemandStatus; reason: string | null; from?: readonly DemandStatus[] },
): Promise<void> {
	const rows = await tx
		.update(demands)
		.set({
			status: to,
			reason,
			...(to === 'open' ? { destinations: [] } : {}),
			reasonDetail: null,
			nextActionAt: sql`now()`,
			updatedAt: sql`now()`,
			version: sql`${demands.version} + 1`,
		})
		.where(and(eq(demands.id, id), inArray(demands.status, [...from])))
		.returning({ id: demands.id });
	theOne(rows, 'demand', id);
}

function inMs(ms: number) {
	return sql`now() + ${ms} * interval '1 millisecond'`;
}

function toDemand(row: typeof demands.$inferSelect): Demand {
	return {
		id: row.id,
		externalId: row.externalId,
		asset: row.asset,
		status: row.status as DemandStatus,
		destinations: (row.destinations as { venue: string; amount: string }[]).map((each) => ({
			venue: each.venue,
			amount: amount(BigInt(each.amount)),
		})),
		maxCost: row.maxCostHub === null ? null : { numerator: row.maxCostHub, denominator: powerOfTen(HUB_DECIMALS) },
		enqueuedAt: Math.floor(Date.parse(row.enqueuedAt) / 1_000),
		reason: row.reason,
		reasonDetail: row.reasonDetail,
		evaluated: row.evaluatedAt !== null,
	};
}
