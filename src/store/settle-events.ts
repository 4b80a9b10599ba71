/** What happens at the end of an earmark, each event one transaction's worth. */
import type { Address } from 'viem';
import type { Earmark } from '../earmark/earmark.ts';
import type { Spend } from '../earmark/spend.ts';
import { InvariantError } from '../errors.ts';
import type { MinedCall } from '../leg/call.ts';
import type { Effect } from '../leg/effect.ts';
import { isLegTerminal } from '../leg/state.ts';
import { type Amount, amount, type HubAmount, min } from '../money/amount.ts';
import { intendReset } from './allowances.ts';
import { readShortfall } from './coverage.ts';
import { ConflictError, lockEarmarks, type Tx } from './db.ts';
import { setDemandStatus } from './demands.ts';
import { readEarmark, setEarmarkStatus } from './earmarks.ts';
import { intendEffects, readEffect, setSpend } from './effects.ts';
import { moveHold, readHolds } from './holds.ts';
import { absorbNow, snapshotBlocks } from './inventory.ts';
import { postMined } from './ledger.ts';
import { resolveOnly } from './leg-ends.ts';
import { readLegsOf } from './legs.ts';
import { wake } from './outbox.ts';
import { insertReceivable } from './receivables.ts';

/** Everything has arrived: writes the intent to approve and to pay, unless an earlier settling has written it before a top-up. */
export async function beginSettling(
	tx: Tx,
	{ earmark, signer, spend }: { earmark: Earmark; signer: Address; spend: Spend },
): Promise<void> {
	await lockEarmarks(tx, [earmark.id]);
	const isWhole = (await readShortfall(tx, await readEarmark(tx, earmark.id))) === 0n;
	const hasArrived = (await readLegsOf(tx, earmark.id)).every((leg) => isLegTerminal(leg.status));
	if (!isWhole || !hasArrived) throw new ConflictError(`earmark ${earmark.id} is being topped up`, { earmarkId: earmark.id });
	await setEarmarkStatus(tx, { id: earmark.id, to: 'settling' });
	const effect = { ownerKind: 'earmark', ownerId: earmark.id, hop: 0, try: 1, venue: earmark.venue, signer, spend } as const;
	await intendEffects(tx, [
		{ ...effect, kind: 'approve' },
		{ ...effect, kind: 'purchase' },
	]);
}

/** The demand has risen since the approval, and what is held still covers it: approves anew. */
export async function approveAnew(
	tx: Tx,
	{ purchase, approve, spend }: { purchase: Effect; approve: Effect; spend: Spend },
): Promise<void> {
	await lockEarmarks(tx, [purchase.ownerId]);
	const { status } = await readEarmark(tx, purchase.ownerId);
	const { status: stands } = await readEffect(tx, purchase.id);
	if (status !== 'settling' || stands !== 'intended')
		throw new ConflictError(`earmark ${purchase.ownerId} is ${status}, and its purchase ${stands}`, { earmarkId: purchase.ownerId });
	await setSpend(tx, purchase.id, spend.amount);
	const { ownerKind, ownerId, hop, venue, signer } = purchase;
	await intendEffects(tx, [{ ownerKind, ownerId, hop, venue, signer, spend, kind: 'approve', try: approve.try + 1 }]);
}

/** The purchase's nonce has committed: exactly what it pays leaves the held funds, and the excess is free at once. Under the earmark's lock. */
export async function purchaseStarted(
	tx: Tx,
	{ earmarkId, effectId, paid }: { earmarkId: string; effectId: string; paid: Amount },
): Promise<void> {
	const { status, amount: need } = await readEarmark(tx, earmarkId);
	if (status !== 'settling' || need !== paid)
		throw new ConflictError(`earmark ${earmarkId} is ${status} and needs ${need}, not ${paid}: decide again`, { earmarkId });
	await setSpend(tx, effectId, paid);
	let left = paid;
	for (const hold of await heldAtVenue(tx, earmarkId)) {
		const part = min(hold.amount, left);
		await moveHold(tx, { id: hold.id, to: part === 0n ? 'released' : 'pending_out', amount: part === 0n ? hold.amount : part });
		left = amount(left - part);
	}
	if (left !== 0n) throw new InvariantError(`earmark ${earmarkId} would pay ${left} more than it holds`, { earmarkId });
}

interface Purchase {
	readonly intentId: string;
	readonly paid: Amount;
	readonly amountHub: HubAmount;
	/** More was approved than was paid: the rest is taken back. */
	readonly leavesAllowance: boolean;
}

/** The purchase is final: earmark and demand are settled, the intent is a receivable, all in one transaction. `absorbedFrom` as in `hopSent`. */
export async function purchaseFinal(
	tx: Tx,
	{
		earmark,
		effect,
		mined,
		purchase,
		absorbedFrom,
	}: { earmark: Earmark; effect: Effect; mined: MinedCall; purchase: Purchase; absorbedFrom: bigint },
): Promise<void> {
	await lockEarmarks(tx, [earmark.id]);
	await resolveOnly(tx, effect, mined);
	for (const hold of await readHolds(tx, earmark.id)) {
		if (hold.state === 'pending_out' && hold.venue === earmark.venue)
			await moveHold(tx, { id: hold.id, to: 'pending_out', leftAtBlock: absorbedFrom });
	}
	await absorbNow(tx, { venue: earmark.venue, asset: earmark.asset, earmarkId: earmark.id });
	await setEarmarkStatus(tx, { id: earmark.id, to: 'settled', reason: 'PURCHASED' });
	await setDemandStatus(tx, { id: earmark.demandId, to: 'settled', reason: 'PURCHASED' });
	const { intentId, paid, amountHub, leavesAllowance } = purchase;
	await insertReceivable(tx, {
		...{ earmarkId: earmark.id, intentId, asset: earmark.asset, origin: earmark.venue, amount: paid, amountHub },
		lookedUpTo: await snapshotBlocks(tx, earmark.asset),
	});
	await postMined(tx, {
		event: 'purchased',
		...{ earmarkId: earmark.id, legId: null, tx: mined.transactionHash, blockNumber: mined.blockNumber },
		moves: [{ venue: earmark.venue, asset: earmark.asset, from: 'wallet', to: 'receivable', amount: paid }],
	});
	if (!leavesAllowance) return;
	await intendReset(tx, [effect]);
	await wake(tx, { topic: 'settle', earmarkId: earmark.id });
}

/** Confirmed funds that the earmark holds at its venue. */
async function heldAtVenue(tx: Tx, earmarkId: string) {
	const earmark = await readEarmark(tx, earmarkId);
	const holds = await readHolds(tx, earmarkId);
	return holds.filter((hold) => hold.state === 'confirmed' && hold.venue === earmark.venue && hold.asset === earmark.asset);
}
