/** How acts and legs end when they come to nothing, and what their end wakes. */

import type { RouteNews } from '../leg/breaker-change.ts';
import type { MinedCall } from '../leg/call.ts';
import { type Effect, latestEffect } from '../leg/effect.ts';
import type { Leg } from '../leg/leg.ts';
import { endedByItsQuote } from '../leg/quote-moved.ts';
import { isLegTerminal } from '../leg/state.ts';
import { ZERO } from '../money/amount.ts';
import { routeId } from '../plan/route-id.ts';
import { intendReset } from './allowances.ts';
import { readShortfall } from './coverage.ts';
import { ConflictError, lockEarmarks, type Tx } from './db.ts';
import { readEarmark } from './earmarks.ts';
import { dropEffects, intendEffects, mayHaveLeft, readEffect, readEffectsOf, resolveEffect, type Verdict } from './effects.ts';
import { moveHold, readHolds } from './holds.ts';
import { readLeg, readLegsOf, setHopStatus, setLegStatus } from './legs.ts';
import { wake } from './outbox.ts';
import { countEnds } from './route-breakers.ts';

/**
 * Final revert: the same act may be tried once more, as a new effect, if it is still wanted. What it would have spent is approved anew:
 * somebody else may have approved meanwhile, and has counted only what still waited then.
 */
export async function tryAgain(tx: Tx, { effect, mined }: { effect: Effect; mined: MinedCall }): Promise<void> {
	await resolveReverted(tx, effect, mined);
	const { ownerKind, ownerId, hop, kind, venue, signer, spend } = effect;
	// A claim brings what has left already, so it is always wanted.
	if (kind !== 'reset' && kind !== 'claim' && !(await isStillWanted(tx, effect))) return;
	const again = { ownerKind, ownerId, hop, venue, signer, spend } as const;
	// A claim spends nothing, and what its hop has approved was for sending.
	const approve =
		kind === 'approve' || kind === 'claim' ? null : latestEffect(await readEffectsOf(tx, ownerKind, [ownerId]), 'approve', hop);
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
	await endIdleLeg(tx, ownerId, earmark.reason ?? 'COMPENSATING');
	await wakeWhatFollows(tx, earmark.id);
	await countEnds(tx, { end: null, over: [ownerId] });
	return false;
}

/**
 * Given up, proven that nothing left by this effect: no sending nonce was ever committed, or it reverted finally. What an earlier hop has
 * delivered is free where it is. It counts against the route, unless an operator has cancelled it or its quote
 * has moved.
 */
export async function failLeg(
	tx: Tx,
	{ leg, effect, mined, reason }: { leg: Leg; effect: Effect; mined: MinedCall | null; reason: string },
): Promise<RouteNews[]> {
	await lockEarmarks(tx, [leg.earmarkId]);
	if (mined !== null) await resolveReverted(tx, effect, mined);
	if (!(await endIdleLeg(tx, leg.id, reason)))
		throw new ConflictError(`leg ${leg.id} has a sending nonce: it is followed to its end`, { legId: leg.id });
	await wakeWhatFollows(tx, leg.earmarkId);
	const hop = leg.hops[effect.hop];
	// Neither an operator's word nor another price says that the route does not work.
	const isNoFault = endedByItsQuote({ reason }) || (await readEffect(tx, effect.id)).status === 'cancelled';
	const end = hop === undefined || isNoFault ? null : ({ legId: leg.id, route: routeId(hop), kind: 'failed', why: reason } as const);
	return countEnds(tx, { end, over: [leg.id] });
}

/**
 * Ends a leg of which nothing is under way, because nothing has left or because it stands between two hops, and frees what it holds.
 * Answers false, and changes nothing, when the sending nonce of its present hop has committed: such a leg is followed to its end. Under
 * the earmark's lock. What it tried is for the caller to give back, at the end of its transaction.
 */
export async function endIdleLeg(tx: Tx, legId: string, reason: string): Promise<boolean> {
	const leg = await readLeg(tx, legId);
	const present = leg.hops.find((hop) => !isLegTerminal(hop.status));
	const written = (await readEffectsOf(tx, 'leg', [legId])).filter((each) => each.hop === present?.index);
	if (written.some((each) => each.kind === 'send' && mayHaveLeft(each))) return false;
	await dropEffects(tx, 'leg', legId);
	await intendReset(tx, written);
	for (const hop of leg.hops.filter((each) => !isLegTerminal(each.status)))
		await setHopStatus(tx, { id: hop.id, to: hop.status === 'planned' ? 'cancelled' : 'failed' });
	if (leg.status === 'in_flight') await setLegStatus(tx, { id: legId, to: 'returned', delivered: ZERO, reason });
	else await setLegStatus(tx, { id: legId, to: leg.status === 'planned' ? 'cancelled' : 'failed', reason });
	// What left with an earlier hop stays held until a snapshot has seen it leave.
	for (const hold of await readHolds(tx, leg.earmarkId))
		if (hold.legId === legId && hold.state !== 'pending_out') await moveHold(tx, { id: hold.id, to: 'released' });
	return true;
}

/** Confirmed, and nothing else follows from it. */
export async function resolveOnly(tx: Tx, effect: Effect, mined: MinedCall): Promise<void> {
	await resolve(tx, effect, { mined, to: 'confirmed' });
}

/** Reverted finally: the act came to nothing, and what would have left with it is still there. */
export async function resolveReverted(tx: Tx, effect: Effect, mined: MinedCall): Promise<void> {
	const leg = effect.ownerKind === 'leg' ? await readLeg(tx, effect.ownerId) : null;
	const earmark = await readEarmark(tx, leg === null ? effect.ownerId : leg.earmarkId);
	await lockEarmarks(tx, [earmark.id]);
	await resolve(tx, effect, { mined, to: 'reverted' });
	if (effect.kind !== 'send' && effect.kind !== 'purchase') return;
	const asset = leg === null ? earmark.asset : leg.hops[effect.hop]?.asset;
	for (const hold of await readHolds(tx, earmark.id)) {
		const isOurs = hold.legId === (leg === null ? hold.legId : leg.id) && hold.venue === effect.venue && hold.asset === asset;
		if (isOurs && hold.state === 'pending_out') await moveHold(tx, { id: hold.id, to: 'confirmed' });
	}
}

async function resolve(tx: Tx, effect: Effect, { mined, to }: { mined: MinedCall; to: Verdict['to'] }): Promise<void> {
	const logs = mined.logs.map(({ address, topics, data, logIndex }) => ({ address, topics, data, logIndex }));
	const { transactionHash: hash, blockNumber, feePaid } = mined;
	await resolveEffect(tx, effect.id, { to, hash, blockNumber, logs, feePaid, reason: null });
}

/**
 * The transaction that ends an earmark's last leg wakes its settlement, and the one that proves value missing wakes the planner, which
 * does not wait for the other legs; the flow is only one of several wake-ups.
 */
export async function wakeWhatFollows(tx: Tx, earmarkId: string): Promise<void> {
	const earmark = await readEarmark(tx, earmarkId);
	const legs = await readLegsOf(tx, earmarkId);
	if (legs.every((leg) => isLegTerminal(leg.status))) return wake(tx, { topic: 'settle', earmarkId });
	// Of a leg that has ended an approval may still be on its lane, with a nonce that others wait behind.
	if (legs.some((leg) => leg.hops.some((hop) => hop.status === 'failed'))) await wake(tx, { topic: 'settle', earmarkId });
	if (earmark.status !== 'compensating' && (await readShortfall(tx, earmark)) > 0n) await wake(tx, { topic: 'plan' });
}
