/** Legs and hops: rows ↔ domain, and their compare-and-set. */
import { and, asc, eq, inArray, isNotNull, isNull, sql } from 'drizzle-orm';
import { hops, rebalanceOperations } from '../../drizzle/schema/earmarks.ts';
import { InvariantError } from '../errors.ts';
import type { Hop, Leg, Noted } from '../leg/leg.ts';
import { type LegStatus, legStatesBefore } from '../leg/state.ts';
import { type Amount, amount } from '../money/amount.ts';
import { type Db, lockEarmarks, type Tx, theOne } from './db.ts';

export async function readLeg(db: Db | Tx, legId: string): Promise<Leg> {
	const [row] = await db.select().from(rebalanceOperations).where(eq(rebalanceOperations.id, legId));
	if (row === undefined) throw new InvariantError(`leg ${legId} does not exist`, { legId });
	return toLeg(row, await readHops(db, [legId]));
}

/** The legs of an earmark in the order of their routes' ids. */
export async function readLegsOf(db: Db | Tx, earmarkId: string): Promise<Leg[]> {
	const rows = await db
		.select()
		.from(rebalanceOperations)
		.where(eq(rebalanceOperations.earmarkId, earmarkId))
		.orderBy(asc(rebalanceOperations.createdAt), asc(rebalanceOperations.route), asc(rebalanceOperations.id));
	const allHops = await readHops(
		db,
		rows.map((row) => row.id),
	);
	return rows.map((row) =>
		toLeg(
			row,
			allHops.filter((hop) => hop.legId === row.id),
		),
	);
}

async function readHops(db: Db | Tx, legIds: readonly string[]): Promise<Hop[]> {
	if (legIds.length === 0) return [];
	const rows = await db
		.select()
		.from(hops)
		.where(inArray(hops.legId, [...legIds]))
		.orderBy(asc(hops.legId), asc(hops.index));
	return rows.map(toHop);
}

/** Compare-and-set of a leg's status; throws `ConflictError` when it is not in a state before `to`. */
export async function setLegStatus(
	tx: Tx,
	{ id, to, delivered, reason }: { id: string; to: LegStatus; delivered?: Amount; reason?: string },
): Promise<void> {
	const rows = await tx
		.update(rebalanceOperations)
		.set({
			status: to,
			...(delivered === undefined ? {} : { delivered }),
			...(reason === undefined ? {} : { reason }),
			updatedAt: sql`now()`,
			version: sql`${rebalanceOperations.version} + 1`,
		})
		.where(and(eq(rebalanceOperations.id, id), inArray(rebalanceOperations.status, legStatesBefore(to))))
		.returning({ id: rebalanceOperations.id });
	theOne(rows, 'leg', id);
}

export interface HopChange {
	readonly id: string;
	readonly to: LegStatus;
	readonly delivered?: Amount;
	readonly deliveredTx?: string;
	readonly evidence?: Noted;
	readonly proof?: Noted;
}

/** Compare-and-set of a hop's status, with what was learned by it. */
export async function setHopStatus(tx: Tx, { id, to, ...learned }: HopChange): Promise<void> {
	const sent = to === 'sending' ? { sentAt: sql`now()` } : {};
	const rows = await tx
		.update(hops)
		.set({ ...learned, ...sent, status: to, updatedAt: sql`now()`, version: sql`${hops.version} + 1` })
		.where(and(eq(hops.id, id), inArray(hops.status, legStatesBefore(to))))
		.returning({ id: hops.id });
	theOne(rows, 'hop', id);
}

/** What the hop before has delivered is what this one sends. */
export async function passOn(tx: Tx, { id, send, receive }: Pick<Hop, 'id' | 'send' | 'receive'>): Promise<void> {
	const rows = await tx
		.update(hops)
		.set({ send, receive, updatedAt: sql`now()`, version: sql`${hops.version} + 1` })
		.where(and(eq(hops.id, id), eq(hops.status, 'planned')))
		.returning({ id: hops.id });
	theOne(rows, 'hop', id);
}

