/** One look at the outside world for the hop's proof; what has arrived by itself is delivered at once. */
import { type App, bridgeOf, orderOf } from '../../app.ts';
import { crashPoint } from '../../crash-point.ts';
import { errorText, InvariantError, TransientError } from '../../errors.ts';
import { lateAfterSeconds } from '../../leg/breaker.ts';
import type { Evidence } from '../../leg/order.ts';
import { isLegTerminal } from '../../leg/state.ts';
import { done, type Outcome } from '../../outcome.ts';
import { inTransaction } from '../../store/db.ts';
import { hopLate, hopProven } from '../../store/leg-events.ts';
import { markOverdue } from '../../store/legs.ts';
import { tellRoutes } from '../plan/route-health.ts';
import { deliver } from './deliver.ts';
import { type HopRef, loadPart, type Part, waitFor } from './part.ts';

/** A leg is overdue after so many times the promised seconds, and as long again as a slow chain may take to be final. */
const OVERDUE_TIMES = 10;
const OVERDUE_GRACE_SECONDS = 900;

/** May be repeated at any time, also beside its own twin. */
export async function proveHop(app: App, ref: HopRef): Promise<Outcome> {
	const part = await loadPart(app, ref);
	const { leg, hop } = part;
	if (isLegTerminal(leg.status) || hop.status !== 'in_flight') return done(`hop is ${hop.status}`);
	if (hop.proof !== null) return done('proven');
	if (hop.evidence === null) throw new InvariantError(`hop ${hop.index} of leg ${leg.id} is in flight without evidence`, { legId: leg.id });
	const { evidence } = hop;
	return toldWhenOverdue(app, part, () => look(app, part, evidence));
}

async function look(app: App, part: Part, evidence: Evidence): Promise<Outcome> {
	const { leg, hop } = part;
	const bridge = bridgeOf(app, hop.bridge);
	const proof = await bridge.prove(orderOf(app, hop), evidence);
	if (proof.state === 'pending') {
		await noticeLate(app, part);
		return waitLonger(app, part, proof);
	}
	crashPoint('proof-fetched');
	if (proof.state === 'proven' && bridge.claims) {
		const cause = { actor: `bridge ${hop.bridge}`, reason: 'proven' };
		await inTransaction(app.db, cause, (tx) => hopProven(tx, { leg, hop, proof: proof.evidence, signer: app.config.wallet }));
		app.log.info({ leg: leg.id, earmark: leg.earmarkId, bridge: hop.bridge }, 'hop proven');
		return done('proven');
	}
	return deliver(app, part, { state: proof.state, proof: proof.evidence, claimed: null });
}

/** What cannot be seen for long is told, too: a look that fails says nothing, and goes on failing. */
export async function toldWhenOverdue(app: App, part: Part, look: () => Promise<Outcome>): Promise<Outcome> {
	try {
		return await look();
	} catch (error) {
		if (error instanceof TransientError) await noticeOverdue(app, part, errorText(error));
		throw error;
	}
}

/** What the bridge itself has not shown in time counts against the route at once, and once; the database's clock has the last word. */
async function noticeLate(app: App, { leg, hop }: Part): Promise<void> {
	const waitedSeconds = (app.nowMs() - Date.parse(hop.changedAt)) / 1_000;
	if (hop.lateAt !== null || waitedSeconds <= lateAfterSeconds(hop.seconds)) return;
	const cause = { actor: `leg ${leg.id}`, reason: `late: ${Math.floor(waitedSeconds)} s under way, ${hop.seconds} s were promised` };
	const news = await inTransaction(app.db, cause, (tx) => hopLate(tx, { leg, hop }));
	if (news === null) return;
	const ids = { leg: leg.id, earmark: leg.earmarkId, bridge: hop.bridge, origin: hop.origin, destination: hop.destination };
	app.log.warn({ ...ids, promisedSeconds: hop.seconds }, 'hop late: it is waited for');
	tellRoutes(app.log, news);
}

/** Waits on, as the bridge says; who does so for too long is told. */
export async function waitLonger(app: App, part: Part, { lookAgainMs, note }: { lookAgainMs: number; note: string }): Promise<Outcome> {
	await noticeOverdue(app, part, note);
	return waitFor(app, part, { lookAgainMs, reason: note });
}

/** A leg far beyond its time is told once. It may still arrive, so nothing else follows: it is never replaced while it can. */
export async function noticeOverdue(app: App, { leg, hop }: Part, note: string): Promise<void> {
	const waitedSeconds = Math.floor((app.nowMs() - Date.parse(hop.changedAt)) / 1_000);
	if (leg.overdueAt !== null || waitedSeconds < hop.seconds * OVERDUE_TIMES + OVERDUE_GRACE_SECONDS) return;
	const cause = { actor: `leg ${leg.id}`, reason: `overdue: ${waitedSeconds} s under way, ${hop.seconds} s were promised` };
	await inTransaction(app.db, cause, (tx) => markOverdue(tx, leg));
	const ids = { leg: leg.id, earmark: leg.earmarkId, bridge: hop.bridge, origin: hop.origin, destination: hop.destination };
	app.log.error({ ...ids, waitedSeconds, promisedSeconds: hop.seconds, note }, 'leg overdue: it is waited for');
}
