/** Effects and their attempts: intent, claim, nonce, signed bytes, verdict. Each function is one step of architecture §4. */
import { and, asc, eq, inArray, ne, sql } from 'drizzle-orm';
import type { Address, Hex } from 'viem';
import { attempts, effects, signerLanes } from '../../drizzle/schema/effects.ts';
import type { Spend } from '../earmark/spend.ts';
import { InvariantError, TransientError } from '../errors.ts';
import type { MinedCall } from '../leg/call.ts';
import type { Effect, EffectDraft, Payload } from '../leg/effect.ts';
import { type EffectKind, type EffectOwner, type EffectStatus, effectStatesBefore } from '../leg/effect-state.ts';
import type { Evidence } from '../leg/order.ts';
import { type Amount, amount } from '../money/amount.ts';
import { type Db, type Tx, theOne } from './db.ts';
import { isLane } from './lanes.ts';

/** Step 1: the intent. Writing the same key again is a no-op, so every caller may repeat itself. */
export async function intendEffects(tx: Tx, drafts: readonly EffectDraft[]): Promise<void> {
	if (drafts.length === 0) return;
	await tx
		.insert(effects)
		.values(
			drafts.map(({ spend, ...draft }) => ({
				...draft,
				spendToken: spend?.token ?? null,
				spender: spend?.spender ?? null,
				spendAmount: spend?.amount ?? null,
			})),
		)
		.onConflictDoNothing();
}

export async function readEffect(db: Db | Tx, id: string): Promise<Effect> {
	const [row] = await db.select().from(effects).where(eq(effects.id, id));
	if (row === undefined) throw new InvariantError(`effect ${id} does not exist`, { effectId: id });
	return toEffect(row);
}

export async function readEffectsOf(db: Db | Tx, ownerKind: EffectOwner, ownerIds: readonly string[]): Promise<Effect[]> {
	if (ownerIds.length === 0) return [];
	const rows = await db
		.select()
		.from(effects)
		.where(and(eq(effects.ownerKind, ownerKind), inArray(effects.ownerId, [...ownerIds])))
		.orderBy(asc(effects.hop), asc(effects.kind), asc(effects.try));
	return rows.map(toEffect);
}

/** Step 2: the claim. Returns the fencing epoch that every later write of this claim must name. */
export async function claimEffect(db: Db, id: string, status: EffectStatus): Promise<number> {
	const rows = await db
		.update(effects)
		.set({ epoch: sql`${effects.epoch} + 1`, updatedAt: sql`now()` })
		.where(and(eq(effects.id, id), eq(effects.status, status)))
		.returning({ epoch: effects.epoch });
	return theOne(rows, 'effect', id).epoch;
}

/** A check before the nonce has refused the effect; nothing has left. Returns how often that has happened. */
export async function refuseEffect(db: Db, id: string, reason: string): Promise<number> {
	const rows = await db
		.update(effects)
		.set({ refusals: sql`${effects.refusals} + 1`, reason, updatedAt: sql`now()` })
		.where(and(eq(effects.id, id), eq(effects.status, 'intended')))
		.returning({ refusals: effects.refusals });
	return theOne(rows, 'effect', id).refusals;
}

/** Gives up effects that have no nonce; those that have one are followed to their end, and so is what takes an allowance back. */
export async function dropEffects(tx: Tx, ownerKind: EffectOwner, ownerId: string): Promise<void> {
	await tx
		.update(effects)
		.set({ status: 'dropped', updatedAt: sql`now()` })
		.where(
			and(
				eq(effects.ownerKind, ownerKind),
				eq(effects.ownerId, ownerId),
				ne(effects.kind, 'reset'),
				inArray(effects.status, effectStatesBefore('dropped')),
			),
		);
}

/** Whether its nonce has committed and the chain has not said that it came to nothing. */
export function mayHaveLeft(effect: Effect): boolean {
	return effect.nonce !== null && effect.status !== 'reverted' && effect.status !== 'cancelled';
}

/**
 * Transactions of one lane that may wait to be mined at a time. Nodes promise an account so many places in their pool (16 in geth) and drop
 * what is beyond, and whatever stands behind a stuck one is stuck too.
 */
export const MAX_IN_FLIGHT = 16n;

/** The lane gives out no nonce now; nothing was written. */
export class LaneClosedError extends TransientError {}

