/** What happens to a leg, each event one transaction's worth: effect, hop, leg, holds and wake-up change together or not at all. */
import type { Delivery, Evidence, MinedCall } from '../bridge/bridge.ts';
import type { Hold } from '../earmark/earmark.ts';
import { type Effect, latestEffect } from '../leg/effect.ts';
import type { Hop, Leg } from '../leg/leg.ts';
import { isLegTerminal } from '../leg/state.ts';
import { intendReset } from './allowances.ts';
import { freeExcess, readShortfall } from './coverage.ts';
import { ConflictError, lockEarmarks, type Tx } from './db.ts';
import { readEarmark, setEarmarkStatus } from './earmarks.ts';
import { dropEffects, intendEffects, mayHaveLeft, readEffectsOf, resolveEffect, type Verdict } from './effects.ts';
import { moveHold, readHolds } from './holds.ts';
import { absorbNow, claimIncoming } from './inventory.ts';
import { post } from './ledger.ts';
import { readLeg, readLegsOf, setHopStatus, setLegStatus } from './legs.ts';
import { wake } from './outbox.ts';

/** A nonce of the leg has committed: from here on money may have left, so leg and earmark leave `planned`. Under the earmark's lock. */
export async function legStarted(tx: Tx, { leg, hop, effect }: { leg: Leg; hop: Hop; effect: Effect }): Promise<void> {
	const now = await readLeg(tx, leg.id);
	if (now.status === 'planned') await setLegStatus(tx, { id: leg.id, to: 'sending' });
	if (now.hops[hop.index]?.status === 'planned') await setHopStatus(tx, { id: hop.id, to: 'sending' });
	if ((await readEarmark(tx, leg.earmarkId)).status === 'planned') await setEarmarkStatus(tx, { id: leg.earmarkId, to: 'moving' });
	if (effect.kind !== 'send') return;
	for (const hold of await holdsAt(tx, leg, hop.origin)) await moveHold(tx, { id: hold.id, to: 'pending_out' });
}

/** The sending call is final: the bridge has the funds. */
export async function hopSent(
	tx: Tx,
	{ leg, hop, effect, mined, evidence }: { leg: Leg; hop: Hop; effect: Effect; mined: MinedCall; evidence: Evidence },
): Promise<void> {
	await lockEarmarks(tx, [leg.earmarkId]);
	await resolveOnly(tx, effect, mined);
	await setHopStatus(tx, { id: hop.id, to: 'in_flight', evidence });
	if (leg.status !== 'in_flight') await setLegStatus(tx, { id: leg.id, to: 'in_flight' });
	for (const hold of await holdsAt(tx, leg, hop.origin))
		await moveHold(tx, { id: hold.id, to: 'pending_out', leftAtBlock: mined.blockNumber });
	await absorbNow(tx, { venue: hop.origin, asset: leg.asset, earmarkId: leg.earmarkId });
	const moves = [{ venue: hop.origin, from: 'wallet', to: 'in_flight', amount: hop.send } as const];
	await post(tx, { event: 'sent', ...ledgerRefs(leg), tx: mined.transactionHash, moves });
}

/**
 * The funds have arrived: the inbound hold becomes a hold on confirmed funds, of what really came. What the earmark does not need any
 * more is free at once.
 */
export async function deliverHop(
	tx: Tx,
	{ leg, hop, proof, delivery }: { leg: Leg; hop: Hop; proof: Evidence; delivery: Delivery },
): Promise<void> {
	await lockEarmarks(tx, [leg.earmarkId]);
	await setHopStatus(tx, { id: hop.id, to: 'delivered', proof, delivered: delivery.amount, deliveredTx: delivery.transactionHash });
	await claimIncoming(tx, { ...delivery, asset: leg.asset });
	await setLegStatus(tx, { id: leg.id, to: 'delivered', delivered: delivery.amount });
	for (const { id } of await holdsAt(tx, leg, hop.destination))
		await moveHold(tx, delivery.amount === 0n ? { id, to: 'released' } : { id, to: 'confirmed', amount: delivery.amount });
	await postArrival(tx, { leg, hop, delivery, event: 'delivered' });
	await freeExcess(tx, await readEarmark(tx, leg.earmarkId));
	await wakeWhatFollows(tx, leg.earmarkId);
}

