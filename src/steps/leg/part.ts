/** A hop with the leg that it belongs to: what every step of a hop starts from. */
import type { App } from '../../app.ts';
import { InvariantError } from '../../errors.ts';
import type { MinedCall } from '../../leg/call.ts';
import type { Effect } from '../../leg/effect.ts';
import type { Hop, Leg } from '../../leg/leg.ts';
import { type Outcome, snooze } from '../../outcome.ts';
import { lockEarmarks, type Tx } from '../../store/db.ts';
import { legStarted } from '../../store/leg-events.ts';
import { expectLegWithin, readLeg } from '../../store/legs.ts';
import { type Act, driveEffect } from './drive.ts';

export interface HopRef {
	readonly legId: string;
	readonly hop: number;
}

export interface Part {
	readonly leg: Leg;
	readonly hop: Hop;
}

/** How long after a job's own next look the reconciler starts to wonder. */
const GRACE_MS = 5_000;

export async function loadPart(app: App, { legId, hop: index }: HopRef): Promise<Part> {
	const leg = await readLeg(app.db, legId);
	const hop = leg.hops[index];
	if (hop === undefined) throw new InvariantError(`leg ${legId} has no hop ${index}`, { legId });
	return { leg, hop };
}

/** Tells the reconciler when to wonder, and waits. */
export async function waitFor(app: App, { leg }: Part, { lookAgainMs, reason }: { lookAgainMs: number; reason: string }): Promise<Outcome> {
	await expectLegWithin(app.db, leg.id, lookAgainMs + GRACE_MS);
	return snooze(lookAgainMs, reason);
}

interface HopAct {
	readonly effect: Effect;
	object?: NonNullable<Act['object']>;
	prepare: Act['prepare'];
	confirm(tx: Tx, mined: MinedCall): Promise<void>;
	giveUp: Act['giveUp'];
}

/** Takes one effect of the hop as far as it goes now. */
export function driveHop(app: App, part: Part, act: HopAct): Promise<'confirmed' | Outcome> {
	const { leg, hop } = part;
	return driveEffect(app, {
		...act,
		ids: { leg: leg.id, earmark: leg.earmarkId },
		lockOwner: (tx) => lockEarmarks(tx, [leg.earmarkId]),
		onNonce: (tx) => legStarted(tx, { leg, hop, effect: act.effect }),
		wait: (progress) => waitFor(app, part, progress),
	});
}
