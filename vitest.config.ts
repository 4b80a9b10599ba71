import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { readEnvironment } from './sandbox/servers/environment.ts';
import { findRedis } from './sandbox/servers/redis.ts';

const { queueBackend, redisUrl } = readEnvironment();
const hasRedis = queueBackend !== 'postgres' && (redisUrl !== null || findRedis() !== null);

/** Rooms whose files take longest; begun last, one of them would keep a single core busy while the other one idles. */
const LONGEST = ['scenarios', 'conformance', 'faults', 'e2e', 'planted'];

class LongestFirst extends BaseSequencer {
	override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
		const rank = ({ moduleId }: TestSpecification) => {
			const place = LONGEST.findIndex((room) => moduleId.includes(`/test/${room}/`));
			return place === -1 ? LONGEST.length : place;
		};
		return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
	}
}

export default defineConfig({
	test: {
		include: ['test/**/*.test.ts'],
		// What needs a server that is not there is not collected; test/run.ts names it at the end.
		exclude: hasRedis ? [] : ['test/**/*.redis.test.ts'],
		sequence: { sequencer: LongestFirst },
		globalSetup: ['test/setup.ts'],
		pool: 'forks',
		isolate: false,
		maxWorkers: 3,
		testTimeout: 60_000,
		hookTimeout: 60_000,
		teardownTimeout: 30_000,
	},
});
