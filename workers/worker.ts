/** Process type `worker`: serves the queues it is told to, as many processes as you like. */
import { type QueueEntry, queueCatalog } from '../queues/catalog.ts';
import { connectQueues, openProducer, type QueueSettings } from '../queues/queue.ts';
import type { App } from '../src/app.ts';
import { ConfigError } from '../src/errors.ts';
import { TRIGGERS } from '../src/trigger/registry.ts';
import { handlerOf } from './handlers.ts';
import { runWorker } from './run.ts';
import type { Running } from './running.ts';
import { watch, watchAll } from './watchdog.ts';

/** `only`: names of queues, or stages such as `bridge-execution`; empty means all. */
export function startWorker(app: App, settings: QueueSettings, only: readonly string[]): Running {
	const entries = chosen(queueCatalog(app.config, TRIGGERS), only);
	// Every worker keeps one connection for itself, on either backend.
	const connection = connectQueues({ ...settings, connections: settings.connections + entries.length });
	const producer = openProducer(connection, entries);
	const served = entries.map((entry) => {
		const { name: queue, concurrency } = entry;
		const process = handlerOf(app, entry);
		return { queue, ...watch({ concurrency, serve: () => runWorker(connection, { queue, concurrency, log: app.log, process }) }) };
	});
	const watching = watchAll(app, () => producer.ready(app.nowMs()), served);
	app.log.info({ queues: entries.map(({ name }) => name), backend: connection.backend }, 'worker started');
	return {
		failed: watching.failed,
		async stop() {
			await Promise.all([watching.stop(), ...served.map((each) => each.close())]);
			await producer.close();
			await connection.close();
		},
	};
}

function chosen(entries: readonly QueueEntry[], only: readonly string[]): readonly QueueEntry[] {
	if (only.length === 0) return entries;
	const missing = only.filter((name) => !entries.some((entry) => entry.name === name || entry.stage === name));
	if (missing.length > 0) {
		const there = entries.map((entry) => entry.name).join(', ');
		throw new ConfigError('--queues', `there is no queue ${missing.join(', ')}; there are ${there}`);
	}
	return entries.filter((entry) => only.includes(entry.name) || only.includes(entry.stage));
}
