/** A worker in a process of its own, so that it can be killed. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { type ProductProcess, startProcess } from '../../sandbox/demo/processes.ts';
import type { World } from '../../sandbox/world.ts';
import type { Product } from '../product.ts';

export interface WorkerProcess extends ProductProcess {
	/** Resolves when it serves its queues. */
	readonly started: Promise<void>;
	/** SIGKILL: it gets no chance to write anything. */
	kill(): Promise<void>;
}

/** `queues`: names of queues, or stages; all when left out. */
export function startWorkerProcess(
	world: Pick<World, 'signerKey'> & { config(): unknown },
	{ settings, databaseUrl }: Pick<Product, 'settings' | 'databaseUrl'>,
	queues: readonly string[] = [],
): WorkerProcess {
	const folder = mkdtempSync(join(tmpdir(), 'ballast-worker-'));
	const file = join(folder, 'ballast.yaml');
	writeFileSync(file, stringify(world.config()));
	const env = {
		DATABASE_URL: databaseUrl,
		QUEUE_BACKEND: settings.backend,
		QUEUE_PREFIX: settings.prefix,
		BALLAST_CONFIG: file,
		BALLAST_SIGNER_KEY: world.signerKey,
		...(settings.redisUrl === null ? {} : { REDIS_URL: settings.redisUrl }),
	};
	let serving = () => {};
	const started = new Promise<void>((resolve) => {
		serving = resolve;
	});
	const args = queues.length === 0 ? ['worker'] : ['worker', '--queues', queues.join(',')];
	const process = startProcess('worker', { args, env, onLine: (line) => line.msg === 'worker started' && serving() });
	const ended = new Promise<void>((resolve) => process.child.once('exit', () => resolve()));
	const clean = () => rmSync(folder, { recursive: true, force: true });
	return {
		...process,
		started,
		async kill() {
			process.child.kill('SIGKILL');
			await ended;
			clean();
		},
		async stop() {
			await process.stop();
			clean();
		},
	};
}
