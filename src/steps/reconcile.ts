/**
 * Finds rows whose next action is due and that no job serves, and wakes them. After a flush of Redis the same queries rebuild
 * every flow; there is no special mode.
 */
import type { App } from '../app.ts';
import type { Hop } from '../leg/leg.ts';
import { isLegTerminal } from '../leg/state.ts';
import { inTransaction } from '../store/db.ts';
import { takeDueDemands } from '../store/demands.ts';
import { dueEarmarks, dueLegs, endedWithOpenAllowances } from '../store/due.ts';
import { expectEarmarkWithin, nextGeneration } from '../store/earmarks.ts';
import { expectLegWithin, readLeg, readLegsOf } from '../store/legs.ts';
import { wake } from '../store/outbox.ts';

/** Names the job that a leg's next step should have. */
export interface LegJobRef {
	readonly legId: string;
	readonly hop: number;
	readonly generation: number;
	readonly step: 'send' | 'prove' | 'claim';
	readonly bridge: string;
	readonly origin: string;
	readonly destination: string;
}

const BATCH = 500;
const LOOK_AGAIN_MS = 10_000;
const CAUSE = { actor: 'reconciler', reason: 'due, and no job serves it' };

export async function reconcile(app: App, isLegJobLive: (ref: LegJobRef) => Promise<boolean>): Promise<void> {
	await wakeDemands(app);
	await wakeLegs(app, isLegJobLive);
	await wakeEarmarks(app);
}

/** Open demands that are due are looked at again; also how a poll reaches the ones it has listed. */
export async function wakeDemands(app: App): Promise<number> {
	return inTransaction(app.db, CAUSE, async (tx) => {
		const ids = await takeDueDemands(tx, { limit: BATCH, againAfterMs: LOOK_AGAIN_MS });
		await wake(tx, ...ids.map((demandId) => ({ topic: 'evaluate', demandId }) as const));
		return ids.length;
	});
}

async function wakeLegs(app: App, isLegJobLive: (ref: LegJobRef) => Promise<boolean>): Promise<void> {
	const orphaned = new Set<string>();
	for (const { id, earmarkId } of await dueLegs(app.db, BATCH)) {
		await expectLegWithin(app.db, id, LOOK_AGAIN_MS);
		if (!(await hasJob(app, id, isLegJobLive))) orphaned.add(earmarkId);
	}
	for (const earmarkId of orphaned) {
		await inTransaction(app.db, CAUSE, async (tx) =>
			wake(tx, { topic: 'flow', earmarkId, generation: await nextGeneration(tx, earmarkId) }),
		);
		app.log.info({ earmark: earmarkId }, 'flow added again');
	}
}

async function hasJob(app: App, legId: string, isLegJobLive: (ref: LegJobRef) => Promise<boolean>): Promise<boolean> {
	const leg = await readLeg(app.db, legId);
	const hop = leg.hops.find((each) => !isLegTerminal(each.status));
	if (hop === undefined) return false;
	const { bridge, origin, destination, index } = hop;
	return isLegJobLive({ legId, hop: index, generation: leg.generation, step: nextStep(hop), bridge, origin, destination });
}

/** What has to be done next for a hop that has not ended. */
export function nextStep({ status, proof }: Hop): LegJobRef['step'] {
	if (status !== 'in_flight') return 'send';
	return proof === null ? 'prove' : 'claim';
}

/** Settlement is woken by itself: its job id ends in the wake-up's own id, so an older job of the earmark cannot swallow it. */
async function wakeEarmarks(app: App): Promise<void> {
	for (const id of await dueEarmarks(app.db, BATCH)) {
		await expectEarmarkWithin(app.db, id, LOOK_AGAIN_MS);
		const legs = await readLegsOf(app.db, id);
		if (legs.every((leg) => isLegTerminal(leg.status)))
			await inTransaction(app.db, CAUSE, (tx) => wake(tx, { topic: 'settle', earmarkId: id }));
	}
	for (const earmarkId of await endedWithOpenAllowances(app.db, LOOK_AGAIN_MS)) {
		await inTransaction(app.db, CAUSE, (tx) => wake(tx, { topic: 'settle', earmarkId }));
	}
}
