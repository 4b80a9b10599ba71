/** Holds move with the funds; every change here is audited by trigger. */
import { and, asc, eq, inArray, ne, sql } from 'drizzle-orm';
import { holds } from '../../drizzle/schema/earmarks.ts';
import type { Hold } from '../earmark/earmark.ts';
import { type HoldState, holdStatesBefore } from '../earmark/hold-state.ts';
import { InvariantError } from '../errors.ts';
import { type Amount, amount } from '../money/amount.ts';
import type { Db, Tx } from './db.ts';

export type HoldDraft = Omit<Hold, 'id'>;

export async function placeHolds(tx: Tx, drafts: readonly HoldDraft[]): Promise<void> {
	const rows = drafts.filter((draft) => draft.amount > 0n);
	if (rows.length > 0) await tx.insert(holds).values(rows);
}

/** Holds of an earmark that are not released. */
export async function readHolds(db: Db | Tx, earmarkId: string): Promise<Hold[]> {
	const rows = await db
		.select()
		.from(holds)
		.where(and(eq(holds.earmarkId, earmarkId), ne(holds.state, 'released')))
		.orderBy(asc(holds.createdAt), asc(holds.id));
	return rows.map((row) => ({
		id: row.id,
		earmarkId: row.earmarkId,
		legId: row.legId,
		venue: row.venue,
		asset: row.asset,
		amount: amount(row.amount),
		state: row.state as HoldState,
	}));
}

/** Moves one hold on; `leftAtBlock` says from which block on a snapshot has absorbed the movement. */
export async function moveHold(
	tx: Tx,
	{ id, to, amount: units, leftAtBlock }: { id: string; to: HoldState; amount?: Amount; leftAtBlock?: bigint },
): Promise<void> {
	const rows = await tx
		.update(holds)
		.set({
			state: to,
			...(units === undefined ? {} : { amount: units }),
			...(leftAtBlock === undefined ? {} : { leftAtBlock }),
			updatedAt: sql`now()`,
			version: sql`${holds.version} + 1`,
		})
		.where(and(eq(holds.id, id), inArray(holds.state, [to, ...holdStatesBefore(to)])))
		.returning({ id: holds.id });
	if (rows.length === 0) throw new InvariantError(`hold ${id} cannot become ${to}`, { holdId: id });
}
