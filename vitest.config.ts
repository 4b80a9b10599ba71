import { defineConfig } from 'vitest/config';
import { readEnvironment } from './sandbox/servers/environment.ts';
import { findRedis } from './sandbox/servers/redis.ts';

const { queueBackend, redisUrl } = readEnvironment();
const hasRedis = queueBackend !== 'postgres' && (redisUrl !== null || findRedis() !== null);

export default defineConfig({
	test: {
		include: ['test/**/*.test.ts'],
		// What needs a server that is not there is not collected; test/run.ts names it at the end.
		exclude: hasRedis ? [] : ['test/**/*.redis.test.ts'],
		globalSetup: ['test/setup.ts'],
		pool: 'forks',
		maxWorkers: 2,
		testTimeout: 60_000,
		hookTimeout: 60_000,
		teardownTimeout: 30_000,
	},
});
