/** The two things that jobs do for one hop: send it, and look for its proof. Each may be repeated at any time. */
import { type App, bridgeOf, endOf } from '../app.ts';
import type { HopOrder, MinedCall } from '../bridge/bridge.ts';
import { InvariantError } from '../errors.ts';
import { type Effect, latestEffect } from '../leg/effect.ts';
import type { Hop, Leg } from '../leg/leg.ts';
import { isLegTerminal } from '../leg/state.ts';
import { done, type Outcome, snooze } from '../outcome.ts';
import { inTransaction, lockEarmarks, type Tx } from '../store/db.ts';
import { readEffectsOf } from '../store/effects.ts';
import { deliverHop, failLeg, hopSent, legStarted, resolveOnly, returnHop } from '../store/leg-events.ts';
import { expectLegWithin, markOverdue, readLeg } from '../store/legs.ts';
import { driveEffect } from './drive.ts';

export interface HopRef {
	readonly legId: string;
	readonly hop: number;
}

/** A hop with the leg that it belongs to. */
interface Part {
	readonly leg: Leg;
	readonly hop: Hop;
}

/** How long after a job's own next look the reconciler starts to wonder. */
const GRACE_MS = 5_000;
/** A leg is overdue after so many times the promised seconds, and as long again as a slow chain may take to be final. */
const OVERDUE_TIMES = 10;
const OVERDUE_GRACE_SECONDS = 900;

/** Approves exactly, sends, and notes the bridge's identity of the transfer once the send is final. */
export async function sendHop(app: App, ref: HopRef): Promise<Outcome> {
	const part = await load(app, ref);
	const { leg, hop } = part;
	if (isLegTerminal(leg.status) || (hop.status !== 'planned' && hop.status !== 'sending')) return done(`hop is ${hop.status}`);
	const effects = await readEffectsOf(app.db, 'leg', [leg.id]);
	const approve = latestEffect(effects, 'approve', hop.index);
	const send = latestEffect(effects, 'send', hop.index);
	if (send === null) throw new InvariantError(`hop ${hop.index} of leg ${leg.id} has no sending effect`, { legId: leg.id });
	if (approve !== null && approve.status !== 'confirmed') {
		const outcome = await drive(app, part, { effect: approve, confirm: (tx, mined) => resolveOnly(tx, approve, mined) });
		if (outcome !== 'confirmed') return outcome;
	}
	const outcome = await drive(app, part, {
		effect: send,
		confirm: (tx, mined) =>
			hopSent(tx, { leg, hop, effect: send, mined, evidence: bridgeOf(app, hop.bridge).evidence(orderOf(app, part), mined) }),
	});
	return outcome === 'confirmed' ? done('sent') : outcome;
}

/** One look at the outside world for the hop's proof; what has arrived by itself is delivered at once. */
export async function proveHop(app: App, ref: HopRef): Promise<Outcome> {
	const part = await load(app, ref);
	const { leg, hop } = part;
	if (isLegTerminal(leg.status) || hop.status !== 'in_flight') return done(`hop is ${hop.status}`);
	if (hop.evidence === null) throw new InvariantError(`hop ${hop.index} of leg ${leg.id} is in flight without evidence`, { legId: leg.id });
	const bridge = bridgeOf(app, hop.bridge);
	const order = orderOf(app, part);
	const proof = await bridge.prove(order, hop.evidence);
	if (proof.state === 'pending') {
		await noticeOverdue(app, part, proof.note);
		return wait(app, leg, { lookAgainMs: proof.lookAgainMs, reason: proof.note });
	}
	const delivery = await bridge.verify(order, proof.evidence);
	const arrived = proof.state === 'proven';
	const reason = `${arrived ? 'delivered' : 'came back to the origin'} in ${delivery.transactionHash}`;
	const event = arrived ? deliverHop : returnHop;
	await inTransaction(app.db, { actor: `bridge ${hop.bridge}`, reason }, (tx) => event(tx, { leg, hop, proof: proof.evidence, delivery }));
	app.log.info(
		{ leg: leg.id, earmark: leg.earmarkId, venue: delivery.venue, amount: delivery.amount.toString(), tx: delivery.transactionHash },
		arrived ? 'hop delivered' : 'hop returned',
	);
	return done(arrived ? 'delivered' : 'returned');
}

/** A leg far beyond its time is told once. It may still arrive, so nothing else follows: it is never replaced while it can. */
async function noticeOverdue(app: App, { leg, hop }: Part, note: string): Promise<void> {
	const waitedSeconds = Math.floor((app.nowMs() - Date.parse(hop.changedAt)) / 1_000);
	if (leg.overdueAt !== null || waitedSeconds < hop.seconds * OVERDUE_TIMES + OVERDUE_GRACE_SECONDS) return;
	const cause = { actor: `leg ${leg.id}`, reason: `overdue: ${waitedSeconds} s under way, ${hop.seconds} s were promised` };
	await inTransaction(app.db, cause, (tx) => markOverdue(tx, leg));
	const ids = { leg: leg.id, earmark: leg.earmarkId, bridge: hop.bridge, origin: hop.origin, destination: hop.destination };
	app.log.error({ ...ids, waitedSeconds, promisedSeconds: hop.seconds, note }, 'leg overdue: it is waited for');
}

interface HopAct {
	readonly effect: Effect;
	confirm(tx: Tx, mined: MinedCall): Promise<void>;
}

function drive(app: App, part: Part, { effect, confirm }: HopAct): Promise<'confirmed' | Outcome> {
	const { leg, hop } = part;
	return driveEffect(app, {
		effect,
		confirm,
		ids: { leg: leg.id, earmark: leg.earmarkId },
		prepare: () => bridgeOf(app, hop.bridge).send(orderOf(app, part)),
		lockOwner: (tx) => lockEarmarks(tx, [leg.earmarkId]),
		onNonce: (tx) => legStarted(tx, { leg, hop, effect }),
		wait: (progress) => wait(app, leg, progress),
		giveUp: async (reason, mined) => {
			const cause = { actor: `leg ${leg.id}`, reason: `given up, nothing has left: ${reason}`.slice(0, 500) };
			await inTransaction(app.db, cause, (tx) => failLeg(tx, { leg, effect, mined, reason: reason.slice(0, 500) }));
			return done('given up, nothing has left');
		},
	});
}

async function wait(app: App, leg: Leg, { lookAgainMs, reason }: { lookAgainMs: number; reason: string }): Promise<Outcome> {
	await expectLegWithin(app.db, leg.id, lookAgainMs + GRACE_MS);
	return snooze(lookAgainMs, reason);
}

async function load(app: App, { legId, hop: index }: HopRef): Promise<Part> {
	const leg = await readLeg(app.db, legId);
	const hop = leg.hops[index];
	if (hop === undefined) throw new InvariantError(`leg ${legId} has no hop ${index}`, { legId });
	return { leg, hop };
}

function orderOf(app: App, { leg, hop }: Part): HopOrder {
	return {
		origin: endOf(app, leg.asset, hop.origin),
		destination: endOf(app, leg.asset, hop.destination),
		send: hop.send,
		receive: hop.receive,
		sender: app.config.wallet,
		recipient: app.config.wallet,
	};
}
