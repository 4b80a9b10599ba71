import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { notFound, when } from '../../sandbox/http/misbehave.ts';
import { invoice } from '../../sandbox/invoices/invoice.ts';
import { checkSettledBooks } from '../../sandbox/oracle/booked.ts';
import { judge, type OracleChain } from '../../sandbox/oracle/chains.ts';
import { openings } from '../../sandbox/oracle/openings.ts';
import { startWorld, type World } from '../../sandbox/world.ts';
import { getEarmarkForInvoice } from '../../src/on-demand.ts';
import { untilAtRest } from '../at-rest.ts';
import { type Product, until, untilSettled } from '../product.ts';
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
	await world.fund('1', '500');
	before = await openings(world);
});
afterEach(() => product.stop());

const OWNER = '0x90F79bf6EB2c4f870365E785982E1f101E93b906';
let count = 0;
/** Two cores may be busy with other files. */
const WITHIN_MS = 60_000;

/** Short of funds on chain 10, where CCTP is the only way to bring them. */
async function shown(): Promise<string> {
	count += 1;
	const made = invoice({ label: `cctp ${count}`, owner: OWNER, amount: '100', origin: '56', destinations: ['10'] });
	await world.everclear.addInvoice(made);
	return made.intent_id;
}

async function begun(): Promise<string> {
	product = await startProduct(world, {
		change: (config) => ({ ...config, ...world.config({ bridges: ['cctp-v2'] }), everclear: config.everclear }),
	});
	return shown();
}

async function onlyLegOf(invoiceId: string) {
	const [leg] = (await getEarmarkForInvoice(product.store.db, invoiceId))?.operations ?? [];
	return leg ?? null;
}

async function expectAllAccountedFor(): Promise<void> {
	await untilAtRest(product, world);
	expect(await judge(before, world.wallet)).toMatchObject({ problems: [], deposits: 1, duplicateEffects: 0 });
	expect(await checkSettledBooks(product.sql, { world, before })).toEqual([]);
}

describe('an invoice that CCTP brings the funds for', () => {
	it('is burned for, proven, claimed and settled', async () => {
		const id = await begun();
		await untilSettled(product, id, WITHIN_MS);
		const leg = await onlyLegOf(id);
		expect(leg).toMatchObject({ status: 'delivered', hops: [{ bridge: 'cctp-v2', status: 'delivered' }] });
		expect(leg?.delivered).toBe(leg?.receive);
		expect(await product.sql`select kind from effects where status = 'confirmed' and coalesce(fee_paid, 0) = 0`).toEqual([]);
		await expectAllAccountedFor();
	}, 120_000);

	it('is settled by what somebody else has claimed for us, and then claims nothing itself', async () => {
		world.cctp.fault = when('GET', /^\/v2\/messages/, notFound());
		const id = await begun();
		const burn = await until(
			'the burn is attested',
			async () => [...world.cctp.iris.burns.values()].find((each) => each.attested !== null) ?? null,
			WITHIN_MS,
		);
		await world.cctp.mintFor(burn);
		world.cctp.fault = () => undefined;
		await untilSettled(product, id, WITHIN_MS);
		expect(await product.sql`select status, nonce from effects where kind = 'claim'`).toEqual([{ status: 'dropped', nonce: null }]);
		await expectAllAccountedFor();
	}, 120_000);
});
