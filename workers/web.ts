/** Process type `web`: Bull Board behind a login, and the health of this process. */
import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { ExpressAdapter } from '@bull-board/express';
import express from 'express';
import { queueCatalog } from '../queues/catalog.ts';
import { connectQueues, openProducer, type QueueSettings } from '../queues/queue.ts';
import type { App } from '../src/app.ts';
import { ConfigError } from '../src/errors.ts';
import { requireLogin, securityHeaders } from '../src/web/guard.ts';
import { healthRoutes } from '../src/web/health.ts';
import type { Running } from './running.ts';

const BOARD = '/ops/queues';

export async function startWeb({
	app,
	settings,
	password,
}: {
	app: App;
	settings: QueueSettings;
	password: string | undefined;
}): Promise<Running> {
	if (password === undefined) throw new ConfigError('BALLAST_WEB_PASSWORD', 'is not set: the board is never shown without a login');
	const connection = connectQueues(settings);
	const names = queueCatalog(app.config.routes).map((entry) => entry.name);
	const producer = openProducer(connection, names);
	const board = new ExpressAdapter();
	board.setBasePath(BOARD);
	// The adapter's type knows Redis queues only; it serves those of the PostgreSQL backend alike.
	createBullBoard({ queues: producer.queues.map((queue) => new BullMQAdapter(queue)), serverAdapter: board });
	const server = express();
	server.disable('x-powered-by');
	const health = healthRoutes(app, () => producer.ping());
	server.use(health.router);
	server.use(securityHeaders);
	server.use(BOARD, requireLogin({ user: app.config.web.user, password }), board.getRouter());
	server.get('/', (_request, response) => response.redirect(BOARD));
	const { host, port } = app.config.web;
	const listening = await new Promise<ReturnType<typeof server.listen>>((resolve, reject) => {
		const started = server.listen(port, host, (error?: Error) => (error === undefined ? resolve(started) : reject(error)));
	});
	app.log.info({ address: listening.address(), board: BOARD }, 'web started');
	return {
		async stop() {
			health.drain();
			await new Promise((resolve) => listening.close(resolve));
			await producer.close();
			await connection.close();
		},
	};
}
