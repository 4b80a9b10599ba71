/** Rows whose next action is due: what the reconciler wonders about. */
import { inArray, sql } from 'drizzle-orm';
import { demands } from '../../drizzle/schema/demands.ts';
import { earmarks, rebalanceOperations } from '../../drizzle/schema/earmarks.ts';
import { EARMARK_ACTIVE } from '../earmark/state.ts';
import { LEG_ACTIVE } from '../leg/state.ts';
import type { Db } from './db.ts';

const WORK = {
	legs: { table: rebalanceOperations, states: LEG_ACTIVE, which: sql`earmark_id is not null and` },
	earmarks: { table: earmarks, states: EARMARK_ACTIVE, which: sql`` },
	demands: { table: demands, states: ['open', 'earmarked'], which: sql`` },
} as const;
export type Work = keyof typeof WORK;

/**
 * Rows that no job has pushed on in time, longest due first, at most `limit`. Their next look is put off by `againAfterMs` in the same statement,
 * and rows that somebody writes now are left for later, so that no two schedulers take the same one.
 */
export async function takeDue(
	db: Db,
	work: 'legs' | 'earmarks',
	{ limit, againAfterMs }: { limit: number; againAfterMs: number },
): Promise<{ id: string; earmarkId: string }[]> {
	const { table, states, which } = WORK[work];
	const rows = await db.execute<{ id: string; earmark_id: string }>(sql`
		with due as (
			select id from ${table} where ${which} ${inArray(table.status, [...states])} and next_action_at <= now()
			order by next_action_at limit ${limit} for update skip locked
		)
		update ${table} set next_action_at = now() + ${againAfterMs} * interval '1 millisecond'
		from due where ${table.id} = due.id returning ${table.id}, ${work === 'legs' ? rebalanceOperations.earmarkId : earmarks.id} as earmark_id`);
	return rows.map((row) => ({ id: row.id, earmarkId: row.earmark_id }));
}

/**
 * Makes all unended work of one kind due now, in portions of `portion` rows, each a statement of its own, so that nobody waits long for a row.
 * Returns how many rows there were.
 */
export async function makeAllDue(db: Db, work: Work, portion: number): Promise<number> {
	const { table, states, which } = WORK[work];
	let count = 0;
	for (let after = '00000000-0000-0000-0000-000000000000'; ; ) {
		const rows = await db.execute<{ id: string }>(sql`
			with chosen as (
				select id from ${table} where id > ${after}::uuid and ${which} ${inArray(table.status, [...states])}
				order by id limit ${portion} for update
			)
			update ${table} set next_action_at = least(${table.nextActionAt}, now()) from chosen where ${table.id} = chosen.id returning ${table.id}`);
		count += rows.length;
		const last = rows
			.map((row) => row.id)
			.sort()
			.at(-1);
		if (last === undefined || rows.length < portion) return count;
		after = last;
	}
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
