/**
 * The calls that the class of before made, as they were observed on it with a real Redis: data and route set are written one after the other, and whoever
 * looks for a transaction reads everything. It is what the other side is measured against, and nothing else uses it.
 */
import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import type { RebalanceAction, RebalanceCache, StoredRebalance } from '../../src/rebalances/cache.ts';

export function oldClass(redis: Redis, prefix: string): RebalanceCache {
	const [data, withdrawals, paused] = [`${prefix}:data`, `${prefix}:withdrawals`, `${prefix}:paused`];
	const routeOf = ({ destination, origin, asset }: Pick<RebalanceAction, 'destination' | 'origin' | 'asset'>) =>
		`${prefix}:route:${destination}-${origin}-${asset.toLowerCase()}`;
	return {
		async addRebalances(actions) {
			const pipeline = redis.pipeline();
			for (const action of actions) {
				const id = `${action.destination}-${action.origin}-${action.asset}-${randomUUID()}`;
				pipeline.hset(data, id, JSON.stringify(action));
				pipeline.sadd(routeOf(action), id);
			}
			await pipeline.exec();
			return actions.length;
		},
		async getRebalances({ routes }) {
			const pipeline = redis.pipeline();
			for (const route of routes) pipeline.smembers(routeOf(route));
			const ids = [...new Set(((await pipeline.exec()) ?? []).flatMap(([, members]) => members as string[]))];
			if (ids.length === 0) return [];
			const texts = await redis.hmget(data, ...ids);
			return ids.flatMap((id, index) => actionsIn(id, texts[index]));
		},
		async removeRebalances(ids) {
			if (ids.length === 0) return 0;
			const texts = await redis.hmget(data, ...ids);
			const pipeline = redis.pipeline();
			for (const [index, id] of ids.entries()) {
				for (const action of actionsIn(id, texts[index])) {
					pipeline.srem(routeOf(action), id);
					pipeline.hdel(data, id);
				}
			}
			return ((await pipeline.exec()) ?? []).filter(([, answer], index) => index % 2 === 1 && answer === 1).length;
		},
		async clear() {
			const routes = await redis.keys(`${prefix}:route:*`);
			await redis.del(data, paused, ...routes);
		},
		hasRebalance: async (id) => (await redis.hexists(data, id)) === 1,
		async getRebalanceByTransaction(transaction) {
			const all = await redis.hgetall(data);
			for (const [id, text] of Object.entries(all))
				for (const action of actionsIn(id, text)) if (action.transaction === transaction) return action;
			return undefined;
		},
		async setPause(isPaused) {
			await redis.set(paused, isPaused ? '1' : '0');
		},
		isPaused: async () => (await redis.get(paused)) === '1',
		async addWithdrawalRecord(...[deposit, asset, method, refid]) {
			await redis.hset(withdrawals, deposit, JSON.stringify({ asset, method, refid }));
		},
		async getWithdrawalRecord(deposit) {
			const text = await redis.hget(withdrawals, deposit);
			return text === null ? undefined : JSON.parse(text);
		},
		removeWithdrawalRecord: async (deposit) => (await redis.hdel(withdrawals, deposit)) === 1,
		async disconnect() {
			redis.disconnect();
		},
	};
}

const actionsIn = (id: string, text: string | null | undefined): StoredRebalance[] =>
	text === null || text === undefined ? [] : [{ ...(JSON.parse(text) as RebalanceAction), id }];
