/** The product as a test sees it: real workers and a real scheduler on a real database, queues and chains, in this process. */
import postgres from 'postgres';
import { migrateQueues, type QueueSettings } from '../queues/queue.ts';
import { binanceKeys } from '../sandbox/binance/config.ts';
import type { World } from '../sandbox/world.ts';
import type { App } from '../src/app.ts';
import { type Config, resolveConfig } from '../src/config/load.ts';
import { fileSchema } from '../src/config/schema.ts';
import { createApp } from '../src/create-app.ts';
import { createLog } from '../src/observe/log.ts';
import { openStore, type Store } from '../src/store/db.ts';
import type { Running } from '../workers/running.ts';
import { startScheduler } from '../workers/scheduler.ts';
import { startWorker } from '../workers/worker.ts';

export interface Product {
	readonly app: App;
	readonly store: Store;
	readonly sql: postgres.Sql;
	readonly databaseUrl: string;
	readonly settings: QueueSettings;
	stop(): Promise<void>;
}

/** Where a product finds a database and queues of its own. */
export interface Servers {
	database(): Promise<string>;
	queues(databaseUrl: string): QueueSettings;
}

export interface ProductOptions {
	/** Queues or stages that workers serve; all when left out. */
	readonly queues?: readonly string[];
	/** Changes to the world's configuration. */
	readonly change?: (config: ReturnType<World['config']>) => unknown;
	/** 0 leaves the running of jobs to other processes. */
	readonly workers?: number;
	/** The product's clock, in Unix milliseconds; the machine's unless told otherwise. */
	readonly nowMs?: () => number;
	/** Gets each line of the log as JSON text; without it nothing is logged. */
	readonly onLog?: (line: string) => void;
}

const POLL_MS = 200;

/** `change` may set anything; what comes out is checked as a file would be. */
function configOf(world: World, change: ProductOptions['change'] = (config) => config): Config {
	const config = world.config();
	return resolveConfig(fileSchema.parse(change({ ...config, everclear: { ...config.everclear, pollMs: POLL_MS } })));
}

export async function startProduct(world: World, servers: Servers, options: ProductOptions = {}): Promise<Product> {
	const { queues = [], change, workers = 1, nowMs, onLog } = options;
	const databaseUrl = await servers.database();
	const settings = servers.queues(databaseUrl);
	await migrateQueues(settings);
	const store = openStore({ databaseUrl, pool: 10 });
	const sql = postgres(databaseUrl, { max: 3, onnotice: () => {} });
	const log = onLog === undefined ? createLog('silent', 'test') : createLog('info', 'test', { write: onLog });
	const keys = { signerKey: world.signerKey, exchangeKeys: binanceKeys(world.binance) };
	const app = createApp({ config: configOf(world, change), db: store.db, log, ...keys, ...(nowMs && { nowMs }) });
	const running: Running[] = [await startScheduler(app, store, settings)];
	for (let count = 0; count < workers; count += 1) running.push(startWorker(app, settings, queues));
	return {
		app,
		store,
		sql,
		databaseUrl,
		settings,
		async stop() {
			await Promise.all(running.map((each) => each.stop()));
			await sql.end();
			await store.close();
		},
	};
}

/** Looks until the answer is not null. Throws with `what` when it takes longer than `withinMs`. */
export async function until<T>(what: string, look: () => Promise<T | null>, withinMs = 20_000): Promise<T> {
	const deadline = Date.now() + withinMs;
	for (;;) {
		const found = await look();
		if (found !== null) return found;
		if (Date.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what}`);
		await new Promise((resolve) => setTimeout(resolve, 25));
	}
}

interface DemandRow {
	readonly status: string;
	readonly reason: string | null;
	readonly detail: string | null;
}

export async function demandOf(sql: postgres.Sql, invoiceId: string): Promise<DemandRow | null> {
	const [row] = await sql<DemandRow[]>`select status, reason, reason_detail as detail from demands where external_id = ${invoiceId}`;
	return row ?? null;
}

/** Waits until the invoice is settled. */
export function untilSettled({ sql }: Product, invoiceId: string, withinMs = 30_000): Promise<true> {
	return until(
		`invoice ${invoiceId} settled`,
		async () => ((await demandOf(sql, invoiceId))?.status === 'settled' ? true : null),
		withinMs,
	);
}

/** Waits until the open invoice waits for one of these reasons. */
export function untilWaiting({ sql }: Product, invoiceId: string, reason: string): Promise<DemandRow> {
	return until(`invoice ${invoiceId} waits with ${reason}`, async () => {
		const row = await demandOf(sql, invoiceId);
		return row?.status === 'open' && row.reason === reason ? row : null;
	});
}
