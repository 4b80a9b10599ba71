/** Servers that can be taken away, caches that follow the stored phase, and copiers that can be killed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import connect from 'postgres';
import { bareEnvironment } from '../../../sandbox/servers/environment.ts';
import { startPostgres } from '../../../sandbox/servers/postgres.ts';
import { startRedis } from '../../../sandbox/servers/redis.ts';
import { createLog } from '../../../src/observe/log.ts';
import { createRebalanceCache } from '../../../src/rebalance-cache/index.ts';
import type { RebalanceCache } from '../../../src/rebalances/cache.ts';
import type { Phase } from '../../../src/rebalances/phase.ts';
import { migrateDatabase } from '../../../src/store/migrate.ts';

const QUIET = createLog('silent', 'site');

export type SideName = 'redis' | 'postgres';

export type Site = Awaited<ReturnType<typeof openSite>>;

export async function openSite() {
	const redis = await startRedis();
	const postgres = await startPostgres({ durable: 'process' }).catch(async (error: unknown) => {
		await redis.stop();
		throw error;
	});
	const databaseUrl = await postgres.createDatabase(`cache_${randomUUID().replaceAll('-', '')}`);
	await migrateDatabase(databaseUrl);
	const sql = connect(databaseUrl, { max: 1, onnotice: () => {} });
	const opened: RebalanceCache[] = [];
	return {
		...{ redisUrl: redis.url, databaseUrl },
		async cache(phase?: Phase): Promise<RebalanceCache> {
			const cache = await createRebalanceCache({ ...(phase && { phase }), redisUrl: redis.url, databaseUrl, log: QUIET });
			opened.push(cache);
			return cache;
		},
		/** `ballast cache copy` in a process of its own. */
		copier(): ChildProcess {
			const args = ['--import', 'tsx', 'src/cli/main.ts', 'cache', 'copy', '--redis', redis.url];
			return spawn(process.execPath, args, { env: { ...bareEnvironment(), DATABASE_URL: databaseUrl }, stdio: 'ignore' });
		},
		/** Rows in PostgreSQL. */
		async copied(): Promise<number> {
			const [row] = await sql<{ count: number }[]>`select count(*)::int as count from cached_rebalances`;
			return row?.count ?? 0;
		},
		/** Redis would lose what it has if it died; PostgreSQL consists of many processes, and keeps it. */
		goAway: async (side: SideName) => (side === 'redis' ? void process.kill(redis.pid, 'SIGSTOP') : postgres.kill()),
		comeBack: async (side: SideName) => (side === 'redis' ? void process.kill(redis.pid, 'SIGCONT') : postgres.restart()),
		async close() {
			process.kill(redis.pid, 'SIGCONT');
			await sql.end({ timeout: 1 });
			await Promise.all(opened.map((each) => each.disconnect()));
			await Promise.all([redis.stop(), postgres.stop()]);
		},
	};
}
