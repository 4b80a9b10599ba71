/** The lanes: one ordered stream of nonces for each signer on each chain, and what was decided about them outside of the ordinary course. */
import { and, asc, eq, isNull, lt, sql } from 'drizzle-orm';
import type { Address } from 'viem';
import { effects, type LANE_EVENTS, laneEvents, signerLanes } from '../../drizzle/schema/effects.ts';
import { InvariantError, PermanentError } from '../errors.ts';
import { EFFECT_TRANSITIONS, type EffectStatus } from '../leg/effect-state.ts';
import { type Cause, type Db, inTransaction, type Tx, theOne } from './db.ts';

export interface LaneKey {
	readonly venue: string;
	readonly signer: string;
}

/** What was seen beyond the lane is forgotten together with the suspicion. */
const LEAST_MINED = sql`least(${signerLanes.mined}, ${signerLanes.next})`;

export interface Lane extends LaneKey {
	readonly signer: Address;
	readonly next: bigint;
	/** Nonces that the chain was seen to have spent: a hint, never evidence. */
	readonly mined: bigint;
	readonly frozen: string | null;
	/** More nonces were found spent than were ever given out. */
	readonly isSuspect: boolean;
}

export async function readLanes(db: Db): Promise<Lane[]> {
	const rows = await db.select().from(signerLanes).orderBy(asc(signerLanes.venue), asc(signerLanes.signer));
	return rows.map(({ venue, signer, next, mined, frozenReason, foreignSince }) => ({
		...{ venue, signer: signer as Address, next, mined, frozen: frozenReason, isSuspect: foreignSince !== null },
	}));
}

/** Makes sure that the lane exists; `next` is what the chain says when it is first used. */
export async function openLane(db: Db, { venue, signer, next }: LaneKey & { next: bigint }): Promise<void> {
	await db.insert(signerLanes).values({ venue, signer, next, mined: next }).onConflictDoNothing();
}

export async function laneExists(db: Db, lane: LaneKey): Promise<boolean> {
	const rows = await db.select({ next: signerLanes.next }).from(signerLanes).where(isLane(lane));
	return rows.length > 0;
}

/** What the chain says to have mined of the lane; a lower number than before changes nothing. */
export async function noteMined(db: Db, lane: LaneKey, mined: bigint): Promise<void> {
	await db
		.update(signerLanes)
		.set({ mined })
		.where(and(isLane(lane), lt(signerLanes.mined, mined)));
}

/** Nothing more is signed on a frozen lane until a person has looked. False when it was frozen before. */
export async function freezeLane(db: Db, { venue, signer }: LaneKey, { actor, reason }: Cause): Promise<boolean> {
	return inTransaction(db, { actor, reason }, async (tx) => {
		const rows = await tx
			.update(signerLanes)
			.set({ frozenReason: reason, updatedAt: sql`now()` })
			.where(and(isLane({ venue, signer }), isNull(signerLanes.frozenReason)))
			.returning({ next: signerLanes.next });
		if (rows.length > 0) await tellLane(tx, { venue, signer, event: 'frozen', actor, reason });
		return rows.length > 0;
	});
}

/**
 * The nonce of an effect is spent, as this look says, by none of our hashes. Milliseconds since the first of the looks in a row that say so:
 * one alone is no evidence.
 */
export async function noteForeign(db: Db, effectId: string): Promise<number> {
	const rows = await db
		.update(effects)
		.set({ foreignSince: sql`coalesce(${effects.foreignSince}, clock_timestamp())` })
		.where(eq(effects.id, effectId))
		.returning({ forMs: msSince(effects.foreignSince) });
	return Number(theOne(rows, 'effect', effectId).forMs);
}

/** This look did not say so: the one before was mistaken. */
export async function clearForeign(db: Db, effectId: string): Promise<void> {
	await db.update(effects).set({ foreignSince: null }).where(eq(effects.id, effectId));
}

/** The same for a lane of which the chain has spent `spent` nonces. Null when no more than that were given out. */
export async function noteLaneForeign(db: Db, lane: LaneKey, spent: bigint): Promise<number | null> {
	const [row] = await db
		.update(signerLanes)
		.set({ foreignSince: sql`coalesce(${signerLanes.foreignSince}, clock_timestamp())` })
		.where(and(isLane(lane), lt(signerLanes.next, spent)))
		.returning({ forMs: msSince(signerLanes.foreignSince) });
	return row === undefined ? null : Number(row.forMs);
}

