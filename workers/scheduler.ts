/** Process type `scheduler`: relays the outbox, reconciles rows with jobs, keeps the schedules. Any number may run beside each other. */
import { queueCatalog } from '../queues/catalog.ts';
import { requestJob } from '../queues/job.ts';
import { connectQueues, openProducer, type QueueSettings } from '../queues/queue.ts';
import { recurring } from '../queues/recurring.ts';
import type { App } from '../src/app.ts';
import { probeQueues, renewEpoch } from '../src/steps/upkeep/queue-epoch.ts';
import { reconcile } from '../src/steps/upkeep/reconcile.ts';
import type { Store, Tx } from '../src/store/db.ts';
import { type OutboxRow, pruneOutbox, relayOutbox } from '../src/store/outbox.ts';
import { pruneDeliveries } from '../src/store/webhooks.ts';
import { TRIGGERS } from '../src/trigger/registry.ts';
import { liveJobs } from './live-jobs.ts';
import { createLoop } from './loop.ts';
import { sendWakeups } from './relay.ts';
import type { Running } from './running.ts';

const RELAY_POLL_MS = 1_000;
const RECONCILE_MS = 2_000;
const PROBE_MS = 1_000;
const HOUSEKEEPING_MS = 60_000;
const RELAY_BATCH = 200;

export async function startScheduler(app: App, store: Store, settings: QueueSettings): Promise<Running> {
	const connection = connectQueues(settings);
	const catalog = queueCatalog(app.config, TRIGGERS);
	const producer = openProducer(connection, catalog);
	const { mark } = connection;
	const claims = (bridge: string) => app.bridges.get(bridge)?.claims === true;
	const send = async (rows: readonly OutboxRow[], tx: Tx) => {
		await sendWakeups({ tx, producer, claims }, rows);
		if (mark !== null) await renewEpoch(tx, mark);
	};
	const relay = createLoop(app, RELAY_POLL_MS, async () => {
		while ((await relayOutbox(app.db, RELAY_BATCH, send)) === RELAY_BATCH);
	});
	const reconciler = createLoop(app, RECONCILE_MS, async () => {
		for (const { name, everyMs } of catalog) if (everyMs !== undefined) await producer.schedule(requestJob(recurring(name), {}), everyMs);
		await reconcile(app, liveJobs(producer));
	});
	const probe = createLoop(app, PROBE_MS, async () => {
		if (mark !== null && (await probeQueues(app, mark))) reconciler.nudge();
	});
	const housekeeping = createLoop(app, HOUSEKEEPING_MS, async () => {
		await pruneOutbox(app.db);
		await pruneDeliveries(app.db);
	});
	const stopListening = await store.onOutbox(relay.nudge);
	app.log.info({ backend: connection.backend, pollMs: app.config.everclear.pollMs }, 'scheduler started');
	return {
		async stop() {
			await stopListening();
			await Promise.all([relay, reconciler, probe, housekeeping].map((loop) => loop.stop()));
			await producer.close();
			await connection.close();
		},
	};
}
