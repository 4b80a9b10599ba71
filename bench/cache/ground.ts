/** A Redis and a database for the measurement, on loopback, and what is stored in them. */
import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { startPostgres } from '../../sandbox/servers/postgres.ts';
import { startRedis } from '../../sandbox/servers/redis.ts';
import { createLog } from '../../src/observe/log.ts';
import { createRebalanceCache } from '../../src/rebalance-cache/index.ts';
import type { RebalanceAction, RebalanceCache } from '../../src/rebalances/cache.ts';
import type { Phase } from '../../src/rebalances/phase.ts';
import { migrateDatabase } from '../../src/store/migrate.ts';
import { oldClass } from './old-class.ts';

const QUIET = createLog('silent', 'bench');

export interface Ground {
	readonly redisUrl: string;
	readonly databaseUrl: string;
	/** The class of before. */
	old(prefix: string): RebalanceCache;
	cache(prefix: string, phase?: Phase): Promise<RebalanceCache>;
	stop(): Promise<void>;
}

/** What was started is stopped again when something fails. */
export async function openGround(): Promise<Ground> {
	const toClose: (() => Promise<unknown>)[] = [];
	const stop = async () => {
		for (const close of toClose.splice(0).reverse()) await close();
	};
	try {
		const redis = await startRedis();
		toClose.push(() => redis.stop());
		const postgres = await startPostgres({ durable: true });
		toClose.push(() => postgres.stop());
		const databaseUrl = await postgres.createDatabase('ballast_cache');
		await migrateDatabase(databaseUrl);
		return {
			...{ redisUrl: redis.url, databaseUrl, stop },
			old(prefix) {
				const cache = oldClass(new Redis(redis.url), prefix);
				toClose.push(() => cache.disconnect());
				return cache;
			},
			async cache(prefix, phase) {
				const cache = await createRebalanceCache({ ...(phase && { phase }), prefix, redisUrl: redis.url, databaseUrl, log: QUIET });
				toClose.push(() => cache.disconnect());
				return cache;
			},
		};
	} catch (error) {
		await stop();
		throw error;
	}
}

export const ROUTES = Array.from({ length: 100 }, (_, index) => ({
	...{ origin: 1 + (index % 10), destination: 100 + Math.floor(index / 10) },
	asset: '0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48a0b86991c6218b36c1d19d4a',
}));

export function actionOn(number: number): RebalanceAction {
	const route = ROUTES[number % ROUTES.length] ?? { origin: 1, destination: 10, asset: '0x' };
	return {
		...{ bridge: 'across', amount: `${1_000_000 + number}`, ...route, transaction: `0x${randomUUID().replaceAll('-', '').repeat(2)}` },
		recipient: '0x70997970C51812dc3A010C7d01b50e0d17dc79C8',
	};
}

const BATCH = 1_000;

export async function fill(caches: readonly RebalanceCache[], count: number): Promise<RebalanceAction[]> {
	const actions = Array.from({ length: count }, (_, index) => actionOn(index));
	for (let first = 0; first < count; first += BATCH) {
		for (const cache of caches) await cache.addRebalances(actions.slice(first, first + BATCH));
	}
	return actions;
}
