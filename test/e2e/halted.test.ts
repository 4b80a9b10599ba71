import { afterAll, beforeAll, expect, it } from 'vitest';
import { invoice } from '../../sandbox/invoices/invoice.ts';
import { startWorld, type World } from '../../sandbox/world.ts';
import { type GateState, newGate } from '../../src/health/gate.ts';
import { writeGate } from '../../src/store/health.ts';
import { demandOf, type Product, until, untilSettled } from '../product.ts';
import { startProduct } from './product.ts';

const SOMEBODY = '0x90F79bf6EB2c4f870365E785982E1f101E93b906';

let world: World;
let product: Product;
beforeAll(async () => {
	world = await startWorld({ balances: { 1: '1000' } });
	const token = { token: 'erc1155', address: world.chain('10').usdc, id: '1', chain: '10', decimals: 6, holders: ['wallet'] };
	product = await startProduct(world, {
		change: (config) => ({
			...config,
			inventory: { watch: [{ asset: 'YES', ...token }] },
			fills: { phase: 'degrade', markets: { btc: { assets: ['YES'] } } },
		}),
	});
});
afterAll(async () => {
	await product.stop();
	await world.stop();
});

/** As the process that keeps the book would have it. */
function keep(state: GateState): Promise<void> {
	const gate = { ...newGate(Date.now()), state, reason: 'for the test' };
	return product.store.db.transaction((tx) => writeGate(tx, { market: '*', gate, actor: 'test' }));
}

async function asked(label: string): Promise<string> {
	const wanted = invoice({ label, owner: SOMEBODY, amount: '50', origin: '1', destinations: ['10'] });
	await world.everclear.addInvoice(wanted);
	await until(`${label} is known`, () => demandOf(product.sql, wanted.intent_id));
	return wanted.intent_id;
}

it('finishes what has begun while halted, and begins nothing new until that is over', async () => {
	await keep('normal');
	const first = await asked('first');
	await until('it has a plan', async () => ((await product.sql`select 1 from earmarks`).length === 1 ? true : null));
	await keep('halted');
	const second = await asked('second');
	await untilSettled(product, first);
	expect(await demandOf(product.sql, second)).toMatchObject({ status: 'open', reason: 'NEEDS_FUNDS' });
	expect(await product.sql`select 1 from earmarks`).toHaveLength(1);
	await keep('normal');
	await untilSettled(product, second);
}, 60_000);
