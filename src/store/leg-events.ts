/** What happens to a leg on its way, each event one transaction's worth: effect, hop, leg, holds and wake-up change together or not at all. */

import type { Hold } from '../earmark/earmark.ts';
import type { Spend } from '../earmark/spend.ts';
import { crossing } from '../inventory/moves.ts';
import type { Position } from '../inventory/venue.ts';
import { lateAfterSeconds } from '../leg/breaker.ts';
import type { RouteNews } from '../leg/breaker-change.ts';
import type { MinedCall } from '../leg/call.ts';
import { type Effect, type EffectDraft, latestEffect } from '../leg/effect.ts';
import { EFFECT_TRANSITIONS } from '../leg/effect-state.ts';
import type { Hop, Leg } from '../leg/leg.ts';
import type { Delivery, Evidence } from '../leg/order.ts';
import type { Amount } from '../money/amount.ts';
import { routeId } from '../plan/route-id.ts';
import { freeExcess } from './coverage.ts';
import { ConflictError, lockEarmarks, type Tx } from './db.ts';
import { readEarmark, setEarmarkStatus } from './earmarks.ts';
import { dropEffects, intendEffects, readEffectsOf } from './effects.ts';
import { moveHold, readHolds } from './holds.ts';
import { absorbNow } from './inventory.ts';
import { postMined } from './ledger.ts';
import { endIdleLeg, resolveOnly, wakeWhatFollows } from './leg-ends.ts';
import { noteLate, noteProof, passOn, readLeg, setHopStatus, setLegStatus } from './legs.ts';
import { countEnds, type HopEnd, secondsTaken } from './route-breakers.ts';

/** A nonce of the leg has committed: from here on money may have left, so leg and earmark leave `planned`. Under the earmark's lock. */
export async function legStarted(tx: Tx, { leg, hop, effect }: { leg: Leg; hop: Hop; effect: Effect }): Promise<void> {
	const now = await readLeg(tx, leg.id);
	if (now.status === 'planned') await setLegStatus(tx, { id: leg.id, to: 'sending' });
	if (now.hops[hop.index]?.status === 'planned') await setHopStatus(tx, { id: hop.id, to: 'sending' });
	if ((await readEarmark(tx, leg.earmarkId)).status === 'planned') await setEarmarkStatus(tx, { id: leg.earmarkId, to: 'moving' });
	if (effect.kind !== 'send') return;
	for (const hold of await holdsAt(tx, leg, originOf(hop))) await moveHold(tx, { id: hold.id, to: 'pending_out' });
}

interface HopSent {
	readonly leg: Leg;
	readonly hop: Hop;
	readonly effect: Effect;
	readonly mined: MinedCall;
	readonly evidence: Evidence;
	/** Snapshots from this block on have seen the funds leave, whatever is reorganised: so deep that the call's own block is final below it. */
	readonly absorbedFrom: bigint;
}

/** The sending call is final: the bridge has the funds. */
export async function hopSent(tx: Tx, { leg, hop, effect, mined, evidence, absorbedFrom }: HopSent): Promise<void> {
	await lockEarmarks(tx, [leg.earmarkId]);
	await resolveOnly(tx, effect, mined);
	await setHopStatus(tx, { id: hop.id, to: 'in_flight', evidence });
	if (leg.status !== 'in_flight') await setLegStatus(tx, { id: leg.id, to: 'in_flight' });
	for (const hold of await holdsAt(tx, leg, originOf(hop)))
		await moveHold(tx, { id: hold.id, to: 'pending_out', leftAtBlock: absorbedFrom });
	await absorbNow(tx, { ...originOf(hop), earmarkId: leg.earmarkId });
	const moves = [{ ...originOf(hop), from: 'wallet', to: 'in_flight', amount: hop.send } as const];
	await postMined(tx, { event: 'sent', ...ledgerRefs(leg), tx: mined.transactionHash, blockNumber: mined.blockNumber, moves });
}

/** The other side is proven to owe us: the call that claims it is intended in the same transaction. */
export async function hopProven(
	tx: Tx,
	{ leg, hop, proof, signer }: { leg: Leg; hop: Hop; proof: Evidence; signer: EffectDraft['signer'] },
): Promise<void> {
	await lockEarmarks(tx, [leg.earmarkId]);
	// The first proof only: a twin that comes second finds one.
	await noteProof(tx, { leg, hop: { ...hop, proof: null }, proof });
	const owner = { ownerKind: 'leg', ownerId: leg.id, hop: hop.index } as const;
	await intendEffects(tx, [{ ...owner, kind: 'claim', try: 1, venue: hop.destination, signer, spend: null }]);
}

