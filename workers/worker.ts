/** Process type `worker`: serves the queues it is told to, as many processes as you like. */
import { type QueueEntry, queueCatalog } from '../queues/catalog.ts';
import { connectQueues, type QueueSettings } from '../queues/queue.ts';
import type { App } from '../src/app.ts';
import { ConfigError } from '../src/errors.ts';
import { handlerOf } from './handlers.ts';
import { runWorker } from './run.ts';
import type { Running } from './running.ts';

/** `only`: names of queues, or stages such as `bridge-execution`; empty means all. */
export function startWorker(app: App, settings: QueueSettings, only: readonly string[]): Running {
	const entries = chosen(queueCatalog(app.config.routes), only);
	// Every worker keeps one connection for itself, on either backend.
	const connection = connectQueues({ ...settings, connections: settings.connections + entries.length });
	const workers = entries.map((entry) =>
		runWorker(connection, {
			queue: entry.name,
			concurrency: entry.concurrency,
			log: app.log,
			process: handlerOf(app, entry.stage),
		}),
	);
	app.log.info({ queues: entries.map((entry) => entry.name), backend: connection.backend }, 'worker started');
	return {
		async stop() {
			await Promise.all(workers.map((worker) => worker.close()));
			await connection.close();
		},
	};
}

function chosen(entries: readonly QueueEntry[], only: readonly string[]): readonly QueueEntry[] {
	if (only.length === 0) return entries;
	const found = entries.filter((entry) => only.includes(entry.name) || only.includes(entry.stage));
	const missing = only.filter((name) => !entries.some((entry) => entry.name === name || entry.stage === name));
	if (missing.length > 0) {
		throw new ConfigError(
			'--queues',
			`there is no queue ${missing.join(', ')}; there are ${entries.map((entry) => entry.name).join(', ')}`,
		);
	}
	return found;
}