/** The funds came back to the origin: they are free there, and nothing is inbound any more. */
export async function returnHop(
	tx: Tx,
	{ leg, hop, proof, delivery }: { leg: Leg; hop: Hop; proof: Evidence; delivery: Delivery },
): Promise<void> {
	await lockEarmarks(tx, [leg.earmarkId]);
	await setHopStatus(tx, { id: hop.id, to: 'returned', proof, delivered: delivery.amount, deliveredTx: delivery.transactionHash });
	await claimIncoming(tx, { ...delivery, asset: leg.asset });
	await setLegStatus(tx, { id: leg.id, to: 'returned', delivered: delivery.amount, reason: 'RETURNED' });
	await releaseInbound(tx, leg);
	await postArrival(tx, { leg, hop, delivery, event: 'returned' });
	await wakeWhatFollows(tx, leg.earmarkId);
}

/**
 * Final revert: the same act may be tried once more, as a new effect, if it is still wanted. What it would have spent is approved anew:
 * somebody else may have approved meanwhile, and has counted only what still waited then.
 */
export async function tryAgain(tx: Tx, { effect, mined }: { effect: Effect; mined: MinedCall }): Promise<void> {
	await resolveReverted(tx, effect, mined);
	const { ownerKind, ownerId, hop, kind, venue, signer, spend } = effect;
	if (kind !== 'reset' && !(await isStillWanted(tx, effect))) return;
	const again = { ownerKind, ownerId, hop, venue, signer, spend } as const;
	const approve = kind === 'approve' ? null : latestEffect(await readEffectsOf(tx, ownerKind, [ownerId]), 'approve', hop);
	await intendEffects(tx, [
		...(approve === null ? [] : [{ ...again, kind: 'approve', try: approve.try + 1 } as const]),
		{ ...again, kind, try: effect.try + 1 },
	]);
}

/** A leg of an earmark that has been given up ends here instead; an earmark that does not settle any more has nothing to pay. */
async function isStillWanted(tx: Tx, { ownerKind, ownerId }: Effect): Promise<boolean> {
	if (ownerKind === 'earmark') return (await readEarmark(tx, ownerId)).status === 'settling';
	const leg = await readLeg(tx, ownerId);
	const earmark = await readEarmark(tx, leg.earmarkId);
	if (isLegTerminal(leg.status)) return false;
	if (earmark.status !== 'compensating') return true;
	await endUnsentLeg(tx, ownerId, earmark.reason ?? 'COMPENSATING');
	await wakeWhatFollows(tx, earmark.id);
	return false;
}

/** Given up, proven that nothing left: no sending nonce was ever committed, or it reverted finally. */
export async function failLeg(
	tx: Tx,
	{ leg, effect, mined, reason }: { leg: Leg; effect: Effect; mined: MinedCall | null; reason: string },
): Promise<void> {
	await lockEarmarks(tx, [leg.earmarkId]);
	if (mined !== null) await resolveReverted(tx, effect, mined);
	if (!(await endUnsentLeg(tx, leg.id, reason)))
		throw new ConflictError(`leg ${leg.id} has a sending nonce: it is followed to its end`, { legId: leg.id });
	await wakeWhatFollows(tx, leg.earmarkId);
}

/**
 * Ends a leg of which nothing has left, and frees what it holds. Answers false, and changes nothing, when a sending nonce has committed:
 * such a leg is followed to its end. Under the earmark's lock.
 */
