/**
 * How long work stands still when its worker dies: SIGKILL to a process with all the legs that it takes of one route, each between sending
 * and recording. Another worker knows of them by their locks alone, which run out at different times; the last one counts.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { RECOVERY } from '../../queues/queue.ts';
import { openSwap } from '../../test/conformance/stands/swap.ts';
import { startWorkerProcess, type WorkerProcess } from '../../test/e2e/worker-process.ts';
import { type Product, until } from '../../test/product.ts';
import type { Running } from '../../workers/running.ts';
import { startWorker } from '../../workers/worker.ts';
import { configFor, type Ground, openProduct, SERVED } from './ground.ts';
import { commitLeg, type Planned, planLeg } from './legs.ts';

export interface Recovery {
	readonly ms: number;
	readonly boundMs: number;
}

/** As many as a process serves of one route at a time. */
const LEGS = 4;
/** Apart, so that their locks are of different ages; together less than a request may take. */
const APART_MS = 500;
/** What is promised beside the lock and the check for jobs without one. */
const MARGIN_MS = 2_000;
/** Long after the bound, so that what comes too late is told with its time. */
const GIVEN_UP_AFTER_MS = 60_000;
const DELIVERED_WITHIN_MS = 60_000;
/** An approval and a send. */
const TRANSACTIONS = 2;

/** Throws when a leg is not delivered, or more than its own transactions were made. */
export async function timeRecovery(ground: Ground): Promise<Recovery> {
	const { world } = ground;
	const product = await openProduct(ground, { bridges: ['swap'], workers: 0 });
	const first = startWorkerProcess({ signerKey: world.signerKey, config: () => configFor(world, ['swap']) }, product, SERVED);
	let other: Running | null = null;
	try {
		await first.started;
		const nonce = () => world.chain('1').client.getTransactionCount({ address: world.wallet });
		const before = await nonce();
		await untilAllSending(ground, product);
		other = startWorker(product.app, product.settings, SERVED);
		const ms = await kill(ground, product, first);
		const delivered = async () => (await product.sql`select 1 from rebalance_operations where status = 'delivered'`).length;
		await until('every leg is delivered', async () => ((await delivered()) === LEGS ? true : null), DELIVERED_WITHIN_MS);
		const made = (await nonce()) - before;
		if (made !== LEGS * TRANSACTIONS) throw new Error(`${made} transactions were made for ${LEGS} legs`);
		return { ms, boundMs: RECOVERY.lockMs + RECOVERY.stalledCheckMs + MARGIN_MS };
	} finally {
		world.chain('1').proxy.fault = () => 'pass';
		await first.stop();
		await other?.stop();
		await product.stop();
	}
}

/** Each worker's answer to its first transaction is lost: the node has it, and nobody has written that down. */
async function untilAllSending({ world }: Ground, product: Product): Promise<void> {
	let accepted = 0;
	world.chain('1').proxy.fault = (method) => {
		if (method !== 'eth_sendRawTransaction') return 'pass';
		accepted += 1;
		return 'timeout-after-accept';
	};
	const planned: Planned[] = [];
	const stand = openSwap(world);
	for (let leg = 0; leg < LEGS; leg += 1) planned.push(await planLeg(product.app, stand));
	for (const each of planned) {
		await commitLeg(product.app, each);
		await pause(APART_MS);
	}
	await until('every leg is being sent', async () => (accepted >= LEGS ? true : null));
}

/** Milliseconds until the last of its jobs is worked on again. */
async function kill({ world }: Ground, { sql }: Product, first: WorkerProcess): Promise<number> {
	const left = async () => (await sql`select 1 from effects where status = 'signed'`).length;
	if ((await left()) === 0) throw new Error('no leg was being sent when the worker was to be killed');
	const killedMs = performance.now();
	await first.kill();
	world.chain('1').proxy.fault = () => 'pass';
	await until('another worker has taken the jobs over', async () => ((await left()) === 0 ? true : null), GIVEN_UP_AFTER_MS);
	return Math.round(performance.now() - killedMs);
}
