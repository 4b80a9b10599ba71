import { afterAll, beforeAll, expect, it } from 'vitest';
import { invoice } from '../../sandbox/invoices/invoice.ts';
import { checkSettledBooks } from '../../sandbox/oracle/booked.ts';
import { judge } from '../../sandbox/oracle/chains.ts';
import { openings } from '../../sandbox/oracle/openings.ts';
import { startWorld, type World } from '../../sandbox/world.ts';
import { getEarmarkForInvoice } from '../../src/on-demand.ts';
import { untilAtRest } from '../at-rest.ts';
import { type Product, untilSettled } from '../product.ts';
import { startProduct } from './product.ts';

let world: World;
let product: Product;

beforeAll(async () => {
	world = await startWorld({ more: [{ chainId: 42_161, name: 'arbitrum', decimals: 6 }], balances: { 1: '40', 56: '40', 42161: '40' } });
	product = await startProduct(world);
});
afterAll(async () => {
	await product.stop();
	await world.stop();
});

it('covers one invoice to the last unit from three origins at once', async () => {
	const before = await openings(world);
	const made = invoice({
		label: 'three origins',
		owner: world.wallet.replace(/..$/, '00') as `0x${string}`,
		amount: '110',
		origin: '1',
		destinations: ['10'],
	});
	await world.everclear.addInvoice(made);
	await untilSettled(product, made.intent_id);
	const earmark = await getEarmarkForInvoice(product.store.db, made.intent_id);
	expect(earmark?.operations.map((leg) => [leg.origin, leg.status]).sort()).toEqual([
		['1', 'delivered'],
		['42161', 'delivered'],
		['56', 'delivered'],
	]);
	const brought = earmark?.operations.reduce((sum, leg) => sum + (leg.delivered ?? 0n), 0n) ?? 0n;
	expect(brought).toBe(earmark?.amount);
	await untilAtRest(product, world);
	expect(await judge(before, world.wallet)).toMatchObject({ problems: [], deposits: 3, purchases: 1, duplicateEffects: 0 });
	expect(await checkSettledBooks(product.sql, { world, before })).toEqual([]);
});
