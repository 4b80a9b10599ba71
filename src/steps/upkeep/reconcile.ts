/**
 * Finds rows whose next action is due and that no job serves, and wakes them. After a flush of Redis the same queries rebuild
 * every flow; there is no special mode.
 */
import type { App } from '../../app.ts';
import { errorText } from '../../errors.ts';
import type { Hop, Leg } from '../../leg/leg.ts';
import { isLegTerminal } from '../../leg/state.ts';
import { inTransaction } from '../../store/db.ts';
import { takeDueDemands } from '../../store/demands.ts';
import { endedWithOpenAllowances, takeDue } from '../../store/due.ts';
import { nextGeneration, readEarmark } from '../../store/earmarks.ts';
import { readLegsOf } from '../../store/legs.ts';
import { wake } from '../../store/outbox.ts';

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

/** What the queues are asked: whether a job that would do the work will run by itself. */
export interface LiveJobs {
	leg(ref: LegJobRef): Promise<boolean>;
	/** The job of this generation, if the reconciler has begun it. */
	settlement(ref: { readonly earmarkId: string; readonly generation: number }): Promise<boolean>;
}

const BATCH = 500;
const LOOK_AGAIN_MS = 10_000;
/** Each takes one of the process's connections; the smallest pool has two, and the relay needs one. */
const AT_A_TIME = 4;
const CAUSE = { actor: 'reconciler', reason: 'due, and no job serves it' };

export async function reconcile(app: App, live: LiveJobs): Promise<void> {
	// After a loss there are thousands, and none waits for the next pass. What was taken is not due again soon, so this ends.
	while ((await wakeDemands(app)) === BATCH);
	while ((await wakeLegs(app, live)) === BATCH);
	while ((await wakeEarmarks(app, live)) === BATCH);
	await wakeAllowances(app);
}

/** Open demands that are due are looked at again; also how a poll reaches the ones it has listed. */
export async function wakeDemands(app: App): Promise<number> {
	return inTransaction(app.db, CAUSE, async (tx) => {
		const ids = await takeDueDemands(tx, { limit: BATCH, againAfterMs: LOOK_AGAIN_MS });
		await wake(tx, ...ids.map((demandId) => ({ topic: 'evaluate', demandId }) as const));
		return ids.length;
	});
}

async function wakeLegs(app: App, live: LiveJobs): Promise<number> {
	const due = await takeDue(app.db, 'legs', { limit: BATCH, againAfterMs: LOOK_AGAIN_MS });
	const ids = new Set(due.map(({ id }) => id));
	await each([...new Set(due.map(({ earmarkId }) => earmarkId))], async (earmarkId) => {
		const legs = (await readLegsOf(app.db, earmarkId)).filter(({ id }) => ids.has(id));
		const served = await Promise.all(
			legs.map((leg) => hasJob(leg, live).catch((error: unknown) => notLookedAt(app, { leg: leg.id }, error))),
		);
		if (served.every((isServed) => isServed)) return;
		await inTransaction(app.db, CAUSE, async (tx) =>
			wake(tx, { topic: 'flow', earmarkId, generation: await nextGeneration(tx, earmarkId) }),
		);
		app.log.info({ earmark: earmarkId }, 'flow added again');
	});
	return due.length;
}

/** One row that cannot be looked at, as one whose route this version does not know, keeps no other from being looked at. */
function notLookedAt(app: App, ids: Readonly<Record<string, string>>, error: unknown): true {
	app.log.warn({ ...ids, error: errorText(error) }, 'not looked at; it is tried again');
	return true;
}

/** For every one, a few at a time: after a loss there are thousands, and each is a handful of short questions. */
async function each<T>(all: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
	const left = [...all];
	const one = async () => {
		for (let next = left.shift(); next !== undefined; next = left.shift()) await work(next);
	};
	await Promise.all(Array.from({ length: AT_A_TIME }, one));
}

async function hasJob({ id, generation, hops }: Leg, live: LiveJobs): Promise<boolean> {
	const hop = hops.find(({ status }) => !isLegTerminal(status));
	if (hop === undefined) return false;
	const { bridge, origin, destination, index } = hop;
	return live.leg({ legId: id, hop: index, generation, step: nextStep(hop), bridge, origin, destination });
}

/** What has to be done next for a hop that has not ended. */
export function nextStep({ status, proof }: Hop): LegJobRef['step'] {
	if (status !== 'in_flight') return 'send';
	return proof === null ? 'prove' : 'claim';
}

/** Settlement is woken by itself, as a generation of its own: one at a time, however late the workers are. */
async function wakeEarmarks(app: App, live: LiveJobs): Promise<number> {
	const due = await takeDue(app.db, 'earmarks', { limit: BATCH, againAfterMs: LOOK_AGAIN_MS });
	await each(due, async ({ id }) => {
		const legs = await readLegsOf(app.db, id);
		if (!legs.every((leg) => isLegTerminal(leg.status))) return;
		const { generation } = await readEarmark(app.db, id);
		if (await live.settlement({ earmarkId: id, generation })) return;
		await inTransaction(app.db, CAUSE, async (tx) =>
			wake(tx, { topic: 'settle', earmarkId: id, generation: await nextGeneration(tx, id) }),
		);
	});
	return due.length;
}

/** What has ended may have an approval on its lane, with a nonce that others wait behind. */
async function wakeAllowances(app: App): Promise<void> {
	for (const earmarkId of await endedWithOpenAllowances(app.db, LOOK_AGAIN_MS)) {
		await inTransaction(app.db, CAUSE, (tx) => wake(tx, { topic: 'settle', earmarkId }));
	}
}
