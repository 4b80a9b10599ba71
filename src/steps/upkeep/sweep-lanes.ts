/**
 * Whoever an effect belongs to follows it; what nobody follows in time is found here, by its lane: what was reserved is signed, what was signed
 * is sent, what is to be cancelled is cancelled. One stuck lane stops no other.
 */
import type { App } from '../../app.ts';
import { followEffect } from '../../chain/follow.ts';
import { lookForStranger } from '../../chain/foreign.ts';
import { nonceCount } from '../../chain/look.ts';
import { errorText } from '../../errors.ts';
import { done, type Outcome } from '../../outcome.ts';
import { readEffect } from '../../store/effects.ts';
import { readNeglected } from '../../store/lane-history.ts';
import { clearLaneForeign, type Lane, noteMined, readLanes } from '../../store/lanes.ts';

/** The owner of an effect looks at it every few seconds; later than this nobody does. */
const IDLE_MS = 10_000;

/** May be repeated at any time, also beside its own twin. */
export async function sweepLanes(app: App): Promise<Outcome> {
	const { signer } = app.sending;
	const ours = (await readLanes(app.db)).filter((lane) => lane.signer === signer.address && app.config.chains.has(lane.venue));
	const sweeps = ours.map((lane) =>
		sweepLane(app, lane).catch((error: unknown) => {
			app.log.warn({ venue: lane.venue, signer: lane.signer, error: errorText(error) }, 'lane not swept');
		}),
	);
	await Promise.all(sweeps);
	return done();
}

async function sweepLane(app: App, lane: Lane): Promise<void> {
	const { venue, signer } = lane;
	const spent = await nonceCount(app.client(venue), { venue, signer });
	if (spent > lane.mined) await noteMined(app.db, lane, spent);
	if (spent > lane.next) await lookForStranger(app.sending, lane);
	else if (lane.isSuspect || lane.mined > lane.next) await clearLaneForeign(app.db, lane);
	for (const id of await readNeglected(app.db, { venue, signer, from: spent, idleMs: IDLE_MS })) {
		// Its verdict is for its owner, who knows what follows from it.
		await followEffect(app.sending, await readEffect(app.db, id));
	}
}
