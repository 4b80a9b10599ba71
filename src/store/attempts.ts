/** What was signed for an effect, and what else has to be known before anything more is signed or sent for it. */
import { and, asc, eq, sql } from 'drizzle-orm';
import type { Hex } from 'viem';
import { attempts, effects, signerLanes } from '../../drizzle/schema/effects.ts';
import { InvariantError } from '../errors.ts';
import type { Db } from './db.ts';

export interface Attempt {
	readonly hash: Hex;
	readonly raw: Hex;
	/** An empty transaction in place of the effect's own. */
	readonly cancels: boolean;
	/** Wei per gas. */
	readonly maxFeePerGas: bigint;
	readonly maxPriorityFeePerGas: bigint;
	/** Milliseconds since it was signed. */
	readonly ageMs: number;
	/** Milliseconds since it was last sent; null if never. */
	readonly sentAgoMs: number | null;
}

export interface Trail {
	/** Oldest first. */
	readonly attempts: readonly Attempt[];
	readonly cancelRequested: boolean;
	/** The last look found the nonce spent by none of our hashes. */
	readonly isSuspect: boolean;
	/** The transaction that has spent the nonce in our place, as a person says. */
	readonly spentBy: Hex | null;
	/** Why nothing is signed on the lane; null when it is not frozen. */
	readonly frozen: string | null;
}

/** A cancel was requested, and none is the newest attempt yet. */
export function wantsCancel({ attempts: signed, cancelRequested }: Trail): boolean {
	return cancelRequested && signed.at(-1)?.cancels !== true;
}

/** Whether something is to be signed: the first bytes, a cancel, or what outbids the newest after it has waited `replaceAfterMs`. */
export function isDue(trail: Trail, { replaceAfterMs }: { readonly replaceAfterMs: number }): boolean {
	const newest = trail.attempts.at(-1);
	return newest === undefined || wantsCancel(trail) || newest.ageMs > replaceAfterMs;
}

/** Throws `InvariantError` when there is no such effect. */
export async function readTrail(db: Db, effectId: string): Promise<Trail> {
	const since = (moment: typeof attempts.createdAt | typeof attempts.broadcastAt) =>
		sql<string | null>`extract(epoch from clock_timestamp() - ${moment}) * 1000`;
	const rows = await db
		.select({
			attempt: attempts,
			ageMs: since(attempts.createdAt),
			sentAgoMs: since(attempts.broadcastAt),
			cancelRequestedAt: effects.cancelRequestedAt,
			foreignSince: effects.foreignSince,
			spentBy: effects.spentBy,
			frozen: signerLanes.frozenReason,
		})
		.from(effects)
		.leftJoin(attempts, eq(attempts.effectId, effects.id))
		.leftJoin(signerLanes, and(eq(signerLanes.venue, effects.venue), eq(signerLanes.signer, effects.signer)))
		.where(eq(effects.id, effectId))
		.orderBy(asc(attempts.createdAt));
	const [first] = rows;
	if (first === undefined) throw new InvariantError(`effect ${effectId} does not exist`, { effectId });
	return {
		attempts: rows.flatMap(({ attempt, ageMs, sentAgoMs }) =>
			attempt === null
				? []
				: [
						{
							hash: attempt.hash as Hex,
							raw: attempt.raw as Hex,
							cancels: attempt.cancels,
							maxFeePerGas: attempt.maxFeePerGas,
							maxPriorityFeePerGas: attempt.maxPriorityFeePerGas,
							ageMs: Number(ageMs),
							sentAgoMs: sentAgoMs === null ? null : Number(sentAgoMs),
						},
					],
		),
		cancelRequested: first.cancelRequestedAt !== null,
		isSuspect: first.foreignSince !== null,
		spentBy: first.spentBy as Hex | null,
		frozen: first.frozen,
	};
}