/**
 * Step 4: nonce and owner commit together, under the lane's row lock. `payload` is built under that lock and is told the
 * allowance that is then waiting to be spent, which is exact because the order of the lane's transactions is now known.
 * Throws `LaneClosedError` when the lane has as many transactions under way as it may, or the chain has spent more than it gave out.
 */
export async function reserveNonce(
	tx: Tx,
	{ effect, epoch, payload }: { effect: Effect; epoch: number; payload: (waiting: Amount) => Payload & { payloadHash: Hex } },
): Promise<bigint> {
	const lane = { venue: effect.venue, signer: effect.signer };
	const [row] = await tx
		.select({ next: signerLanes.next, mined: signerLanes.mined, frozen: signerLanes.frozenReason })
		.from(signerLanes)
		.where(isLane(lane))
		.for('update');
	if (row === undefined) throw new InvariantError(`no lane for ${effect.signer} on ${effect.venue}`, lane);
	if (row.frozen !== null) throw new InvariantError(`lane of ${effect.signer} on ${effect.venue} is frozen: ${row.frozen}`, lane);
	const underWay = row.next - row.mined;
	if (underWay >= MAX_IN_FLIGHT)
		throw new LaneClosedError(`${effect.signer} on ${effect.venue} has ${underWay} transactions under way`, lane);
	// Who goes on with a nonce that somebody else has spent, as after a restore from a backup, may send what was sent already.
	if (underWay < 0n) throw new LaneClosedError(`${effect.signer} on ${effect.venue} has spent ${-underWay} nonces beyond its lane`, lane);
	const { target, calldata, value, gas, payloadHash } = payload(
		effect.spend === null ? amount(0n) : await waitingSpend(tx, effect, effect.spend),
	);
	const rows = await tx
		.update(effects)
		.set({ status: 'reserved', nonce: row.next, target, calldata, value, gas, payloadHash, updatedAt: sql`now()` })
		.where(and(eq(effects.id, effect.id), inArray(effects.status, effectStatesBefore('reserved')), eq(effects.epoch, epoch)))
		.returning({ id: effects.id });
	theOne(rows, 'effect', effect.id);
	await tx
		.update(signerLanes)
		.set({ next: row.next + 1n, updatedAt: sql`now()` })
		.where(isLane(lane));
	return row.next;
}

/** The sum of the sends that still wait to spend this allowance: those without a nonce. */
async function waitingSpend(tx: Tx, effect: Effect, { token, spender }: Spend): Promise<Amount> {
	const spending: EffectKind[] = ['send', 'claim', 'purchase'];
	const [row] = await tx
		.select({ sum: sql<string>`coalesce(sum(${effects.spendAmount}), 0)` })
		.from(effects)
		.where(
			and(
				eq(effects.venue, effect.venue),
				eq(effects.signer, effect.signer),
				eq(effects.spendToken, token),
				eq(effects.spender, spender),
				eq(effects.status, 'intended'),
				inArray(effects.kind, spending),
			),
		);
	return amount(BigInt(row?.sum ?? 0));
}

export interface SignedAttempt {
	readonly hash: Hex;
	readonly raw: Hex;
	readonly payloadHash: Hex;
	readonly gas: bigint;
	readonly maxFeePerGas: bigint;
	readonly maxPriorityFeePerGas: bigint;
	/** An empty transaction on the same nonce; the database takes one only when a cancel was requested. */
	readonly cancels?: boolean;
}

/** Step 5: the signed bytes, the first ones or others for the same nonce, committed before anything is sent. */
export async function storeAttempt(
	tx: Tx,
	{ effectId, epoch, attempt }: { effectId: string; epoch: number; attempt: SignedAttempt },
): Promise<void> {
	const rows = await tx
		.update(effects)
		.set({ status: sql`case when ${effects.status} = 'reserved' then 'signed' else ${effects.status} end`, updatedAt: sql`now()` })
		.where(and(eq(effects.id, effectId), inArray(effects.status, ['reserved', 'signed', 'tracking']), eq(effects.epoch, epoch)))
		.returning({ id: effects.id });
	theOne(rows, 'effect', effectId);
	await tx
		.insert(attempts)
		.values({ effectId, ...attempt })
		.onConflictDoNothing();
}

