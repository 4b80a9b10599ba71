/** A whole migration, forth and back, while others go on writing: how fast the copy is, and how many of their calls fail. */
import { setTimeout as pause } from 'node:timers/promises';
import { createLog } from '../../src/observe/log.ts';
import { type CopyOptions, copyCache } from '../../src/rebalance-cache/copy.ts';
import { movePhase } from '../../src/rebalance-cache/move.ts';
import { openSides } from '../../src/rebalance-cache/open-sides.ts';
import { verifyCache } from '../../src/rebalance-cache/verify.ts';
import type { RebalanceCache } from '../../src/rebalances/cache.ts';
import { PHASES } from '../../src/rebalances/phase.ts';
import { actionOn, fill, type Ground } from './ground.ts';

interface Migration {
	readonly rowsPerSecond: number;
	readonly failedCalls: number;
	readonly calls: number;
	readonly differences: number;
}

interface MigrationOptions {
	readonly rows: number;
	readonly writesPerSecond: number;
	readonly write: (text: string) => void;
}

const PREFIX = 'migrated';
/** Where the writers add and remove, so that what they look for is found at once. */
const OWN_ROUTE = { origin: 77, destination: 78, asset: '0xOwn' };
const OPTIONS: CopyOptions = { cause: { actor: 'bench', reason: 'a measurement' }, bridges: new Set(['across']), onProgress: () => {} };

export async function timeMigration(ground: Ground, { rows, writesPerSecond, write }: MigrationOptions): Promise<Migration> {
	await fill([ground.old(PREFIX)], rows);
	const sides = openSides({
		redisUrl: ground.redisUrl,
		databaseUrl: ground.databaseUrl,
		prefix: PREFIX,
		log: createLog('silent', 'bench'),
	});
	const writers = await startWriters([await ground.cache(PREFIX), await ground.cache(PREFIX)], writesPerSecond);
	try {
		let rowsPerSecond = 0;
		for (const phase of PHASES.slice(1)) {
			await movePhase(sides, phase, OPTIONS);
			if (phase === 'dual-write') {
				const startedMs = performance.now();
				const { copied } = await copyCache(sides, OPTIONS);
				rowsPerSecond = Math.round(copied / ((performance.now() - startedMs) / 1_000));
				write(`${copied} copied, ${rowsPerSecond} a second, while ${writesPerSecond} writes a second went on`);
			}
		}
		let differences = 0;
		for (const phase of [...PHASES].reverse().slice(1)) {
			// In the first phase only one side is written.
			if (phase === 'redis') differences = (await verifyCache(sides, { ...OPTIONS, onDifference: write })).differences;
			await movePhase(sides, phase, OPTIONS);
		}
		const { calls, failed } = await writers.stop();
		write(`${calls} calls went on while the phase went from redis to done and back, ${failed} of them failed; ${differences} differences`);
		return { rowsPerSecond, failedCalls: failed, calls, differences };
	} finally {
		await writers.stop();
		await Promise.all([sides.redis.close(), sides.postgres.close()]);
	}
}

/** Adds and removes in turn, as evenly as the clock allows. */
async function startWriters(caches: readonly RebalanceCache[], writesPerSecond: number) {
	let [calls, failed, isOver] = [0, 0, false];
	const under = new Set<Promise<void>>();
	const taken = new Set<string>();
	const once = async (cache: RebalanceCache, index: number): Promise<void> => {
		calls += 1;
		try {
			if (index % 2 === 0) await cache.addRebalances([{ ...actionOn(index), ...OWN_ROUTE }]);
			else {
				const rows = await cache.getRebalances({ routes: [OWN_ROUTE] });
				const free = rows.find(({ id }) => !taken.has(id));
				if (free === undefined) return;
				taken.add(free.id);
				if ((await cache.removeRebalances([free.id])) !== 1) throw new Error('what is there cannot be removed');
			}
		} catch {
			failed += 1;
		}
	};
	const loop = (async () => {
		const startedMs = performance.now();
		for (let index = 0; !isOver; index += 1) {
			const work = once(caches[index % caches.length] as RebalanceCache, index);
			under.add(work);
			void work.finally(() => under.delete(work));
			const nextMs = startedMs + (index * 1_000) / writesPerSecond;
			if (nextMs > performance.now()) await pause(nextMs - performance.now());
		}
	})();
	return {
		async stop() {
			isOver = true;
			await loop;
			await Promise.all(under);
			return { calls, failed };
		},
	};
}