/** The hop that goes on with what has arrived. */
export interface NextHop {
	/** With what it sends and delivers now. */
	readonly hop: Hop;
	/** The allowance that its sending call will spend. */
	readonly spend: Spend | null;
	/** What the leg brings in the end, in base units there. */
	readonly arrives: Amount;
}

interface Arrived {
	readonly leg: Leg;
	readonly hop: Hop;
	readonly proof: Evidence;
	readonly delivery: Delivery;
	/** Of the hop's asset where it begins, and of what it becomes where it ends. */
	readonly decimals: { readonly origin: number; readonly destination: number };
}

interface Delivered extends Arrived {
	/** Null after the last hop. */
	readonly next: NextHop | null;
	readonly signer: EffectDraft['signer'];
}

/**
 * The funds have arrived: the inbound hold becomes a hold on confirmed funds, of what really came. After the last hop, what the earmark
 * does not need any more is free at once; before it, what has arrived stays held until it goes on. It counts for the route, or against it.
 */
export async function deliverHop(tx: Tx, { next, signer, ...arrived }: Delivered): Promise<RouteNews[]> {
	const { leg, hop, proof, delivery } = arrived;
	await lockEarmarks(tx, [leg.earmarkId]);
	await refuseWhileClaiming(tx, leg, hop);
	await setHopStatus(tx, { id: hop.id, to: 'delivered', proof, delivered: delivery.amount, deliveredTx: delivery.transactionHash });
	// Somebody else may have claimed for us.
	await dropEffects(tx, 'leg', leg.id);
	for (const { id } of await holdsAt(tx, leg, destinationOf(hop)))
		await moveHold(tx, delivery.amount === 0n ? { id, to: 'released' } : { id, to: 'confirmed', amount: delivery.amount });
	await postArrival(tx, { ...arrived, event: 'delivered' });
	const goesOn = next !== null && (await goOn(tx, { leg, next, signer }));
	if (next === null) {
		await setLegStatus(tx, { id: leg.id, to: 'delivered', delivered: delivery.amount });
		await freeExcess(tx, await readEarmark(tx, leg.earmarkId));
	}
	await wakeWhatFollows(tx, leg.earmarkId);
	return countEnds(tx, { end: await arrivalOf(tx, hop), over: goesOn ? [] : [leg.id] });
}

/** Null for one that was late: that was counted when it was noticed. */
async function arrivalOf(tx: Tx, hop: Hop): Promise<HopEnd | null> {
	if (hop.lateAt !== null) return null;
	const seconds = await secondsTaken(tx, hop);
	const kind = seconds > lateAfterSeconds(hop.seconds) ? 'late' : 'succeeded';
	return endOf(hop, kind, `arrived after ${Math.round(seconds)} s, ${hop.seconds} s were promised`);
}

function endOf(hop: Hop, kind: HopEnd['kind'], why: string): HopEnd {
	return { legId: hop.legId, route: routeId(hop), kind, why };
}

/**
 * A hop in flight takes much longer than promised, by the database's clock: that counts against its route now, and only now, whenever it arrives.
 * Nothing happens to the hop. Null when it was noticed before, or is not late.
 */
export async function hopLate(tx: Tx, { leg, hop }: { leg: Leg; hop: Hop }): Promise<RouteNews[] | null> {
	await lockEarmarks(tx, [leg.earmarkId]);
	if (!(await noteLate(tx, hop.id, lateAfterSeconds(hop.seconds)))) return null;
	return countEnds(tx, { end: endOf(hop, 'late', `still under way, ${hop.seconds} s were promised`), over: [] });
}

