/** The servers, the chains and the product that all parts of the measurement use, each on a database and queues of its own. */
import { randomBytes } from 'node:crypto';
import type { QueueSettings } from '../../queues/queue.ts';
import { createDatabase } from '../../sandbox/servers/database.ts';
import { startPostgres } from '../../sandbox/servers/postgres.ts';
import { startRedis } from '../../sandbox/servers/redis.ts';
import { type BridgeName, startWorld, type World } from '../../sandbox/world.ts';
import { migrateDatabase } from '../../src/store/migrate.ts';
import { type Product, startProduct } from '../../test/product.ts';

export interface Ground {
	/** Its chains mine every transaction at once; relayer, hub and attesters stand still until they are told to go on. */
	readonly world: World;
	/** Of the database server, whose writes reach the disk before a commit returns. */
	readonly serverUrl: string;
	/** A server of our own: one part flushes it. */
	readonly redisUrl: string;
	stop(): Promise<void>;
}

export interface Wanted {
	readonly bridges: readonly BridgeName[];
	readonly workers: number;
	/** Leads to the database by another way. */
	readonly through?: (databaseUrl: string) => string;
	readonly onLog?: (line: string) => void;
}

const TEMPLATE = 'ballast_exactly_once';
/** What legs need; settlement has no invoice here to pay for. */
export const SERVED = ['bridge-execution', 'attestation-polling'];
/** How long anybody waits before looking for a receipt again. */
export const POLL_MS = 1;

/** Throws when there is no redis-server and no valkey-server on PATH. */
export async function openGround(): Promise<Ground> {
	const [postgres, redis, world] = await Promise.all([
		startPostgres({ durable: true }),
		startRedis(),
		startWorld({ blockSeconds: 0, balances: {} }),
	]);
	await migrateDatabase(await postgres.createDatabase(TEMPLATE));
	// Whoever is not needed would only take time from those who are measured.
	for (const { poller } of [world.across.relayer, world.everclear, world.cctp.iris]) await poller.pause();
	return {
		world,
		serverUrl: postgres.url,
		redisUrl: redis.url,
		stop: async () => void (await Promise.all([postgres.stop(), redis.stop(), world.stop()])),
	};
}

/** A scheduler, and workers for legs, in this process. */
export async function openProduct({ world, serverUrl, redisUrl }: Ground, wanted: Wanted): Promise<Product> {
	const { bridges, workers, through = (url) => url, onLog } = wanted;
	const servers = {
		database: async () => through(await createDatabase(serverUrl, `bench_${randomBytes(6).toString('hex')}`, TEMPLATE)),
		queues: (databaseUrl: string) => queuesOn(redisUrl, databaseUrl),
	};
	const options = { queues: SERVED, workers, change: () => configFor(world, bridges), ...(onLog && { onLog }) };
	const product = await startProduct(world, servers, options);
	// Less than a configuration may say: with blocks that are there at once, whatever is waited would hide what is worked.
	for (const chain of product.app.config.chains.values()) Object.assign(chain, { pollMs: POLL_MS });
	return product;
}

export function queuesOn(redisUrl: string, databaseUrl: string): QueueSettings {
	return { backend: 'redis', redisUrl, databaseUrl, prefix: `{b${randomBytes(6).toString('hex')}}`, connections: 6 };
}

/** What is mined is final, and nobody polls for invoices meanwhile. */
export function configFor(world: World, bridges: readonly BridgeName[]) {
	const config = world.config({ bridges, finalityBlocks: 0 });
	return { ...config, everclear: { ...config.everclear, pollMs: 3_600_000 } };
}
