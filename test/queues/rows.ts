/** A scheduler over rows that a test has written, without chains and workers: who adds which jobs, and how soon. */

import { queueCatalog } from '../../queues/catalog.ts';
import { connectQueues, migrateQueues, openProducer, type Producer, type QueueMark, type QueueSettings } from '../../queues/queue.ts';
import type { App } from '../../src/app.ts';
import { resolveConfig } from '../../src/config/load.ts';
import { fileSchema } from '../../src/config/schema.ts';
import { createApp } from '../../src/create-app.ts';
import { createLog } from '../../src/observe/log.ts';
import { nextStep } from '../../src/steps/upkeep/reconcile.ts';
import { openStore, type Store } from '../../src/store/db.ts';
import { readLegsOf } from '../../src/store/legs.ts';
import { TRIGGERS } from '../../src/trigger/registry.ts';
import { isLegJobLive } from '../../workers/live-jobs.ts';
import { startScheduler } from '../../workers/scheduler.ts';
import { testDatabase, testQueues } from '../stack.ts';
import { SIGNER, TOKEN } from '../store/fixture.ts';

const at = (chain: string) => ({ name: chain, rpcUrls: ['http://127.0.0.1:9'], finalityBlocks: 1 });
const FILE = {
	wallet: SIGNER,
	chains: { 1: at('one'), 10: at('ten') },
	assets: { USDC: { venues: { 1: { address: TOKEN, decimals: 6 }, 10: { address: TOKEN, decimals: 6 } } } },
	everclear: { apiUrl: 'http://127.0.0.1:9', spokes: { 1: TOKEN, 10: TOKEN }, pollMs: 60_000 },
	bridges: { across: { apiUrl: 'http://127.0.0.1:9', spokePools: { 1: TOKEN, 10: TOKEN } } },
	routes: [{ asset: 'USDC', origin: '1', destination: '10', bridge: 'across' }],
};

export interface Rows {
	readonly app: App;
	readonly store: Store;
	readonly settings: QueueSettings;
	readonly producer: Producer;
	/** Null on PostgreSQL. */
	readonly mark: QueueMark | null;
	/** Messages of the log so far. */
	readonly told: string[];
	/** Legs of these earmarks whose next step no job will do. */
	unserved(earmarkIds: readonly string[]): Promise<number>;
	stop(): Promise<void>;
}

/** `redisUrl`: of a server of the test's own; that of the run unless given. */
export async function openRows({ redisUrl, schedulers = 1 }: { redisUrl?: string; schedulers?: number } = {}): Promise<Rows> {
	const databaseUrl = await testDatabase();
	const settings = { ...testQueues(databaseUrl), ...(redisUrl !== undefined && { redisUrl }) };
	await migrateQueues(settings);
	const store = openStore({ databaseUrl, pool: 12 });
	const told: string[] = [];
	const log = createLog('info', 'test', { write: (line) => void told.push((JSON.parse(line) as { msg: string }).msg) });
	const app = createApp({ config: resolveConfig(fileSchema.parse(FILE)), db: store.db, log, signerKey: undefined });
	const connection = connectQueues(settings);
	const producer = openProducer(connection, queueCatalog(app.config, TRIGGERS));
	const running = await Promise.all(Array.from({ length: schedulers }, () => startScheduler(app, store, settings)));
	return {
		...{ app, store, settings, producer, mark: connection.mark, told },
		async unserved(earmarkIds) {
			let count = 0;
			for (const id of earmarkIds) {
				for (const { id: legId, generation, hops } of await readLegsOf(store.db, id)) {
					const [hop] = hops;
					if (hop === undefined) throw new Error(`leg ${legId} has no hop`);
					const { bridge, origin, destination, index } = hop;
					const isLive = await isLegJobLive(producer, { legId, hop: index, generation, step: nextStep(hop), bridge, origin, destination });
					if (!isLive) count += 1;
				}
			}
			return count;
		},
		async stop() {
			await Promise.all(running.map((each) => each.stop()));
			await producer.close();
			await connection.close();
			await store.close();
		},
	};
}