/** Nothing is sent on for an earmark that gives its funds back: they are free where they are, and it answers false. */
async function goOn(tx: Tx, { leg, next, signer }: { leg: Leg; next: NextHop; signer: EffectDraft['signer'] }): Promise<boolean> {
	const earmark = await readEarmark(tx, leg.earmarkId);
	const { hop, spend, arrives } = next;
	if (earmark.status === 'compensating' || hop.send === 0n || hop.receive === 0n || arrives === 0n) {
		await endIdleLeg(tx, leg.id, earmark.reason ?? 'NOTHING_ARRIVED');
		return false;
	}
	await passOn(tx, hop);
	const first = { ownerKind: 'leg', ownerId: leg.id, hop: hop.index, try: 1, venue: hop.origin, signer, spend } as const;
	await intendEffects(tx, [...(spend === null ? [] : [{ ...first, kind: 'approve' } as const]), { ...first, kind: 'send' }]);
	const end = { venue: leg.destination, asset: earmark.asset };
	for (const { id, state, amount } of await holdsAt(tx, leg, end))
		if (state === 'inbound' && amount > arrives) await moveHold(tx, { id, to: 'inbound', amount: arrives });
	return true;
}

/** The funds came back to the hop's origin: they are free there, nothing is inbound any more, and it counts against the route. */
export async function returnHop(tx: Tx, arrived: Arrived): Promise<RouteNews[]> {
	const { leg, hop, proof, delivery } = arrived;
	await lockEarmarks(tx, [leg.earmarkId]);
	await refuseWhileClaiming(tx, leg, hop);
	await setHopStatus(tx, { id: hop.id, to: 'returned', proof, delivered: delivery.amount, deliveredTx: delivery.transactionHash });
	// An attested hop may come back all the same: then nobody claims it.
	await dropEffects(tx, 'leg', leg.id);
	for (const { id } of leg.hops.slice(hop.index + 1)) await setHopStatus(tx, { id, to: 'cancelled' });
	await setLegStatus(tx, { id: leg.id, to: 'returned', delivered: delivery.amount, reason: 'RETURNED' });
	await releaseInbound(tx, leg);
	await postArrival(tx, { ...arrived, event: 'returned' });
	await wakeWhatFollows(tx, leg.earmarkId);
	return countEnds(tx, { end: endOf(hop, 'failed', 'what was sent came back'), over: [leg.id] });
}

/** A claim with a nonce is followed to its end first: nobody would follow it afterwards, and others wait behind it. */
async function refuseWhileClaiming(tx: Tx, leg: Leg, hop: Hop): Promise<void> {
	const claim = latestEffect(await readEffectsOf(tx, 'leg', [leg.id]), 'claim', hop.index);
	const isCommitted = claim !== null && (claim.nonce !== null || claim.request !== null);
	if (isCommitted && EFFECT_TRANSITIONS[claim.status].length > 0)
		throw new ConflictError(`hop ${hop.index} of leg ${leg.id} has a claim under way: it is followed to its end`, { legId: leg.id });
}

const originOf = (hop: Hop): Position => ({ venue: hop.origin, asset: hop.asset });
const destinationOf = (hop: Hop): Position => ({ venue: hop.destination, asset: hop.toAsset });

async function holdsAt(tx: Tx, leg: Leg, { venue, asset }: Position): Promise<Hold[]> {
	const all = await readHolds(tx, leg.earmarkId);
	return all.filter((hold) => hold.legId === leg.id && hold.venue === venue && hold.asset === asset);
}

async function releaseInbound(tx: Tx, leg: Leg): Promise<void> {
	const all = await readHolds(tx, leg.earmarkId);
	for (const hold of all.filter((each) => each.legId === leg.id && each.state === 'inbound'))
		await moveHold(tx, { id: hold.id, to: 'released' });
}

async function postArrival(
	tx: Tx,
	{ leg, hop, delivery, decimals, event }: Pick<Arrived, 'leg' | 'hop' | 'delivery' | 'decimals'> & { event: 'delivered' | 'returned' },
): Promise<void> {
	const { origin, destination } = decimals;
	const out = { ...originOf(hop), decimals: origin, amount: hop.send, account: 'in_flight' } as const;
	const place = event === 'delivered' ? { ...destinationOf(hop), decimals: destination } : { ...originOf(hop), decimals: origin };
	const moves = crossing({ out, into: { ...place, amount: delivery.amount }, via: 'bridge', difference: 'fees' });
	await postMined(tx, { event, ...ledgerRefs(leg), tx: delivery.transactionHash, blockNumber: delivery.blockNumber, moves });
}

function ledgerRefs({ earmarkId, id }: Leg) {
	return { earmarkId, legId: id };
}
