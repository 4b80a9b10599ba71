/** Claims on the destination what a proof entitles us to; whatever somebody else has claimed for us is taken as it is. */
import { type App, bridgeOf, orderOf } from '../../app.ts';
import { crashPoint } from '../../crash-point.ts';
import { InvariantError } from '../../errors.ts';
import type { MinedCall, UnsignedCall } from '../../leg/call.ts';
import { type Effect, latestEffect } from '../../leg/effect.ts';
import { isLegTerminal } from '../../leg/state.ts';
import { done, type Outcome, snooze } from '../../outcome.ts';
import { inTransaction } from '../../store/db.ts';
import { readEffectsOf, readMinedCall } from '../../store/effects.ts';
import { resolveOnly, tryAgain } from '../../store/leg-ends.ts';
import { noteProof } from '../../store/legs.ts';
import { deliver } from './deliver.ts';
import { followRequest, storeRequest } from './follow-request.ts';
import { driveHop, type HopRef, loadPart, type Part, waitFor } from './part.ts';
import { noticeOverdue, toldWhenOverdue, waitLonger } from './prove-hop.ts';

/** What the destination has refused so often is tried again by the minute: the funds are there for us, and nobody else gets them. */
const REFUSED_LOOK_AGAIN_MS = 60_000;

/** May be repeated at any time, also beside its own twin. */
export async function claimHop(app: App, ref: HopRef): Promise<Outcome> {
	const part = await loadPart(app, ref);
	const { leg, hop } = part;
	if (isLegTerminal(leg.status) || hop.status !== 'in_flight') return done(`hop is ${hop.status}`);
	const effect = latestEffect(await readEffectsOf(app.db, 'leg', [leg.id]), 'claim', hop.index);
	const { proof } = hop;
	if (proof === null || effect === null) return done('not proven yet');
	return toldWhenOverdue(app, part, async () => {
		switch (effect.status) {
			case 'intended':
				return lookBefore(app, part, effect);
			case 'requested':
				return followRequest(app, part, effect);
			case 'confirmed': {
				if (effect.request === null) return deliver(app, part, { state: 'proven', proof, claimed: await readMinedCall(app.db, effect.id) });
				// A twin may have confirmed it since the hop was read: what its answer has added to the proof came with that.
				const now = await loadPart(app, ref);
				return deliver(app, now, { state: 'proven', proof: now.hop.proof ?? proof, claimed: null });
			}
			default:
				return drive(app, part, { effect, call: null });
		}
	});
}

/** Before a nonce is spent on it: the proof may have aged, and anybody may have claimed for us. */
async function lookBefore(app: App, part: Part, effect: Effect): Promise<Outcome> {
	const { hop } = part;
	const order = orderOf(app, hop);
	const bridge = bridgeOf(app, hop.bridge);
	const proof = hop.proof ?? {};
	const claim = await bridge.claim(order, proof);
	switch (claim.state) {
		case 'call':
			return drive(app, part, { effect, call: claim.call });
		case 'request':
			return storeRequest(app, part, { effect, claim });
		case 'arrived':
			crashPoint('claimed-by-others');
			return deliver(app, part, { state: 'proven', proof, claimed: null });
		case 'waiting':
			return waitLonger(app, part, claim);
		case 'stale':
			return proveAgain(app, part, claim.note);
	}
}

async function proveAgain(app: App, part: Part, note: string): Promise<Outcome> {
	const { leg, hop } = part;
	const proof = await bridgeOf(app, hop.bridge).prove(orderOf(app, hop), hop.proof ?? {});
	if (proof.state === 'pending') {
		await noticeOverdue(app, part, proof.note);
		return waitFor(app, part, { lookAgainMs: proof.lookAgainMs, reason: `${note}; ${proof.note}` });
	}
	if (proof.state === 'returned') return deliver(app, part, { state: 'returned', proof: proof.evidence, claimed: null });
	const cause = { actor: `bridge ${hop.bridge}`, reason: `proven again: ${note}`.slice(0, 500) };
	await inTransaction(app.db, cause, (tx) => noteProof(tx, { leg, hop, proof: proof.evidence }));
	return snooze(0, 'proven again');
}

/** `call` is for an effect without a nonce; one that has a nonce is followed to its end. */
async function drive(app: App, part: Part, { effect, call }: { effect: Effect; call: UnsignedCall | null }): Promise<Outcome> {
	const outcome = await driveHop(app, part, {
		effect,
		prepare: async () => {
			if (call === null) throw new InvariantError(`effect ${effect.id} has lost its nonce`, { effectId: effect.id });
			return call;
		},
		confirm: (tx, mined) => resolveOnly(tx, effect, mined),
		giveUp: (reason, mined) => keepTrying(app, part, { effect, reason, mined }),
	});
	return outcome === 'confirmed' ? claimHop(app, { legId: part.leg.id, hop: part.hop.index }) : outcome;
}

interface Refusal {
	readonly effect: Effect;
	readonly reason: string;
	readonly mined: MinedCall | null;
}

/** A claim is never given up: the value has left its origin, and nothing else brings it. */
async function keepTrying(app: App, part: Part, { effect, reason, mined }: Refusal): Promise<Outcome> {
	await noticeOverdue(app, part, reason);
	if (mined !== null) {
		const cause = { actor: `effect ${effect.id}`, reason: `claim reverted in ${mined.transactionHash}` };
		await inTransaction(app.db, cause, (tx) => tryAgain(tx, { effect, mined }));
	}
	return waitFor(app, part, { lookAgainMs: REFUSED_LOOK_AGAIN_MS, reason });
}
