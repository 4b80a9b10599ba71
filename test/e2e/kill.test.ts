import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { invoice } from '../../sandbox/invoices/invoice.ts';
import { checkSettledBooks } from '../../sandbox/oracle/booked.ts';
import { judge } from '../../sandbox/oracle/chains.ts';
import { openings } from '../../sandbox/oracle/openings.ts';
import { startWorld, type World } from '../../sandbox/world.ts';
import { untilAtRest } from '../at-rest.ts';
import { type Product, until, untilSettled } from '../product.ts';
import { startProduct } from './product.ts';
import { startWorkerProcess, type WorkerProcess } from './worker-process.ts';

let world: World;
let product: Product;
let worker: WorkerProcess;

beforeAll(async () => {
	world = await startWorld({ balances: { 1: '500' } });
	product = await startProduct(world, { workers: 0 });
});
afterAll(async () => {
	await worker.stop();
	await product.stop();
	await world.stop();
});

describe('a worker killed with SIGKILL after the broadcast and before recording it', () => {
	it('leaves one deposit on chain after the restart', async () => {
		const before = await openings(world);
		worker = startWorkerProcess(world, product);
		await worker.started;
		const { proxy, spokePool, client } = world.chain('1');
		let accepted = false;
		const pool = spokePool.slice(2).toLowerCase();
		// The node takes the deposit, and the worker never hears of it.
		proxy.fault = (method, [raw]) => {
			// An approval names the pool in its arguments, which stand after the 4-byte selector 0x095ea7b3.
			const isDeposit =
				method === 'eth_sendRawTransaction' && String(raw).toLowerCase().includes(pool) && !String(raw).includes('095ea7b3');
			accepted ||= isDeposit;
			return isDeposit ? 'timeout-after-accept' : 'pass';
		};
		const made = invoice({
			label: 'killed',
			owner: '0x90F79bf6EB2c4f870365E785982E1f101E93b906',
			amount: '100',
			origin: '56',
			destinations: ['10'],
		});
		await world.everclear.addInvoice(made);
		await until('the node has accepted the deposit', async () => (accepted ? true : null));
		await worker.kill();
		const [effect] = await product.sql`select status, nonce from effects where kind = 'send'`;
		expect(effect?.status).toBe('signed');
		await until('the deposit is mined', async () => {
			const nonce = await client.getTransactionCount({ address: world.wallet });
			return BigInt(nonce) > BigInt(effect?.nonce) ? true : null;
		});
		proxy.fault = () => 'pass';
		worker = startWorkerProcess(world, product);
		await untilSettled(product, made.intent_id, 45_000);
		await untilAtRest(product, world);
		expect(await judge(before, world.wallet)).toMatchObject({ problems: [], deposits: 1, purchases: 1, duplicateEffects: 0 });
		expect(await checkSettledBooks(product.sql, { world, before })).toEqual([]);
	});
});
