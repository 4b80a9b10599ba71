/** Keyed requests: stored before the first call, called by one process at a time, and ended by what the service says alone. */
import { and, eq, inArray, sql } from 'drizzle-orm';
import { effects } from '../../drizzle/schema/effects.ts';
import { InvariantError } from '../errors.ts';
import type { Effect, EffectDraft, KeyedRequest } from '../leg/effect.ts';
import { effectStatesBefore } from '../leg/effect-state.ts';
import type { Hop, Leg } from '../leg/leg.ts';
import { type Db, lockEarmarks, type Tx, theOne } from './db.ts';
import { intendEffects } from './effects.ts';
import { noteProof } from './legs.ts';

/** The request and its key, before anybody is asked. Throws `ConflictError` when the effect was claimed by somebody else meanwhile. */
export async function commitRequest(
	tx: Tx,
	{ effect, epoch, request }: { effect: Effect; epoch: number; request: KeyedRequest },
): Promise<void> {
	const rows = await tx
		.update(effects)
		.set({ status: 'requested', requestKey: request.key, request: request.body, requestUntilMs: request.untilMs, updatedAt: sql`now()` })
		.where(and(eq(effects.id, effect.id), inArray(effects.status, effectStatesBefore('requested')), eq(effects.epoch, epoch)))
		.returning({ id: effects.id });
	theOne(rows, 'effect', effect.id);
}

/**
 * The right to make one call that the service takes until `untilMs` of its own clock, committed before it is made. Throws `ConflictError`
 * when anybody has claimed the effect since it was read, so that nobody calls on a look that is older than another one's call.
 */
export async function claimCall(db: Db, { effect, untilMs }: { effect: Effect; untilMs: number }): Promise<void> {
	const rows = await db
		.update(effects)
		.set({ epoch: sql`${effects.epoch} + 1`, requestUntilMs: untilMs, updatedAt: sql`now()` })
		.where(and(eq(effects.id, effect.id), eq(effects.status, 'requested'), eq(effects.epoch, effect.epoch)))
		.returning({ id: effects.id });
	theOne(rows, 'effect', effect.id);
}

/** What the service said to a call; a hint for a reader, never evidence. */
export async function noteAnswer(db: Db, effectId: string, answer: string): Promise<void> {
	await db
		.update(effects)
		.set({ reason: answer, updatedAt: sql`now()` })
		.where(and(eq(effects.id, effectId), eq(effects.status, 'requested')));
}

interface Ended {
	readonly leg: Leg;
	readonly hop: Hop;
	readonly effect: Effect;
}

/** Carried out: what `verify` needs goes into the hop's proof in the same transaction. */
export async function requestDone(
	tx: Tx,
	{ leg, hop, effect, proof }: Ended & { readonly proof: NonNullable<Hop['proof']> },
): Promise<void> {
	await noteProof(tx, { leg, hop, proof });
	await resolveRequest(tx, effect, { to: 'confirmed', reason: null });
}

export interface CameToNothing extends Ended {
	/** Whether the service shows it as ended, or has never taken it and takes none of the calls that were made any more. */
	readonly to: 'rejected' | 'lapsed';
	readonly reason: string;
}

/** The same act is intended once more. Throws `ConflictError` when a call was made since the effect was read. */
export async function intendAnew(tx: Tx, { leg, hop, effect, to, reason }: CameToNothing): Promise<void> {
	await lockEarmarks(tx, [leg.earmarkId]);
	await resolveRequest(tx, effect, { to, reason });
	const { ownerKind, ownerId, kind, venue, signer, spend } = effect;
	const again: EffectDraft = { ownerKind, ownerId, hop: hop.index, kind, try: effect.try + 1, venue, signer, spend };
	await intendEffects(tx, [again]);
}

async function resolveRequest(
	tx: Tx,
	{ id, request, epoch }: Effect,
	{ to, reason }: { to: 'confirmed' | 'rejected' | 'lapsed'; reason: string | null },
): Promise<void> {
	if (request === null) throw new InvariantError(`effect ${id} has made no request`, { effectId: id });
	const rows = await tx
		.update(effects)
		.set({ status: to, reason, updatedAt: sql`now()` })
		.where(and(eq(effects.id, id), eq(effects.status, 'requested'), eq(effects.epoch, epoch)))
		.returning({ id: effects.id });
	theOne(rows, 'effect', id);
}
