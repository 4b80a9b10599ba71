import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { invoice } from '../../sandbox/invoices/invoice.ts';
import { checkSettledBooks } from '../../sandbox/oracle/booked.ts';
import { judge, type OracleChain } from '../../sandbox/oracle/chains.ts';
import { openings } from '../../sandbox/oracle/openings.ts';
import { startWorld, type World } from '../../sandbox/world.ts';
import { untilAtRest } from '../at-rest.ts';
import { type Product, untilSettled, untilWaiting } from '../product.ts';
import { startProduct } from './product.ts';

let world: World;
let product: Product;
let before: OracleChain[];
let told: string[];

beforeAll(async () => {
	world = await startWorld({ endpoints: 3, balances: {} });
});
afterAll(() => world.stop());
beforeEach(async () => {
	await world.reset();
	await world.fund('1', '100');
	before = await openings(world);
	told = [];
});
afterEach(() => product.stop());

const OWNER = '0x90F79bf6EB2c4f870365E785982E1f101E93b906';
/** Two cores may be busy with other files. */
const WITHIN_MS = 60_000;
let count = 0;

async function start(): Promise<void> {
	product = await startProduct(world, { onLog: (line) => void told.push((JSON.parse(line) as { msg: string }).msg) });
}

/** Short of funds on chain 10: they are on chain 1. */
async function shown(): Promise<string> {
	count += 1;
	const made = invoice({ label: `quorum ${count}`, owner: OWNER, amount: '60', origin: '56', destinations: ['10'] });
	await world.everclear.addInvoice(made);
	return made.intent_id;
}

async function expectPaidOnce(): Promise<void> {
	await untilAtRest(product, world);
	expect(await judge(before, world.wallet)).toMatchObject({ problems: [], deposits: 1, purchases: 1, duplicateEffects: 0 });
	expect(await checkSettledBooks(product.sql, { world, before })).toEqual([]);
}

describe('with three endpoints for each chain', () => {
	it('an invoice is brought to its funds and paid once while one of them lies all the time', async () => {
		for (const [index, { proxies }] of [...world.chains.values()].entries()) {
			const proxy = proxies[index];
			if (proxy !== undefined) proxy.fault = () => 'lie';
		}
		await start();
		await untilSettled(product, await shown(), WITHIN_MS);
		await expectPaidOnce();
		expect(told).toContain('endpoint disagrees with the others');
	}, 120_000);

	it('an invoice waits while two are down, and is paid when one of these is back', async () => {
		await start();
		const [, second, third] = world.chain('1').proxies;
		if (second === undefined || third === undefined) throw new Error('there are not three');
		second.fault = third.fault = () => 'error500';
		const id = await shown();
		const { detail } = await untilWaiting(product, id, 'BALANCE_UNKNOWN');
		expect(detail).toMatch(/no 2 of 3 endpoints agree/);
		expect(await product.sql`select 1 from balance_snapshots where venue = '1' and amount = 0`).toEqual([]);
		third.fault = () => 'pass';
		await untilSettled(product, id, WITHIN_MS);
		await expectPaidOnce();
	}, 120_000);

	it('an invoice is paid while one lags, one hangs and one has begun to serve another chain', async () => {
		await start();
		const [ethereum, optimism, bsc] = [...world.chains.values()].map(({ proxies }) => proxies[0]);
		if (ethereum === undefined || optimism === undefined || bsc === undefined) throw new Error('there are not three');
		await world.chain('1').client.mine({ blocks: 60 });
		ethereum.fault = () => ({ lagBlocks: 50 });
		optimism.fault = (method) => (method === 'eth_chainId' ? { result: '0x63' } : 'lie');
		bsc.fault = () => 'hang';
		await untilSettled(product, await shown(), WITHIN_MS);
		await expectPaidOnce();
		expect(told).toEqual(expect.arrayContaining(['endpoint is far behind', 'endpoint serves another chain', 'endpoint does not answer']));
	}, 120_000);
});
