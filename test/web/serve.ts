/** The real web server on a real database and real queues, without chains: what the pages say needs none. */
import type { AddressInfo } from 'node:net';
import type { Express } from 'express';
import { queueCatalog } from '../../queues/catalog.ts';
import { connectQueues, migrateQueues, openProducer, type Producer, type QueueConnection, type QueueSettings } from '../../queues/queue.ts';
import { resolveConfig } from '../../src/config/load.ts';
import { fileSchema } from '../../src/config/schema.ts';
import { createLog } from '../../src/observe/log.ts';
import { openStore, type Store } from '../../src/store/db.ts';
import { createServer } from '../../src/web/server.ts';
import { testDatabase, testQueues } from '../stack.ts';
import { SIGNER } from '../store/fixture.ts';

const config = resolveConfig(
	fileSchema.parse({ wallet: SIGNER, chains: {}, assets: {}, everclear: { apiUrl: 'http://127.0.0.1:9', spokes: {} } }),
);

export interface Site {
	readonly base: string;
	readonly databaseUrl: string;
	readonly store: Store;
	readonly connection: QueueConnection;
	readonly producer: Producer;
	/** Unix milliseconds; the server's clock. */
	nowMs: number;
	/** The body of an answer without login. */
	get(path: string): Promise<{ status: number; type: string | null; text: string }>;
	stop(): Promise<void>;
}

interface SiteOptions {
	readonly webhookSecret?: string;
	/** An existing one; a new one unless given. */
	readonly databaseUrl?: string;
	/** That of the run unless given. */
	readonly backend?: QueueSettings['backend'];
}

export async function openSite({ webhookSecret, databaseUrl: existing, backend }: SiteOptions = {}): Promise<Site> {
	const databaseUrl = existing ?? (await testDatabase());
	const usual = testQueues(databaseUrl);
	const settings = { ...usual, backend: backend ?? usual.backend };
	await migrateQueues(settings);
	const store = openStore({ databaseUrl, pool: 10 });
	const connection = connectQueues({ ...settings, connections: 12 });
	const catalog = queueCatalog({ routes: [{ bridge: 'across', origin: '1', destination: '10' }], inventory: { pollMs: 1_000 } }, [
		{ name: 'invoice-poll', everyMs: () => 1_000 },
	]);
	const producer = openProducer(connection, catalog);
	const site = { nowMs: Date.now() };
	const app = { config, db: store.db, log: createLog('silent', 'test'), nowMs: () => site.nowMs };
	const { base, stop } = await serve(createServer({ app, queues: producer, password: 'correct horse', webhookSecret }).server);
	return Object.assign(site, {
		...{ base, databaseUrl, store, connection, producer },
		get: (path: string) => get(base + path),
		async stop() {
			await stop();
			await producer.close();
			await connection.close();
			await store.close();
		},
	});
}

/** On a free port of this machine. */
export async function serve(server: Express): Promise<{ base: string; stop(): Promise<void> }> {
	const listening = server.listen(0, '127.0.0.1');
	await new Promise((resolve) => listening.once('listening', resolve));
	return {
		base: `http://127.0.0.1:${(listening.address() as AddressInfo).port}`,
		stop: async () => {
			listening.closeAllConnections();
			await new Promise((resolve) => listening.close(resolve));
		},
	};
}

export async function get(url: string): Promise<{ status: number; type: string | null; text: string }> {
	const answer = await fetch(url);
	return { status: answer.status, type: answer.headers.get('content-type'), text: await answer.text() };
}

/** Sample → value, as in `ballast_legs{status="planned"}` → 2. */
export async function scrape(site: Site): Promise<ReadonlyMap<string, number>> {
	const { status, text } = await site.get('/metrics');
	if (status !== 200) throw new Error(`/metrics answers ${status}: ${text}`);
	const samples = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
	return new Map(samples.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]));
}
