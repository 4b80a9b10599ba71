/** A Redis and a database for a test file, and caches in any phase on them. */
import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import postgres from 'postgres';
import { startRedis } from '../../../sandbox/servers/redis.ts';
import { createLog } from '../../../src/observe/log.ts';
import { createRebalanceCache } from '../../../src/rebalance-cache/index.ts';
import type { RebalanceCache } from '../../../src/rebalances/cache.ts';
import type { Phase } from '../../../src/rebalances/phase.ts';
import { testDatabase } from '../../stack.ts';
import type { Opened } from '../interface.ts';

const QUIET = createLog('silent', 'stand');
export const MIDDLE: readonly Phase[] = ['dual-write', 'dual-read', 'postgres'];

export async function openStands() {
	const server = await startRedis();
	const databaseUrl = await testDatabase();
	const raw = new Redis(server.url, { retryStrategy: () => 50, maxRetriesPerRequest: null });
	raw.on('error', () => {});
	const sql = postgres(databaseUrl, { max: 2, onnotice: () => {} });
	const opened: RebalanceCache[] = [];
	const cache = async (prefix: string, phase?: Phase): Promise<RebalanceCache> => {
		const made = await createRebalanceCache({ ...(phase && { phase }), prefix, redisUrl: server.url, databaseUrl, log: QUIET });
		opened.push(made);
		return made;
	};
	/** A cache that asks another instance each time, in the phase that is chosen then. */
	const openIn = async (choose: () => Phase): Promise<Opened> => {
		const prefix = `p${randomUUID()}`;
		const instances = new Map<Phase, RebalanceCache>();
		const chosen = async () => {
			const phase = choose();
			const known = instances.get(phase) ?? (await cache(prefix, phase));
			instances.set(phase, known);
			return known;
		};
		const close = async () => void (await Promise.all([...instances.values()].map((each) => each.disconnect())));
		const router = routed(chosen);
		return { cache: router, another: async () => router, close };
	};
	return {
		...{ server, databaseUrl, raw, sql, cache, openIn },
		/** Every connection but the test's own ones is cut, wherever its call stands. */
		async cut() {
			await raw.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
			await sql`select pg_terminate_backend(pid) from pg_stat_activity
				where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'`;
		},
		async close() {
			await Promise.all(opened.map((each) => each.disconnect()));
			raw.disconnect();
			await sql.end({ timeout: 1 });
			await server.stop();
		},
	};
}

function routed(choose: () => Promise<RebalanceCache>): RebalanceCache {
	return {
		addRebalances: async (actions) => (await choose()).addRebalances(actions),
		getRebalances: async (query) => (await choose()).getRebalances(query),
		removeRebalances: async (ids) => (await choose()).removeRebalances(ids),
		hasRebalance: async (id) => (await choose()).hasRebalance(id),
		getRebalanceByTransaction: async (transaction) => (await choose()).getRebalanceByTransaction(transaction),
		clear: async () => (await choose()).clear(),
		setPause: async (paused) => (await choose()).setPause(paused),
		isPaused: async () => (await choose()).isPaused(),
		addWithdrawalRecord: async (...record) => (await choose()).addWithdrawalRecord(...record),
		getWithdrawalRecord: async (deposit) => (await choose()).getWithdrawalRecord(deposit),
		removeWithdrawalRecord: async (deposit) => (await choose()).removeWithdrawalRecord(deposit),
		disconnect: async () => {},
	};
}

export type Stands = Awaited<ReturnType<typeof openStands>>;
