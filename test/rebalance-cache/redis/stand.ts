/** A Redis for a test file, and caches on it that nobody else uses. */
import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { startRedis } from '../../../sandbox/servers/redis.ts';
import { createPlainCache, type PlainSettings } from '../../../src/rebalance-cache/plain.ts';
import type { Trouble } from '../../../src/rebalance-cache/redis/ask.ts';
import { openRedis } from '../../../src/rebalance-cache/redis/connection.ts';
import { createRedisSide, type RedisSide } from '../../../src/rebalance-cache/redis/side.ts';
import type { RebalanceCache } from '../../../src/rebalances/cache.ts';
import type { Opened } from '../interface.ts';
import { type LosingProxy, startLosingProxy } from './losing-proxy.ts';

interface Stand {
	readonly prefix: string;
	readonly side: RedisSide;
	/** What could not be served, as `<kind> <id>`. */
	readonly troubles: string[];
}

export const PLAIN: PlainSettings = { follows: null, marks: 'never', refusesNul: false };

/** A cache on a connection of its own, which nobody closes but its owner. */
export function cacheAt(url: string, prefix = `p${randomUUID()}`): RebalanceCache {
	return createPlainCache(createRedisSide({ connection: openRedis(url), prefix, onTrouble: () => {} }), PLAIN);
}

/** Its own server: some of the tests kill it, and no other test may notice. */
export async function openStands() {
	const server = await startRedis();
	const raw = new Redis(server.url, { retryStrategy: () => 50, maxRetriesPerRequest: null });
	raw.on('error', () => {});
	const sides: RedisSide[] = [];
	const stand = (prefix = `p${randomUUID()}`): Stand => {
		const troubles: string[] = [];
		const onTrouble = (kind: Trouble, id: string) => void troubles.push(`${kind} ${id}`);
		const side = createRedisSide({ connection: openRedis(server.url), prefix, onTrouble });
		sides.push(side);
		return { prefix, side, troubles };
	};
	return {
		server,
		/** A client that looks and writes past us. */
		raw,
		stand,
		async open(): Promise<Opened> {
			const { prefix, side } = stand();
			const mine = [side];
			const another = async () => {
				const next = stand(prefix).side;
				mine.push(next);
				return createPlainCache(next, PLAIN);
			};
			const close = async () => {
				for (const each of mine) await each.close();
			};
			return { cache: createPlainCache(side, PLAIN), another, close };
		},
		async close() {
			for (const side of sides) await side.close();
			raw.disconnect();
			await server.stop();
		},
	};
}

export type Stands = Awaited<ReturnType<typeof openStands>>;

/** And a way to it that loses things; closing the stands closes it as well. */
export async function openBehindProxy(): Promise<[Stands, LosingProxy]> {
	const stands = await openStands();
	const proxy = await startLosingProxy(stands.server.port);
	const close = async () => {
		await stands.close();
		await proxy.close();
	};
	return [{ ...stands, close }, proxy];
}
