import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { RECOVERY } from '../../queues/queue.ts';
import { invoice } from '../../sandbox/invoices/invoice.ts';
import { checkSettledBooks } from '../../sandbox/oracle/booked.ts';
import { judge } from '../../sandbox/oracle/chains.ts';
import { openings } from '../../sandbox/oracle/openings.ts';
import { startWorld, type World } from '../../sandbox/world.ts';
import type { Running } from '../../workers/running.ts';
import { startWorker } from '../../workers/worker.ts';
import { untilAtRest } from '../at-rest.ts';
import { type Product, until, untilSettled } from '../product.ts';
import { startProduct } from './product.ts';
import { startWorkerProcess, type WorkerProcess } from './worker-process.ts';

/** What is promised beside the lock and the check for jobs without one. */
const MARGIN_MS = 2_000;

let world: World;
let product: Product;
let first: WorkerProcess;
let other: Running | null;

beforeAll(async () => {
	world = await startWorld({ balances: {} });
});
afterAll(() => world.stop());
beforeEach(async () => {
	await world.reset();
	await world.fund('1', '500');
	product = await startProduct(world, { workers: 0 });
	first = startWorkerProcess(world, product);
	other = null;
	await first.started;
});
afterEach(async () => {
	await first.stop();
	await other?.stop();
	await product.stop();
});

/** Serves an invoice up to its deposit, which the node takes without the worker hearing of it; resolves while the worker waits for the answer. */
async function untilDeposited(label: string) {
	const { proxy, spokePool } = world.chain('1');
	let accepted = false;
	const pool = spokePool.slice(2).toLowerCase();
	proxy.fault = (method, [raw]) => {
		// An approval names the pool in its arguments, which stand after the 4-byte selector 0x095ea7b3.
		const isDeposit = method === 'eth_sendRawTransaction' && String(raw).toLowerCase().includes(pool) && !String(raw).includes('095ea7b3');
		accepted ||= isDeposit;
		return isDeposit ? 'timeout-after-accept' : 'pass';
	};
	const owner = '0x90F79bf6EB2c4f870365E785982E1f101E93b906';
	const made = invoice({ label, owner, amount: '100', origin: '56', destinations: ['10'] });
	await world.everclear.addInvoice(made);
	await until('the node has accepted the deposit', async () => (accepted ? true : null));
	proxy.fault = () => 'pass';
	return made;
}

/** Milliseconds until somebody knows of the deposit that nobody has recorded. */
async function untilTakenOver(): Promise<number> {
	const from = Date.now();
	await until('another worker has taken the job over', async () => {
		const rows = await product.sql`select 1 from effects where kind = 'send' and status in ('intended', 'reserved', 'signed')`;
		return rows.length === 0 ? true : null;
	});
	return Date.now() - from;
}

describe('a worker process that ends while it sends', () => {
	it('by SIGKILL: its job is taken over within the lock, the check and two seconds, and nothing is sent twice', async () => {
		const before = await openings(world);
		const made = await untilDeposited('recovery after a kill');
		other = startWorker(product.app, product.settings, []);
		await first.kill();
		const tookMs = await untilTakenOver();
		expect(tookMs).toBeLessThanOrEqual(RECOVERY.lockMs + RECOVERY.stalledCheckMs + MARGIN_MS);
		await untilSettled(product, made.intent_id, 45_000);
		await untilAtRest(product, world);
		expect(await judge(before, world.wallet)).toMatchObject({ problems: [], deposits: 1, purchases: 1, duplicateEffects: 0 });
		expect(await checkSettledBooks(product.sql, { world, before })).toEqual([]);
		process.stdout.write(`taken over ${tookMs} ms after SIGKILL\n`);
	});

	it('by SIGTERM: it is gone within nine seconds with code 0, and its job is handed over without waiting for a lock', async () => {
		const before = await openings(world);
		const made = await untilDeposited('hand-over after a stop');
		other = startWorker(product.app, product.settings, []);
		const gone = new Promise<number | null>((resolve) => first.child.once('exit', (code) => resolve(code)));
		const from = Date.now();
		first.child.kill('SIGTERM');
		const takenOver = untilTakenOver();
		expect(await gone).toBe(0);
		const goneMs = Date.now() - from;
		expect(goneMs).toBeLessThan(9_000);
		const tookMs = await takenOver;
		expect(tookMs).toBeLessThan(goneMs + RECOVERY.lockMs / 2);
		await untilSettled(product, made.intent_id, 45_000);
		await untilAtRest(product, world);
		expect(await judge(before, world.wallet)).toMatchObject({ problems: [], deposits: 1, purchases: 1, duplicateEffects: 0 });
		expect(await checkSettledBooks(product.sql, { world, before })).toEqual([]);
		process.stdout.write(`gone ${goneMs} ms and taken over ${tookMs} ms after SIGTERM\n`);
	});
});