/** Notes the first proof of a hop in flight, or another in place of one that is not accepted any more. Takes the earmark's lock. */
export async function noteProof(tx: Tx, { leg, hop, proof }: { leg: Leg; hop: Hop; proof: Noted }): Promise<void> {
	await lockEarmarks(tx, [leg.earmarkId]);
	const rows = await tx
		.update(hops)
		.set({ proof, version: sql`${hops.version} + 1` })
		.where(and(eq(hops.id, hop.id), eq(hops.status, 'in_flight'), hop.proof === null ? isNull(hops.proof) : isNotNull(hops.proof)))
		.returning({ id: hops.id });
	theOne(rows, 'hop', hop.id);
}

/** Notes that an unproven hop has been in flight for longer than so many seconds. False when it has not, or was noted before. Under the earmark's lock. */
export async function noteLate(tx: Tx, hopId: string, seconds: number): Promise<boolean> {
	const rows = await tx
		.update(hops)
		.set({ lateAt: sql`now()` })
		.where(
			and(
				...[eq(hops.id, hopId), eq(hops.status, 'in_flight'), isNull(hops.lateAt), isNull(hops.proof)],
				sql`${hops.updatedAt} < now() - ${seconds} * interval '1 second'`,
			),
		)
		.returning({ id: hops.id });
	return rows.length > 0;
}

/** Says when the reconciler should wonder about this leg; the jobs that serve it push the moment on. */
export async function expectLegWithin(db: Db | Tx, legId: string, ms: number): Promise<void> {
	await db
		.update(rebalanceOperations)
		.set({ nextActionAt: sql`now() + ${ms} * interval '1 millisecond'` })
		.where(eq(rebalanceOperations.id, legId));
}

/** Notes that a leg takes far longer than promised. Throws `ConflictError` when somebody has noted it before, or it has ended. */
export async function markOverdue(tx: Tx, { id, earmarkId }: Leg): Promise<void> {
	await lockEarmarks(tx, [earmarkId]);
	const rows = await tx
		.update(rebalanceOperations)
		.set({ overdueAt: sql`now()`, updatedAt: sql`now()` })
		.where(and(eq(rebalanceOperations.id, id), eq(rebalanceOperations.status, 'in_flight'), isNull(rebalanceOperations.overdueAt)))
		.returning({ id: rebalanceOperations.id });
	theOne(rows, 'leg', id);
}

type OperationRow = typeof rebalanceOperations.$inferSelect;
type LegColumn = 'earmarkId' | 'route' | 'send' | 'receive';
/** A row of an earmark: it has what a row without one may lack. */
export type LegRow = Omit<OperationRow, LegColumn> & { [Column in LegColumn]: NonNullable<OperationRow[Column]> };

/** Throws `InvariantError` when the row is no leg of an earmark. */
export function legRow(row: OperationRow): LegRow {
	const { earmarkId, route, send, receive } = row;
	if (earmarkId === null || route === null || send === null || receive === null)
		throw new InvariantError(`operation ${row.id} is no leg of an earmark`, { legId: row.id });
	return { ...row, earmarkId, route, send, receive };
}

function toLeg(operation: OperationRow, legHops: readonly Hop[]): Leg {
	const row = legRow(operation);
	return {
		id: row.id,
		earmarkId: row.earmarkId,
		asset: row.asset,
		origin: row.origin,
		destination: row.destination,
		route: row.route,
		send: amount(row.send),
		receive: amount(row.receive),
		delivered: row.delivered === null ? null : amount(row.delivered),
		status: row.status as LegStatus,
		reason: row.reason,
		overdueAt: row.overdueAt,
		generation: row.generation,
		hops: legHops,
	};
}

function toHop(row: typeof hops.$inferSelect): Hop {
	return {
		id: row.id,
		legId: row.legId,
		index: row.index,
		bridge: row.bridge,
		origin: row.origin,
		destination: row.destination,
		asset: row.asset,
		toAsset: row.toAsset,
		send: amount(row.send),
		receive: amount(row.receive),
		delivered: row.delivered === null ? null : amount(row.delivered),
		status: row.status as LegStatus,
		seconds: row.seconds,
		evidence: row.evidence as Noted | null,
		proof: row.proof as Noted | null,
		changedAt: row.updatedAt,
		lateAt: row.lateAt,
	};
}
