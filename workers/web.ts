/** Process type `web`: the pages, addresses and figures of src/web, over the queues of this configuration. */
import { queueCatalog } from '../queues/catalog.ts';
import { connectQueues, openProducer, type QueueSettings } from '../queues/queue.ts';
import type { App } from '../src/app.ts';
import { ConfigError, errorText } from '../src/errors.ts';
import { TRIGGERS } from '../src/trigger/registry.ts';
import { BOARD, createServer } from '../src/web/server.ts';
import type { Running } from './running.ts';

export interface WebOptions {
	readonly app: App;
	readonly settings: QueueSettings;
	readonly password: string | undefined;
	/** Without it there is no webhook. */
	readonly webhookSecret?: string | undefined;
}

/** Nobody else is touched by it: the other processes need no port. */
function refusedPort(error: Error, host: string, port: number): ConfigError {
	const code = 'code' in error ? error.code : null;
	if (code === 'EADDRINUSE')
		return new ConfigError('web.port', `${host}:${port} is taken by another program: stop that, or name a free port`);
	if (code === 'EACCES') return new ConfigError('web.port', `${host}:${port} may not be opened by this user: name one above 1023`);
	return new ConfigError('web.host', `cannot listen on ${host}:${port} (${errorText(error)}): name an address of this machine`);
}

export async function startWeb({ app, settings, password, webhookSecret }: WebOptions): Promise<Running> {
	if (password === undefined) throw new ConfigError('BALLAST_WEB_PASSWORD', 'is not set: the board is never shown without a login');
	const connection = connectQueues(settings);
	const producer = openProducer(connection, queueCatalog(app.config, TRIGGERS));
	const { server, drain } = createServer({ app, queues: producer, password, webhookSecret });
	const { host, port } = app.config.web;
	const listening = await new Promise<ReturnType<typeof server.listen>>((resolve, reject) => {
		const started = server.listen(port, host, (error?: Error) =>
			error === undefined ? resolve(started) : reject(refusedPort(error, host, port)),
		);
	});
	app.log.info({ address: listening.address(), board: BOARD, webhook: webhookSecret !== undefined }, 'web started');
	return {
		async stop() {
			drain();
			await new Promise((resolve) => listening.close(resolve));
			await producer.close();
			await connection.close();
		},
	};
}
