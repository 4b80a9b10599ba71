import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { invoice } from '../../sandbox/invoices/invoice.ts';
import { checkSettledBooks } from '../../sandbox/oracle/booked.ts';
import { judge, type OracleChain } from '../../sandbox/oracle/chains.ts';
import { openings } from '../../sandbox/oracle/openings.ts';
import { startWorld, type World } from '../../sandbox/world.ts';
import { getEarmarkForInvoice } from '../../src/on-demand.ts';
import { untilAtRest } from '../at-rest.ts';
import { type Product, untilSettled, untilWaiting } from '../product.ts';
import { startProduct } from './product.ts';

let world: World;
let product: Product;
let before: OracleChain[];

beforeAll(async () => {
	world = await startWorld({ balances: {} });
});
afterAll(() => world.stop());
beforeEach(async () => {
	await world.reset();
	await world.fundUsdt('1', '500');
	before = await openings(world);
});
afterEach(() => product.stop());

const OWNER = '0x90F79bf6EB2c4f870365E785982E1f101E93b906';
let count = 0;
/** Two cores may be busy with other files. */
const WITHIN_MS = 60_000;

/** Wants USDC; there is USDT on chain 1 only. */
async function shown(destination: string, amount = '100'): Promise<string> {
	count += 1;
	const made = invoice({ label: `hops ${count}`, owner: OWNER, amount, origin: '56', destinations: [destination] });
	await world.everclear.addInvoice(made);
	return made.intent_id;
}

async function begun(via: readonly string[][]): Promise<void> {
	const file = world.config({ bridges: ['cctp-v2', 'swap'] });
	product = await startProduct(world, { change: (config) => ({ ...config, ...file, via, everclear: config.everclear }) });
}

async function hopsOf(invoiceId: string) {
	const [leg] = (await getEarmarkForInvoice(product.store.db, invoiceId))?.operations ?? [];
	if (leg === undefined) throw new Error('no leg');
	return { leg, hops: leg.hops };
}

async function expectAllAccountedFor(): Promise<void> {
	await untilAtRest(product, world);
	expect(await judge(before, world.wallet)).toMatchObject({ problems: [], swaps: 1, duplicateEffects: 0 });
	expect(await checkSettledBooks(product.sql, { world, before })).toEqual([]);
}

describe('an invoice that asks for another asset than there is', () => {
	it('is paid after a swap at its own destination', async () => {
		await begun([]);
		const id = await shown('1');
		await untilSettled(product, id, WITHIN_MS);
		const { hops } = await hopsOf(id);
		expect(hops).toMatchObject([{ bridge: 'swap', asset: 'USDT', toAsset: 'USDC', status: 'delivered' }]);
		await expectAllAccountedFor();
	}, 120_000);

	it('is paid after a swap and a bridge, which moves on exactly what came out of the swap', async () => {
		await begun([['swap-1-1-USDT-USDC', 'cctp-v2-1-10-USDC']]);
		const id = await shown('10');
		await untilSettled(product, id, WITHIN_MS);
		const { leg, hops } = await hopsOf(id);
		expect(hops.map(({ bridge, status }) => [bridge, status])).toEqual([
			['swap', 'delivered'],
			['cctp-v2', 'delivered'],
		]);
		// The plan counts on what the exchange must give; it has given more, and nothing of that was left behind.
		expect(hops[1]?.send).toBe(hops[0]?.delivered);
		expect(hops[0]?.delivered).toBeGreaterThan(hops[0]?.receive ?? 0n);
		expect(leg.delivered).toBeGreaterThan(leg.receive);
		await expectAllAccountedFor();
	}, 120_000);

	it('waits with its reason when the operator allows no such way', async () => {
		await begun([]);
		const id = await shown('10');
		expect(await untilWaiting(product, id, 'INSUFFICIENT_FUNDS')).toMatchObject({ status: 'open' });
	});
});
