/** What a lane has sent before, and what of it nobody takes care of. */
import { and, asc, desc, eq, gte, inArray, lt, sql } from 'drizzle-orm';
import type { Hex } from 'viem';
import { attempts, effects } from '../../drizzle/schema/effects.ts';
import type { EffectStatus } from '../leg/effect-state.ts';
import type { Db } from './db.ts';
import type { LaneKey } from './lanes.ts';

/** What is left is found by the next sweep. */
const NEGLECTED_AT_A_TIME = 100;

/** The newest bytes of every effect of a lane with a nonce from `from` on and below `to`, lowest first. */
export async function readSignedBetween(
	db: Db,
	{ venue, signer, from, to }: { venue: string; signer: string; from: bigint; to: bigint },
): Promise<Hex[]> {
	const rows = await db
		.selectDistinctOn([effects.nonce], { raw: attempts.raw })
		.from(attempts)
		.innerJoin(effects, eq(effects.id, attempts.effectId))
		.where(and(eq(effects.venue, venue), eq(effects.signer, signer), gte(effects.nonce, from), lt(effects.nonce, to)))
		.orderBy(asc(effects.nonce), desc(attempts.createdAt));
	return rows.map((row) => row.raw as Hex);
}

/** The highest nonce of a lane from `from` on of which we have a verdict; null when there is none. */
export async function readHighestDecided(db: Db, { venue, signer, from }: LaneKey & { from: bigint }): Promise<bigint | null> {
	const decided: EffectStatus[] = ['confirmed', 'reverted', 'cancelled'];
	const [row] = await db
		.select({ nonce: effects.nonce })
		.from(effects)
		.where(and(eq(effects.venue, venue), eq(effects.signer, signer), gte(effects.nonce, from), inArray(effects.status, decided)))
		.orderBy(desc(effects.nonce))
		.limit(1);
	return row?.nonce ?? null;
}

/**
 * Effects of a lane with a nonce from `from` on that are to be pushed, lowest nonce first: to be cancelled, or not signed or sent for `idleMs`
 * by whoever they belong to.
 */
export async function readNeglected(
	db: Db,
	{ venue, signer, from, idleMs }: LaneKey & { from: bigint; idleMs: number },
): Promise<string[]> {
	const rows = await db.execute<{ id: string }>(sql`
		select f.id from effects f
		where f.venue = ${venue} and f.signer = ${signer} and f.nonce >= ${from} and f.status in ('reserved', 'signed', 'tracking')
			and (greatest(f.updated_at, (select max(broadcast_at) from attempts where effect_id = f.id)) < now() - ${idleMs} * interval '1 millisecond'
				or (f.cancel_requested_at is not null and not exists (select 1 from attempts where effect_id = f.id and cancels)))
		order by f.nonce limit ${NEGLECTED_AT_A_TIME}`);
	return rows.map((row) => row.id);
}

/** A transaction that has a nonce and no verdict. */
export interface OpenEffect extends LaneKey {
	readonly effect: string;
	readonly nonce: string;
	readonly kind: string;
	readonly status: string;
	/** How often it was signed. */
	readonly attempts: number;
	/** Since its first signature; before that since it was intended. */
	readonly seconds: number;
	readonly cancelRequested: boolean;
	/** What the node said when it was sent last, where that was no yes. */
	readonly refusal: string | null;
	/** The last look has found its nonce spent by none of our hashes. */
	readonly isSuspect: boolean;
}

/** By lane, lowest nonce first. */
export async function readOpenEffects(db: Db): Promise<OpenEffect[]> {
	const rows: readonly unknown[] = await db.execute(sql`
		select f.venue, f.signer, f.id as effect, f.nonce::text as nonce, f.kind, f.status, count(a.hash)::int as attempts,
			round(extract(epoch from now() - coalesce(min(a.created_at), f.created_at)))::int as seconds,
			(array_agg(a.last_error order by a.created_at desc))[1] as refusal,
			f.cancel_requested_at is not null as "cancelRequested", f.foreign_since is not null as "isSuspect"
		from effects f left join attempts a on a.effect_id = f.id
		where f.status in ('reserved', 'signed', 'tracking') group by f.id order by f.venue, f.signer, f.nonce`);
	return rows as OpenEffect[];
}
