/** A whole migration, forth and back, while others go on writing: how fast the copy is, and how many of their calls fail. */
import { createLog } from '../../src/observe/log.ts';
import { type CopyOptions, copyCache } from '../../src/rebalance-cache/copy.ts';
import { movePhase } from '../../src/rebalance-cache/move.ts';
import { openSides } from '../../src/rebalance-cache/open-sides.ts';
import { verifyCache } from '../../src/rebalance-cache/verify.ts';
import { PHASES } from '../../src/rebalances/phase.ts';
import { startLoad } from '../../test/rebalance-cache/phased/load.ts';
import { fill, type Ground } from './ground.ts';

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
const OPTIONS: CopyOptions = { cause: { actor: 'bench', reason: 'a measurement' }, bridges: new Set(['across']), onProgress: () => {} };

export async function timeMigration(ground: Ground, { rows, writesPerSecond, write }: MigrationOptions): Promise<Migration> {
	await fill([ground.old(PREFIX)], rows);
	const sides = openSides({
		redisUrl: ground.redisUrl,
		databaseUrl: ground.databaseUrl,
		prefix: PREFIX,
		log: createLog('silent', 'bench'),
	});
	const load = startLoad([await ground.cache(PREFIX), await ground.cache(PREFIX)], writesPerSecond);
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
		const { calls, failures } = await load.stop();
		for (const failure of new Set(failures)) write(`failed: ${failure}`);
		const failed = failures.length;
		write(`${calls} calls went on while the phase went from redis to done and back, ${failed} of them failed; ${differences} differences`);
		return { rowsPerSecond, failedCalls: failed, calls, differences };
	} finally {
		await load.stop();
		await Promise.all([sides.redis.close(), sides.postgres.close()]);
	}
}
