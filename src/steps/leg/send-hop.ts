/** Asks for the price once more, approves exactly, sends, and notes the bridge's identity of the transfer once the send is final. */
import { type App, absorbedFrom, bridgeOf, orderOf } from '../../app.ts';
import { InvariantError } from '../../errors.ts';
import type { MinedCall } from '../../leg/call.ts';
import { type Effect, latestEffect } from '../../leg/effect.ts';
import { isLegTerminal } from '../../leg/state.ts';
import { done, type Outcome } from '../../outcome.ts';
import { inTransaction, type Tx } from '../../store/db.ts';
import { readEffectsOf } from '../../store/effects.ts';
import { failLeg, resolveOnly } from '../../store/leg-ends.ts';
import { hopSent } from '../../store/leg-events.ts';
import { tellRoutes } from '../plan/route-health.ts';
import { isUnbegun, objectionTo } from './objection.ts';
import { driveHop, type HopRef, loadPart, type Part } from './part.ts';

/** May be repeated at any time, also beside its own twin. */
export async function sendHop(app: App, ref: HopRef): Promise<Outcome> {
	const part = await loadPart(app, ref);
	const { leg, hop } = part;
	if (isLegTerminal(leg.status) || (hop.status !== 'planned' && hop.status !== 'sending')) return done(`hop is ${hop.status}`);
	const before = leg.hops[hop.index - 1];
	if (before !== undefined && before.status !== 'delivered') return done(`hop ${before.index} is ${before.status}`);
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
		confirm: (tx, mined) => {
			const evidence = bridgeOf(app, hop.bridge).evidence(orderOf(app, hop), mined);
			return hopSent(tx, { leg, hop, effect: send, mined, evidence, absorbedFrom: absorbedFrom(app, hop.origin, mined) });
		},
	});
	return outcome === 'confirmed' ? done('sent') : outcome;
}

interface SendingAct {
	readonly effect: Effect;
	confirm(tx: Tx, mined: MinedCall): Promise<void>;
}

function drive(app: App, part: Part, { effect, confirm }: SendingAct): Promise<'confirmed' | Outcome> {
	const { leg, hop } = part;
	return driveHop(app, part, {
		effect,
		confirm,
		...(isUnbegun(part) ? { object: () => objectionTo(app, part) } : {}),
		prepare: () => bridgeOf(app, hop.bridge).send(orderOf(app, hop)),
		giveUp: async (reason, mined) => {
			const cause = { actor: `leg ${leg.id}`, reason: `given up, nothing has left: ${reason}`.slice(0, 500) };
			const given = { leg, effect, mined, reason: reason.slice(0, 500) };
			tellRoutes(app.log, await inTransaction(app.db, cause, (tx) => failLeg(tx, given)));
			return done('given up, nothing has left');
		},
	});
}
