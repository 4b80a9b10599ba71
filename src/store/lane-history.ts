/** What a lane has sent before. */
import { and, asc, desc, eq, gte, lt } from 'drizzle-orm';
import type { Hex } from 'viem';
import { attempts, effects } from '../../drizzle/schema/effects.ts';
import type { Db } from './db.ts';

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
