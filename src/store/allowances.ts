/** Allowances that several owners share: one lane, token and spender have one number on the chain for all who wait to spend. */
import { sql } from 'drizzle-orm';
import type { Effect } from '../leg/effect.ts';
import { amount } from '../money/amount.ts';
import type { Db, Tx } from './db.ts';
import { intendEffects, mayHaveLeft } from './effects.ts';

/**
 * Takes back the allowance of an owner that may have one it does not spend: its own approval went out, or somebody else's did while its
 * spending call was waiting, and has counted it in.
 */
export async function intendReset(tx: Tx, ofOwner: readonly Effect[]): Promise<void> {
	for (const allowed of ofOwner.filter((effect) => effect.spend !== null)) {
		if (!mayHaveLeft(allowed) && !(await isCountedIn(tx, allowed))) continue;
		const { ownerKind, ownerId, hop, venue, signer, spend } = allowed;
		if (spend === null) continue;
		await intendEffects(tx, [{ ownerKind, ownerId, hop, venue, signer, spend: { ...spend, amount: amount(0n) }, kind: 'reset', try: 1 }]);
		return;
	}
}

async function isCountedIn(tx: Tx, { id, spend, venue, signer }: Effect): Promise<boolean> {
	if (spend === null) return false;
	const rows = await tx.execute(sql`
		select 1 from effects approve where approve.kind in ('approve', 'reset') and approve.nonce is not null
			and approve.status not in ('reverted', 'cancelled') and approve.venue = ${venue}
			and approve.signer = ${signer} and approve.spend_token = ${spend.token} and approve.spender = ${spend.spender}
			and approve.updated_at >= (select created_at from effects where id = ${id})
		limit 1`);
	return rows.length > 0;
}

/** Whether another owner has been given this allowance, wholly or in part, and has still to spend it. */
export async function isBeingSpent(db: Db, effect: Effect): Promise<boolean> {
	if (effect.spend === null) return false;
	const rows = await db.execute(sql`
		select 1 from effects spending join effects approved using (owner_kind, owner_id, venue, signer, spend_token, spender)
		where spending.kind in ('send', 'claim', 'purchase') and spending.status in ('intended', 'reserved', 'signed', 'tracking')
			and approved.kind = 'approve' and approved.status in ('reserved', 'signed', 'tracking', 'confirmed')
			and owner_id <> ${effect.ownerId} and venue = ${effect.venue} and signer = ${effect.signer}
			and spend_token = ${effect.spend.token} and spender = ${effect.spend.spender}
		limit 1`);
	return rows.length > 0;
}