export async function endUnsentLeg(tx: Tx, legId: string, reason: string): Promise<boolean> {
	const written = await readEffectsOf(tx, 'leg', [legId]);
	if (written.some((each) => each.kind === 'send' && mayHaveLeft(each))) return false;
	await dropEffects(tx, 'leg', legId);
	await intendReset(tx, written);
	const leg = await readLeg(tx, legId);
	for (const hop of leg.hops.filter((each) => !isLegTerminal(each.status)))
		await setHopStatus(tx, { id: hop.id, to: hop.status === 'planned' ? 'cancelled' : 'failed' });
	await setLegStatus(tx, { id: legId, to: leg.status === 'planned' ? 'cancelled' : 'failed', reason });
	for (const hold of await readHolds(tx, leg.earmarkId)) if (hold.legId === legId) await moveHold(tx, { id: hold.id, to: 'released' });
	return true;
}

/** Confirmed, and nothing else follows from it. */
export async function resolveOnly(tx: Tx, effect: Effect, mined: MinedCall): Promise<void> {
	await resolve(tx, effect, { mined, to: 'confirmed' });
}

/** Reverted finally: the act came to nothing, and what would have left with it is still there. */
export async function resolveReverted(tx: Tx, effect: Effect, mined: MinedCall): Promise<void> {
	const earmarkId = effect.ownerKind === 'earmark' ? effect.ownerId : (await readLeg(tx, effect.ownerId)).earmarkId;
	await lockEarmarks(tx, [earmarkId]);
	await resolve(tx, effect, { mined, to: 'reverted' });
	if (effect.kind !== 'send' && effect.kind !== 'purchase') return;
	for (const hold of await readHolds(tx, earmarkId)) {
		const isOurs = hold.legId === (effect.ownerKind === 'leg' ? effect.ownerId : hold.legId) && hold.venue === effect.venue;
		if (isOurs && hold.state === 'pending_out') await moveHold(tx, { id: hold.id, to: 'confirmed' });
	}
}

async function resolve(tx: Tx, effect: Effect, { mined, to }: { mined: MinedCall; to: Verdict['to'] }): Promise<void> {
	const logs = mined.logs.map(({ address, topics, data, logIndex }) => ({ address, topics, data, logIndex }));
	await resolveEffect(tx, effect.id, { to, hash: mined.transactionHash, blockNumber: mined.blockNumber, logs, reason: null });
}

async function holdsAt(tx: Tx, leg: Leg, venue: string): Promise<Hold[]> {
	const all = await readHolds(tx, leg.earmarkId);
	return all.filter((hold) => hold.legId === leg.id && hold.venue === venue);
}

async function releaseInbound(tx: Tx, leg: Leg): Promise<void> {
	const all = await readHolds(tx, leg.earmarkId);
	for (const hold of all.filter((each) => each.legId === leg.id && each.state === 'inbound'))
		await moveHold(tx, { id: hold.id, to: 'released' });
}

async function postArrival(
	tx: Tx,
	{ leg, hop, delivery, event }: { leg: Leg; hop: Hop; delivery: Delivery; event: 'delivered' | 'returned' },
): Promise<void> {
	await post(tx, {
		event,
		...ledgerRefs(leg),
		tx: delivery.transactionHash,
		moves: [
			{ venue: hop.origin, from: 'in_flight', to: 'bridge', amount: hop.send },
			{ venue: delivery.venue, from: 'bridge', to: 'wallet', amount: delivery.amount },
		],
	});
}

function ledgerRefs({ earmarkId, id, asset }: Leg) {
	return { earmarkId, legId: id, asset };
}

/**
 * The transaction that ends an earmark's last leg wakes its settlement, and the one that proves value missing wakes the planner, which
 * does not wait for the other legs; the flow is only one of several wake-ups.
 */
async function wakeWhatFollows(tx: Tx, earmarkId: string): Promise<void> {
	const earmark = await readEarmark(tx, earmarkId);
	const legs = await readLegsOf(tx, earmarkId);
	if (legs.every((leg) => isLegTerminal(leg.status))) return wake(tx, { topic: 'settle', earmarkId });
	// Of a leg that has ended an approval may still be on its lane, with a nonce that others wait behind.
	if (legs.some((leg) => leg.status === 'failed')) await wake(tx, { topic: 'settle', earmarkId });
	if (earmark.status !== 'compensating' && (await readShortfall(tx, earmark)) > 0n) await wake(tx, { topic: 'plan' });
}
