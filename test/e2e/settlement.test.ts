import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { invoice } from '../../sandbox/invoices/invoice.ts';
import { checkSettledBooks } from '../../sandbox/oracle/booked.ts';
import { judge, type OracleChain } from '../../sandbox/oracle/chains.ts';
import { openings } from '../../sandbox/oracle/openings.ts';
import { startWorld, type World } from '../../sandbox/world.ts';
import { getEarmarkForInvoice } from '../../src/on-demand.ts';
import { untilAtRest } from '../at-rest.ts';
import { type Product, until, untilSettled, untilWaiting } from '../product.ts';
import { startProduct } from './product.ts';

let world: World;
let product: Product;
let before: OracleChain[];

beforeAll(async () => {
	world = await startWorld();
});
afterAll(() => world.stop());
beforeEach(async () => {
	await world.reset();
});
afterEach(() => product.stop());

const OWNER = '0x90F79bf6EB2c4f870365E785982E1f101E93b906';
let count = 0;

async function shown(amount: string, destinations: readonly string[], origin = '1') {
	count += 1;
	const made = invoice({ label: `settlement ${count}`, owner: OWNER, amount, origin, destinations });
	await world.everclear.addInvoice(made);
	return made.intent_id;
}

async function funded(balances: Readonly<Record<string, string>>): Promise<void> {
	for (const [venue, units] of Object.entries(balances)) await world.fund(venue, units);
	before = await openings(world);
	product = await startProduct(world);
}

/** The chains themselves say that every unit is explained and nothing happened twice, and the books say what the chains say. */
async function expectConserved(): Promise<void> {
	await untilAtRest(product, world);
	expect(await judge(before, world.wallet)).toMatchObject({ problems: [], conserved: true, duplicateEffects: 0 });
	expect(await checkSettledBooks(product.sql, { world, before })).toEqual([]);
}

/** `[origin → base units sent]` of the earmark, and that what arrived is what was planned. */
async function legsOf(invoiceId: string) {
	const earmark = await getEarmarkForInvoice(product.store.db, invoiceId);
	for (const leg of earmark?.operations ?? []) expect([leg.status, leg.delivered]).toEqual(['delivered', leg.receive]);
	const brought = (earmark?.operations ?? []).reduce((sum, leg) => sum + (leg.delivered ?? 0n), 0n);
	return {
		origins: (earmark?.operations ?? []).map((leg) => leg.origin).sort(),
		brought,
		amount: earmark?.amount ?? 0n,
		venue: earmark?.venue,
	};
}

describe('an invoice short of funds', () => {
	it('is covered to the last unit from one origin, 6 to 6 decimals', async () => {
		await funded({ 1: '500' });
		const id = await shown('100.000001', ['10'], '56');
		await untilSettled(product, id);
		const { origins, brought, amount } = await legsOf(id);
		expect(origins).toEqual(['1']);
		expect(brought).toBe(amount);
		await expectConserved();
	});

	it('is covered to the last unit from 18 decimals to 6', async () => {
		await funded({ 56: '500' });
		const id = await shown('77.123457', ['1'], '10');
		await untilSettled(product, id);
		const { origins, brought, amount } = await legsOf(id);
		expect(origins).toEqual(['56']);
		expect(brought).toBe(amount);
		await expectConserved();
	});

	it('is covered from 6 decimals to 18, a whole 6-decimal unit at most above', async () => {
		await funded({ 10: '500' });
		const id = await shown('55.5000005', ['56'], '1');
		await untilSettled(product, id);
		const { origins, brought, amount } = await legsOf(id);
		expect(origins).toEqual(['10']);
		expect(brought >= amount && brought - amount < 10n ** 12n).toBe(true);
		await expectConserved();
	});

	it('is covered from two origins of different decimals and what is there already', async () => {
		await funded({ 1: '60', 56: '60', 10: '5' });
		const id = await shown('100', ['10'], '56');
		await untilSettled(product, id);
		const { origins, brought, amount } = await legsOf(id);
		expect(origins).toEqual(['1', '56']);
		expect(brought + 5_000_000n >= amount).toBe(true);
		await expectConserved();
	});

	it('waits with its reason when everything together is not enough, and nothing is sent', async () => {
		await funded({ 1: '60', 56: '60', 10: '5' });
		const id = await shown('1000', ['10'], '56');
		const { detail } = await untilWaiting(product, id, 'INSUFFICIENT_FUNDS');
		expect(detail).toMatch(/short at 10/);
		expect((await judge(before, world.wallet)).deposits).toBe(0);
	});
});

describe('an invoice payable now', () => {
	it('is paid before an older one that needs the same funds to be moved; neither is partly filled', async () => {
		await funded({ 1: '100', 10: '0' });
		// The listing shows both at once: what is not listed yet cannot be waited for.
		world.everclear.fault = (request) => (request.path === '/invoices' ? { status: 503 } : undefined);
		const older = await shown('90', ['10'], '56');
		const younger = await shown('80', ['1'], '56');
		world.everclear.fault = () => undefined;
		await untilSettled(product, younger);
		expect((await legsOf(younger)).origins).toEqual([]);
		const { reason } = await untilWaiting(product, older, 'INSUFFICIENT_FUNDS');
		expect(reason).toBe('INSUFFICIENT_FUNDS');
		await expectConserved();
	});

	it('is settled on the hub exactly once, and its purchase becomes a settled receivable', async () => {
		await funded({ 1: '100' });
		const id = await shown('40', ['1'], '10');
		await untilSettled(product, id);
		await until('the receivable is settled', async () => {
			const [row] = await product.sql`select status from receivables`;
			return row?.status === 'settled' ? true : null;
		});
		expect(world.everclear.book().filter((each) => each.invoiceId === id)).toHaveLength(1);
		await expectConserved();
	});

	it('leaves no allowance behind', async () => {
		await funded({ 1: '100', 10: '30' });
		const id = await shown('100', ['10'], '56');
		await untilSettled(product, id);
		await until('every allowance is spent or taken back', async () => {
			const allowances = await world.allowances(world.wallet);
			return allowances.every(({ allowance }) => allowance === 0n) ? true : null;
		});
	});
});
