/** Rows whose next action is due: what the reconciler wonders about. */
import { and, asc, inArray, lte, sql } from 'drizzle-orm';
import { earmarks, rebalanceOperations } from '../../drizzle/schema/earmarks.ts';
import { EARMARK_ACTIVE } from '../earmark/state.ts';
import { LEG_ACTIVE } from '../leg/state.ts';
import type { Db } from './db.ts';

/** Legs under way that no job has pushed on in time, longest due first. */
export async function dueLegs(db: Db, limit: number): Promise<{ id: string; earmarkId: string }[]> {
	return db
		.select({ id: rebalanceOperations.id, earmarkId: rebalanceOperations.earmarkId })
		.from(rebalanceOperations)
		.where(and(inArray(rebalanceOperations.status, [...LEG_ACTIVE]), lte(rebalanceOperations.nextActionAt, sql`now()`)))
		.orderBy(asc(rebalanceOperations.nextActionAt))
		.limit(limit);
}

/** Active earmarks that no job has pushed on in time, longest due first. */
export async function dueEarmarks(db: Db, limit: number): Promise<string[]> {
	const rows = await db
		.select({ id: earmarks.id })
		.from(earmarks)
		.where(and(inArray(earmarks.status, [...EARMARK_ACTIVE]), lte(earmarks.nextActionAt, sql`now()`)))
		.orderBy(asc(earmarks.nextActionAt))
		.limit(limit);
	return rows.map((row) => row.id);
}

/** Earmarks of which something has ended (they themselves, or a leg) whose approvals or resets have not been touched for so long. */
export async function endedWithOpenAllowances(db: Db, idleMs: number): Promise<string[]> {
	const rows = await db.execute<{ earmark_id: string }>(sql`
		select distinct e.id as earmark_id
		from effects f
		left join rebalance_operations o on f.owner_kind = 'leg' and o.id = f.owner_id
		join earmarks e on e.id = coalesce(o.earmark_id, f.owner_id)
		where f.kind in ('approve', 'reset') and f.status in ('intended', 'reserved', 'signed', 'tracking')
			and (e.status in ('settled', 'cancelled') or o.status in ('delivered', 'returned', 'failed', 'cancelled')) and f.updated_at < now() - ${idleMs} * interval '1 millisecond'
		limit 100`);
	return rows.map((row) => row.earmark_id);
}
