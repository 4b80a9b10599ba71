import { type Hex, zeroAddress } from 'viem';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { spokeAbi } from '../../sandbox/chains/abi.ts';
import { INVOICE_OWNERS, SOLVER } from '../../sandbox/chains/accounts.ts';
import { type Invoice, invoice } from '../../sandbox/invoices/invoice.ts';
import { startWorld, type World } from '../../sandbox/world.ts';
import { eventually } from './eventually.ts';
import { buy, get, intentStatus, post } from './requests.ts';

let world: World;
beforeAll(async () => {
	world = await startWorld({ blockSeconds: 0, balances: {} });
});
afterAll(() => world.stop());
beforeEach(() => world.reset());

const OWNER = INVOICE_OWNERS[0]?.address ?? zeroAddress;

describe('Everclear', () => {
	async function shown(label: string, more: Partial<Parameters<typeof invoice>[0]> = {}): Promise<Invoice> {
		const made = invoice({ label, owner: OWNER, amount: '100', origin: '10', destinations: ['1'], discountBps: 10, ...more });
		await world.everclear.addInvoice(made);
		return made;
	}

	const api = (path: string) => get(`${world.everclear.url}${path}`);

	const statusOf = (intentId: Hex) => intentStatus(world, intentId);

	it('lists invoices oldest first, page by page, and filters them', async () => {
		const made = [];
		for (let count = 0; count < 5; count += 1)
			made.push(await shown(`page ${count}`, { destinations: count % 2 === 0 ? ['1'] : ['1', '56'] }));
		const seen: unknown[] = [];
		let cursor: unknown = null;
		do {
			const { body } = await api(`/invoices?limit=2${cursor === null ? '' : `&cursor=${cursor}`}`);
			seen.push(...(body.invoices as { intent_id: string }[]).map((row) => row.intent_id));
			expect(body.maxCount).toBe(5);
			cursor = body.nextCursor;
		} while (cursor !== null);
		expect(seen).toEqual(made.map((each) => each.intent_id));
		expect((await api('/invoices?destinations=56')).body.invoices).toHaveLength(2);
		expect((await api('/invoices?origins=1')).body.invoices).toHaveLength(0);
	});

	it('names minimum amounts per destination, lower where the hub has custody', async () => {
		const { intent_id } = await shown('amounts', { amount: '1001', destinations: ['1', '56'] });
		await world.everclear.addCustody('56', 10n ** 20n);
		const { body } = await api(`/invoices/${intent_id}/min-amounts`);
		expect(body).toEqual({
			invoiceAmount: `${1001n * 10n ** 18n}`,
			discountBps: 10,
			custodiedAmounts: { 1: '0', 56: `${10n ** 20n}` },
			minAmounts: { 1: `${10n ** 21n + 1n}`, 56: '900099900099900099901' },
			amountAfterDiscounts: { 1: `${10n ** 21n}`, 56: '1000099900099900099901' },
		});
		expect((await api(`/invoices/0x${'0'.repeat(64)}/min-amounts`)).status).toBe(404);
	});

	it('settles what a deposit covers: owner, buyer and book agree, and the invoice is gone', async () => {
		await world.fund('1', '100');
		const { intent_id } = await shown('bought');
		const { body } = await api(`/invoices/${intent_id}/min-amounts`);
		const least = BigInt((body.minAmounts as Record<string, string>)[1] ?? 0);
		const units = least / 10n ** 12n + 1n;
		const intentId = await buy(world, { origin: '1', units: units, destinations: ['10', '56'] });
		await eventually('the buyer is settled', async () => (await statusOf(intentId)) === 'SETTLED');
		expect((await api(`/invoices/${intent_id}`)).status).toBe(404);
		const [entry] = world.everclear.book();
		expect(entry).toMatchObject({ invoiceId: intent_id, intentId, domain: '1' });
		expect((entry?.amount ?? 0n) + (entry?.rewarded ?? 0n)).toBe(10n ** 20n);
		expect(await world.balanceOf('1', OWNER)).toBe((entry?.amount ?? 0n) / 10n ** 12n);
		const [payout] = world.everclear.payouts();
		expect(payout).toMatchObject({ intentId, domain: '10', amount: units * 10n ** 12n + (entry?.rewarded ?? 0n) });
		expect(await world.balanceOf('10', SOLVER.address)).toBe((payout?.amount ?? 0n) / 10n ** 12n);
		const { client, spoke } = world.chain('10');
		expect(await client.readContract({ address: spoke, abi: spokeAbi, functionName: 'status', args: [intentId] })).toBe(6);
	});

	it('makes an invoice of a deposit that covers nothing', async () => {
		await world.fund('1', '100');
		await shown('too large', { amount: '1000' });
		const intentId = await buy(world, { origin: '1', units: 60_000_000n, destinations: ['10', '56'] });
		await eventually('it is an invoice', async () => (await statusOf(intentId)) === 'INVOICED');
		expect((await api(`/invoices/${intentId}`)).body.invoice).toMatchObject({
			origin: '1',
			destinations: ['10', '56'],
			amount: `${6n * 10n ** 19n}`,
		});
		expect(world.everclear.book()).toEqual([]);
	});

	it('skips the head that cannot be covered, and pays the next one', async () => {
		await world.fund('1', '100');
		const head = await shown('head', { amount: '1000' });
		const next = await shown('next', { amount: '50' });
		await buy(world, { origin: '1', units: 50_000_000n, destinations: ['10'] });
		await eventually('one is settled', async () => world.everclear.book().length === 1);
		expect(world.everclear.book()[0]?.invoiceId).toBe(next.intent_id);
		expect((await api(`/invoices/${head.intent_id}`)).status).toBe(200);
	});

	it('refuses a malformed intent with the field', async () => {
		const good = {
			origin: '1',
			destinations: ['10'],
			to: SOLVER.address,
			inputAsset: world.chain('1').usdc,
			amount: '5',
			callData: '0x',
			maxFee: '0',
		};
		for (const [field, value] of [
			['origin', '7'],
			['destinations', ['1']],
			['destinations', []],
			['inputAsset', zeroAddress],
			['amount', '1.5'],
			['maxFee', '100001'],
		] as const) {
			const { status, body } = await post(`${world.everclear.url}/intents`, { ...good, [field]: value });
			expect([status, String(body.message)], field).toEqual([400, expect.stringContaining(field.replace(/s$/, ''))]);
		}
	});
});