/** Step 6, afterwards: whatever the node answered, the effect is tracked. The time is a hint for sending again, never evidence. */
export async function recordBroadcast(
	db: Db,
	{ effectId, hash, error }: { effectId: string; hash: Hex; error: string | null },
): Promise<void> {
	await db.update(attempts).set({ broadcastAt: sql`clock_timestamp()`, lastError: error }).where(eq(attempts.hash, hash));
	await db
		.update(effects)
		.set({ status: 'tracking', updatedAt: sql`now()` })
		.where(and(eq(effects.id, effectId), inArray(effects.status, effectStatesBefore('tracking'))));
}

export interface Verdict {
	readonly to: 'confirmed' | 'reverted' | 'cancelled';
	readonly hash: Hex;
	readonly blockNumber: bigint;
	/** As JSON: the logs of the mined transaction. */
	readonly logs: unknown;
	/** What the transaction has cost, in wei; left out when its receipt did not say so. */
	readonly feePaid?: bigint | undefined;
	readonly reason: string | null;
}

/**
 * Step 9: what the chain has decided; the caller commits the consequences in the same transaction. What came to nothing because its nonce went
 * to another transaction, our own cancel or a stranger's, is `cancelled`, whichever of the two the caller says.
 */
export async function resolveEffect(tx: Tx, id: string, verdict: Verdict): Promise<void> {
	const { to, hash } = verdict;
	const isAnothers = sql`${effects.spentBy} = ${hash} or exists (select 1 from ${attempts} where ${attempts.hash} = ${hash} and ${attempts.cancels})`;
	const rows = await tx
		.update(effects)
		.set({
			...{ minedHash: hash, minedBlock: verdict.blockNumber, minedLogs: verdict.logs, feePaid: verdict.feePaid ?? null },
			...{ reason: verdict.reason, updatedAt: sql`now()` },
			status: to === 'reverted' ? sql`case when ${isAnothers} then 'cancelled' else 'reverted' end` : to,
		})
		.where(and(eq(effects.id, id), inArray(effects.status, effectStatesBefore(to))))
		.returning({ id: effects.id });
	theOne(rows, 'effect', id);
}

/** What it will spend, once that is known better than when it was intended; base units. */
export async function setSpend(tx: Tx, id: string, units: Amount): Promise<void> {
	await tx.update(effects).set({ spendAmount: units, updatedAt: sql`now()` }).where(eq(effects.id, id));
}

/** The mined transaction of a confirmed effect, as its verdict was recorded. Throws `InvariantError` when there is none. */
export async function readMinedCall(db: Db | Tx, id: string): Promise<MinedCall> {
	const [row] = await db
		.select({ transactionHash: effects.minedHash, blockNumber: effects.minedBlock, logs: effects.minedLogs })
		.from(effects)
		.where(and(eq(effects.id, id), eq(effects.status, 'confirmed')));
	if (row === undefined || row.transactionHash === null || row.blockNumber === null)
		throw new InvariantError(`effect ${id} is not confirmed, so nothing of it was mined`, { effectId: id });
	return { transactionHash: row.transactionHash as Hex, blockNumber: row.blockNumber, logs: row.logs as MinedCall['logs'] };
}

function toEffect(row: typeof effects.$inferSelect): Effect {
	const { target, calldata, gas } = row;
	return {
		id: row.id,
		ownerKind: row.ownerKind as EffectOwner,
		ownerId: row.ownerId,
		hop: row.hop,
		kind: row.kind as EffectKind,
		try: row.try,
		venue: row.venue,
		signer: row.signer as Address,
		spend:
			row.spendToken === null || row.spender === null || row.spendAmount === null
				? null
				: { token: row.spendToken as Address, spender: row.spender as Address, amount: amount(row.spendAmount) },
		status: row.status as EffectStatus,
		epoch: row.epoch,
		nonce: row.nonce,
		payload:
			target === null || calldata === null || gas === null
				? null
				: { target: target as Address, calldata: calldata as Hex, value: row.value, gas },
		request: row.requestKey === null ? null : { key: row.requestKey, body: row.request as Evidence, untilMs: row.requestUntilMs },
		refusals: row.refusals,
		reason: row.reason,
		minedHash: row.minedHash as Hex | null,
		minedBlock: row.minedBlock,
	};
}