export async function clearLaneForeign(db: Db, lane: LaneKey): Promise<void> {
	await db.update(signerLanes).set({ foreignSince: null, mined: LEAST_MINED }).where(isLane(lane));
}

export interface Thaw extends Cause {
	/** The nonce from which the lane goes on; null leaves it where it is. */
	readonly next: bigint | null;
}

/** A person has looked. Throws `PermanentError` when the lane is not frozen, or would fall. */
export async function thawLane(db: Db, { venue, signer }: LaneKey, { next, actor, reason }: Thaw): Promise<void> {
	await inTransaction(db, { actor, reason }, async (tx) => {
		const [lane] = await tx.select().from(signerLanes).where(isLane({ venue, signer })).for('update');
		if (lane === undefined || lane.frozenReason === null) throw new PermanentError(`no frozen lane of ${signer} on ${venue}`);
		if (next !== null && next < lane.next) throw new PermanentError(`the lane cannot fall from ${lane.next} to ${next}`);
		await tx
			.update(signerLanes)
			.set({ frozenReason: null, foreignSince: null, next: next ?? lane.next, mined: LEAST_MINED, updatedAt: sql`now()` })
			.where(isLane({ venue, signer }));
		const raised = next === null || next === lane.next ? '' : ` (next raised from ${lane.next} to ${next})`;
		await tellLane(tx, { venue, signer, event: 'thawed', actor, reason: `${reason}${raised}` });
	});
}

/** From now on only an empty transaction is signed for the effect's nonce. Throws `PermanentError` when there is nothing to cancel. */
export async function requestCancel(db: Db, effectId: string, cause: Cause): Promise<void> {
	await inTransaction(db, cause, async (tx) => {
		const { venue, signer } = await underWay(tx, effectId);
		await tx
			.update(effects)
			.set({ cancelRequestedAt: sql`coalesce(${effects.cancelRequestedAt}, now())`, updatedAt: sql`now()` })
			.where(eq(effects.id, effectId));
		await tellLane(tx, { venue, signer, event: 'cancel_requested', effectId, ...cause });
	});
}

/** A person names the transaction that has spent the effect's nonce; the chain is asked whether it has. Throws `PermanentError` as above. */
export async function nameSpender(db: Db, { effectId, hash }: { effectId: string; hash: string }, cause: Cause): Promise<void> {
	await inTransaction(db, cause, async (tx) => {
		const { venue, signer } = await underWay(tx, effectId);
		await tx.update(effects).set({ spentBy: hash, updatedAt: sql`now()` }).where(eq(effects.id, effectId));
		await tellLane(tx, { venue, signer, event: 'spent_by', effectId, actor: cause.actor, reason: `${hash}: ${cause.reason}` });
	});
}

async function underWay(tx: Tx, effectId: string): Promise<LaneKey> {
	const { venue, signer, nonce, status } = effects;
	const [row] = await tx.select({ venue, signer, nonce, status }).from(effects).where(eq(effects.id, effectId)).for('update');
	if (row === undefined) throw new InvariantError(`effect ${effectId} does not exist`, { effectId });
	if (row.nonce === null) throw new PermanentError(`effect ${effectId} is ${row.status}: it has no nonce, so nothing of it can be mined`);
	if (EFFECT_TRANSITIONS[row.status as EffectStatus].length === 0)
		throw new PermanentError(`effect ${effectId} is ${row.status}: it has ended`);
	return row;
}

async function tellLane(
	tx: Tx,
	row: LaneKey & Cause & { readonly event: (typeof LANE_EVENTS)[number]; readonly effectId?: string },
): Promise<void> {
	const { venue, signer, event, effectId, actor, reason } = row;
	await tx.insert(laneEvents).values({ venue, signer, event, effectId, actor, reason });
}

function msSince(column: typeof effects.foreignSince | typeof signerLanes.foreignSince) {
	return sql<string>`extract(epoch from clock_timestamp() - ${column}) * 1000`;
}

export function isLane({ venue, signer }: LaneKey) {
	return and(eq(signerLanes.venue, venue), eq(signerLanes.signer, signer));
}
