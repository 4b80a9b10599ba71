/** `src/store/allowances.ts` in memory. */
import { amount } from '../../../src/money/amount.ts';
import type * as real from '../../../src/store/allowances.ts';
import { intendEffects, mayHaveLeft } from './effects.ts';
import { type EffectRow, tablesOf } from './memory.ts';

const OPEN: readonly string[] = ['intended', 'reserved', 'signed', 'tracking'];
const GIVEN: readonly string[] = ['reserved', 'signed', 'tracking', 'confirmed'];

const sharesAllowance = (one: Pick<EffectRow, 'venue' | 'signer' | 'spendToken' | 'spender'>, other: EffectRow) =>
	one.venue === other.venue && one.signer === other.signer && one.spendToken === other.spendToken && one.spender === other.spender;

const isOfSameOwner = (one: EffectRow, other: EffectRow) => one.ownerKind === other.ownerKind && one.ownerId === other.ownerId;

const mayStand = ({ nonce, status }: EffectRow) => nonce !== null && status !== 'reverted' && status !== 'cancelled';

export const intendReset: typeof real.intendReset = async (tx, ofOwner) => {
	const memory = await tablesOf(tx);
	for (const allowed of ofOwner) {
		const { id, ownerKind, ownerId, hop, venue, signer, spend } = allowed;
		if (spend === null) continue;
		const place = { venue, signer, spendToken: spend.token, spender: spend.spender };
		const since = memory.effects.find((row) => row.id === id)?.createdAt;
		const isCountedIn = memory.effects.some(
			(row) =>
				(row.kind === 'approve' || row.kind === 'reset') &&
				mayStand(row) &&
				sharesAllowance(place, row) &&
				since !== undefined &&
				row.updatedAt >= since,
		);
		if (!mayHaveLeft(allowed) && !isCountedIn) continue;
		const zero = { ...spend, amount: amount(0n) };
		return intendEffects(tx, [{ ownerKind, ownerId, hop, venue, signer, spend: zero, kind: 'reset', try: 1 }]);
	}
};

export const isBeingSpent: typeof real.isBeingSpent = async (db, { ownerId, venue, signer, spend }) => {
	const memory = await tablesOf(db);
	if (spend === null) return false;
	const place = { venue, signer, spendToken: spend.token, spender: spend.spender };
	const others = memory.effects.filter((row) => row.ownerId !== ownerId && sharesAllowance(place, row));
	return others.some(
		(spending) =>
			['send', 'claim', 'purchase'].includes(spending.kind) &&
			OPEN.includes(spending.status) &&
			others.some((row) => isOfSameOwner(row, spending) && row.kind === 'approve' && GIVEN.includes(row.status)),
	);
};
