/** An earmark follows its demand: lowered, it frees what it holds too much; raised or short, it is given more funds, held or sent. */
import type { Address } from 'viem';
import type { Earmark, LegDraft } from '../earmark/earmark.ts';
import { EARMARK_GROWING } from '../earmark/state.ts';
import type { Amount } from '../money/amount.ts';
import { createLeg } from './commitment.ts';
import { freeExcess, readShortfall } from './coverage.ts';
import { ConflictError, lockEarmarks, type Tx } from './db.ts';
import { nextGeneration, readEarmark, setEarmarkAmount, setEarmarkStatus } from './earmarks.ts';
import { mayHaveLeft, readEffectsOf } from './effects.ts';
import { placeHolds } from './holds.ts';
import { wake } from './outbox.ts';

/**
 * The demand asks for `amount` now (base units at the earmark's venue). Excess is free at once; a shortfall is written down and wakes the planner,
 * which brings exactly what is missing. Repeating it changes nothing. Returns the shortfall.
 */
export async function adjustEarmark(tx: Tx, earmarkId: string, amount: Amount): Promise<Amount> {
	await lockEarmarks(tx, [earmarkId]);
	await refuseOncePaying(tx, earmarkId);
	await setEarmarkAmount(tx, earmarkId, amount);
	const earmark = await readEarmark(tx, earmarkId);
	await freeExcess(tx, earmark);
	const short = await readShortfall(tx, earmark);
	if (short > 0n) await wake(tx, { topic: 'plan' });
	return short;
}

interface TopUp {
	readonly earmark: Earmark;
	/** Base units at the earmark's venue that were free there. */
	readonly local: Amount;
	readonly legs: readonly LegDraft[];
	readonly signer: Address;
}

/**
 * More funds for an earmark: holds, legs, effects and the flow's next generation in one transaction, so that a crash leaves all of it or
 * nothing. Under the locks of the inventory and of the earmark. Returns the ids of the legs. Throws `ConflictError` once its purchase has a nonce.
 */
export async function topUp(tx: Tx, { earmark, local, legs, signer }: TopUp): Promise<string[]> {
	await refuseOncePaying(tx, earmark.id);
	const { id: earmarkId, venue, asset } = earmark;
	await placeHolds(tx, [{ earmarkId, legId: null, venue, asset, amount: local, state: 'confirmed' }]);
	const legIds: string[] = [];
	for (const leg of legs) legIds.push(await createLeg(tx, { earmarkId, leg, signer }));
	if (legs.length === 0) {
		await wake(tx, { topic: 'settle', earmarkId });
		return legIds;
	}
	if ((await readEarmark(tx, earmarkId)).status === 'settling') await setEarmarkStatus(tx, { id: earmarkId, to: 'moving' });
	await wake(tx, { topic: 'flow', earmarkId, generation: await nextGeneration(tx, earmarkId) });
	return legIds;
}

async function refuseOncePaying(tx: Tx, earmarkId: string): Promise<void> {
	const { status } = await readEarmark(tx, earmarkId);
	const effects = await readEffectsOf(tx, 'earmark', [earmarkId]);
	if (EARMARK_GROWING.includes(status) && !effects.some((each) => each.kind === 'purchase' && mayHaveLeft(each))) return;
	throw new ConflictError(`earmark ${earmarkId} is ${status} and follows its demand no more`, { earmarkId });
}
