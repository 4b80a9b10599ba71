/** `/metrics`: computed from rows and queues when it is asked, so that a restart loses nothing and every web process says the same. */
import { Router } from 'express';
import type { App } from '../app.ts';
import { errorText } from '../errors.ts';
import { readFigures } from '../store/metrics.ts';
import { expose } from './exposition.ts';
import type { QueueFigures } from './metric-list.ts';
import { sharedReading } from './shared-reading.ts';

/** What the metrics ask the queues; either waits for the queue server as long as it takes. */
export interface QueuePort {
	counts(): Promise<QueueFigures['depths']>;
	oldestWaiting(): Promise<QueueFigures['oldest']>;
}

/** Below the ten seconds after which Prometheus gives a scrape up. */
const ANSWER_WITHIN_MS = 8_000;
const RECENT_SECONDS = 24 * 3_600;
/** So long a delivery is certain to be kept. */
const DELIVERIES_SECONDS = 600;

/** A scrape that could not read everything answers 503 and says what it could not read: a missing figure is never zero. */
export function metricsRoutes(app: Pick<App, 'db' | 'log' | 'nowMs'>, queues: QueuePort, withinMs = ANSWER_WITHIN_MS): Router {
	const windows = { recentSeconds: RECENT_SECONDS, deliveriesSeconds: DELIVERIES_SECONDS, statementMs: withinMs };
	const readStore = sharedReading(withinMs, () => readFigures(app.db, windows));
	const readQueues = sharedReading(withinMs, async () => {
		const [depths, oldest] = await Promise.all([queues.counts(), queues.oldestWaiting()]);
		return { depths, oldest, nowMs: app.nowMs() };
	});
	const router = Router();
	router.get('/metrics', async (_request, response) => {
		const [store, queue] = await Promise.allSettled([readStore(), readQueues()]);
		if (store.status === 'fulfilled' && queue.status === 'fulfilled') {
			const { text, contentType } = await expose(store.value, queue.value);
			response.set('Content-Type', contentType).send(text);
			return;
		}
		const problem = [...problemOf('database', store), ...problemOf('queues', queue)].join('\n');
		app.log.warn({ problem }, 'metrics not read');
		response.status(503).type('text/plain').send(`${problem}\n`);
	});
	return router;
}

/** The cause, where there is one: what is around it is the text of a query. */
function problemOf(what: string, result: PromiseSettledResult<unknown>): string[] {
	if (result.status === 'fulfilled') return [];
	const { reason } = result;
	return [`${what}: ${errorText(reason instanceof Error && reason.cause !== undefined ? reason.cause : reason)}`];
}
