import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { invoice } from '../../sandbox/invoices/invoice.ts';
import { judge } from '../../sandbox/oracle/chains.ts';
import { openings } from '../../sandbox/oracle/openings.ts';
import { startWorld, type World } from '../../sandbox/world.ts';
import { startProduct } from '../e2e/product.ts';
import { type Product, untilSettled } from '../product.ts';

let world: World;
let product: Product;

beforeAll(async () => {
	world = await startWorld({ balances: { 1: '60', 56: '60' } });
	product = await startProduct(world, { workers: 2 });
});
afterAll(async () => {
	await product.stop();
	await world.stop();
});

it(`takes an invoice from two origins to its settlement, with two workers on ${inject('queueBackend')}`, async () => {
	const before = await openings(world);
	const made = invoice({
		label: 'pipeline',
		owner: '0x90F79bf6EB2c4f870365E785982E1f101E93b906',
		amount: '100',
		origin: '1',
		destinations: ['10'],
	});
	await world.everclear.addInvoice(made);
	await untilSettled(product, made.intent_id);
	expect(await judge(before, world.wallet)).toMatchObject({ problems: [], deposits: 2, purchases: 1, duplicateEffects: 0 });
});
