import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { broken, when } from '../../sandbox/http/misbehave.ts';
import { invoice } from '../../sandbox/invoices/invoice.ts';
import { startWorld, type World } from '../../sandbox/world.ts';
import { startWorker } from '../../workers/worker.ts';
import { ballast } from '../cli/shell.ts';
import { type Product, startProduct, until, untilSettled } from '../product.ts';
import { testServers } from '../stack.ts';

const OWNER = '0x90F79bf6EB2c4f870365E785982E1f101E93b906';

let world: World;
let product: Product;
const folder = mkdtempSync(join(tmpdir(), 'ballast-plan-now-'));

beforeAll(async () => {
	world = await startWorld({ balances: { 1: '500', 10: '20' } });
	writeFileSync(join(folder, 'ballast.yaml'), JSON.stringify(world.config()));
	// Nobody plans yet.
	product = await startProduct(world, testServers, { queues: ['invoice-poll', 'invoice-evaluation'] });
});
afterAll(async () => {
	rmSync(folder, { recursive: true });
	await product.stop();
	await world.stop();
});

const run = (...args: string[]) => ballast({ DATABASE_URL: product.databaseUrl, BALLAST_CONFIG: join(folder, 'ballast.yaml') }, ...args);

async function planned() {
	const { code, stdout, stderr } = await run('plan', '--json');
	expect([code, stderr]).toEqual([0, '']);
	return JSON.parse(stdout);
}

it('shows what would be planned now, over live quotes, and does nothing of it; what is planned then is the same', async () => {
	expect(await planned()).toMatchObject({ plans: [], unplanned: [], stopped: false });
	expect((await run('plan')).stdout).toBe('nothing is asked for that is not being served\n');

	const made = invoice({ label: 'plan now', owner: OWNER, amount: '100', origin: '56', destinations: ['10'] });
	await world.everclear.addInvoice(made);
	const now = await until('the invoice is evaluated', async () => {
		const found = await planned();
		return found.plans.length > 0 ? found : null;
	});
	expect(now).toMatchObject({
		plans: [{ demand: made.intent_id, destination: '10', legs: [{ route: 'across-1-10-USDC' }] }],
		...{ payable: [], unplanned: [], proof: { exact: true, bound: null }, topUps: [], unanswered: [], unread: [], off: [], stopped: false },
	});
	const [send] = now.plans[0].legs.map((leg: { send: string }) => leg.send);
	const { stdout } = await run('plan');
	expect(stdout).toContain(`across-1-10-USDC  sends  ${send}`);
	expect(stdout).toContain('proven: no other result is better');
	expect(await product.sql`select 1 from earmarks`).toHaveLength(0);

	world.across.fault = when('GET', /^\/suggested-fees/, broken());
	const blind = await planned();
	expect(blind).toMatchObject({ plans: [], unplanned: [{ demand: made.intent_id }], unanswered: [{ route: 'across-1-10-USDC' }] });
	expect((await run('plan')).stdout).toMatch(/^route across-1-10-USDC is left out: Across API: .* 500/m);
	world.across.fault = () => undefined;

	await run('pause', '--reason', 'a look');
	expect(await planned()).toMatchObject({ stopped: true, plans: [{ demand: made.intent_id }] });
	expect((await run('plan')).stdout).toMatch(/^STOPPED by an operator/);
	await run('resume', '--reason', 'seen');

	const worker = startWorker(product.app, product.settings, []);
	await untilSettled(product, made.intent_id);
	await worker.stop();
	const [leg] = await product.sql`select route, send::text from rebalance_operations`;
	expect(leg).toEqual({ route: 'across-1-10-USDC', send: `${Math.round(Number(send) * 1e6)}` });
});
