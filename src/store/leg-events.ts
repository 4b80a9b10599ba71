/** What happens to a leg, each event one transaction's worth: effect, hop, leg, holds and wake-up change together or not at all. */
import type { Delivery, Evidence, MinedCall } from '../bridge/bridge.ts';
import type { Hold } from '../earmark/earmark.ts';
import type { Effect } from '../leg/effect.ts';
import type { Hop, Leg } from '../leg/leg.ts';
import { isLegTerminal } from '../leg/state.ts';
import { ConflictError, lockEarmarks, type Tx } from './db.ts';
import { readEarmark, setEarmarkStatus } from './earmarks.ts';
import { dropEffects, intendEffects, intendReset, mayHaveLeft, readEffectsOf, resolveEffect, type Verdict } from './effects.ts';
import { moveHold, readHolds } from './holds.ts';
import { absorbNow, claimIncoming } from './inventory.ts';
import { readLeg, readLegsOf, setHopStatus, setLegStatus } from './legs.ts';
import { wake } from './outbox.ts';

/** A nonce of the leg has committed: from here on money may have left, so leg and earmark leave `planned`. */
export async function legStarted(tx: Tx, { leg, hop, effect }: { leg: Leg; hop: Hop; effect: Effect }): Promise<void> {
	await lockEarmarks(tx, [leg.earmarkId]);
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
}

/** The funds have arrived: the inbound hold becomes a hold on confirmed funds, of what really came. */
export async function deliverHop(
	tx: Tx,
	{ leg, hop, proof, delivery }: { leg: Leg; hop: Hop; proof: Evidence; delivery: Delivery },
): Promise<void> {
	await lockEarmarks(tx, [leg.earmarkId]);
	await setHopStatus(tx, { id: hop.id, to: 'delivered', proof, delivered: delivery.amount, deliveredTx: delivery.transactionHash });
	await claimIncoming(tx, { ...delivery, asset: leg.asset });
	await setLegStatus(tx, { id: leg.id, to: 'delivered', delivered: delivery.amount });
	for (const hold of await holdsAt(tx, leg, hop.destination)) await moveHold(tx, { id: hold.id, to: 'confirmed', amount: delivery.amount });
	await wakeSettlement(tx, leg.earmarkId);
}

/** The funds came back to the origin: they are free there, and nothing is inbound any more. */
export async function returnHop(
	tx: Tx,
	{ leg, hop, proof, delivery }: { leg: Leg; hop: Hop; proof: Evidence; delivery: Delivery },
): Promise<void> {
	await lockEarmarks(tx, [leg.earmarkId]);
	await setHopStatus(tx, { id: hop.id, to: 'returned', proof, delivered: delivery.amount });
	await setLegStatus(tx, { id: leg.id, to: 'returned', delivered: delivery.amount, reason: 'RETURNED' });
	await releaseLegHolds(tx, leg);
	await wakeSettlement(tx, leg.earmarkId);
}

/** Final revert: the same act may be tried once more, as a new effect. */
export async function tryAgain(tx: Tx, { effect, mined }: { effect: Effect; mined: MinedCall }): Promise<void> {
	await resolveReverted(tx, effect, mined);
	const { ownerKind, ownerId, hop, kind, venue, signer, spend } = effect;
	await intendEffects(tx, [{ ownerKind, ownerId, hop, kind, venue, signer, spend, try: effect.try + 1 }]);
}

/** Given up, proven that nothing left: no sending nonce was ever committed, or it reverted finally. */
export async function failLeg(
	tx: Tx,
	{ leg, hop, effect, mined, reason }: { leg: Leg; hop: Hop; effect: Effect | null; mined: MinedCall | null; reason: string },
): Promise<void> {
	await lockEarmarks(tx, [leg.earmarkId]);
	if (effect !== null && mined !== null) await resolveReverted(tx, effect, mined);
	await dropEffects(tx, 'leg', leg.id);
	const written = await readEffectsOf(tx, 'leg', [leg.id]);
	if (written.some((each) => each.kind === 'send' && mayHaveLeft(each))) {
		throw new ConflictError(`leg ${leg.id} has a sending nonce: it is followed to its end`, { legId: leg.id });
	}
	await intendReset(tx, written);
	const now = await readLeg(tx, leg.id);
	const to = now.status === 'planned' ? 'cancelled' : 'failed';
	await setHopStatus(tx, { id: hop.id, to: now.hops[hop.index]?.status === 'planned' ? 'cancelled' : 'failed' });
	await setLegStatus(tx, { id: leg.id, to, reason });
	for (const hold of await holdsAt(tx, leg, hop.origin)) await moveHold(tx, { id: hold.id, to: 'released' });
	await releaseLegHolds(tx, leg);
	await wakeSettlement(tx, leg.earmarkId);
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

async function releaseLegHolds(tx: Tx, leg: Leg): Promise<void> {
	const all = await readHolds(tx, leg.earmarkId);
	for (const hold of all.filter((each) => each.legId === leg.id && each.state === 'inbound'))
		await moveHold(tx, { id: hold.id, to: 'released' });
}

/** The transaction that ends an earmark's last leg wakes its settlement; the flow is only one of several wake-ups. */
async function wakeSettlement(tx: Tx, earmarkId: string): Promise<void> {
	const legs = await readLegsOf(tx, earmarkId);
	if (legs.every((leg) => isLegTerminal(leg.status))) await wake(tx, { topic: 'settle', earmarkId });
}
