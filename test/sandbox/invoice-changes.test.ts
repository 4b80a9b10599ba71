import { type Hex, parseEventLogs, zeroAddress } from 'viem';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { spokeAbi } from '../../sandbox/chains/abi.ts';
import { INVOICE_OWNERS, RIVAL, SOLVER } from '../../sandbox/chains/accounts.ts';
import { type Invoice, invoice } from '../../sandbox/invoices/invoice.ts';
import { startWorld, type World } from '../../sandbox/world.ts';
import { eventually } from './eventually.ts';
import { buy, get, intentStatus } from './requests.ts';

let world: World;
beforeAll(async () => {
	world = await startWorld({ blockSeconds: 0, balances: {} });
});
afterAll(() => world.stop());
beforeEach(() => world.reset());

const OWNER = INVOICE_OWNERS[0]?.address ?? zeroAddress;
const TOKEN = 10n ** 18n;

async function shown(label: string, more: Partial<Parameters<typeof invoice>[0]> = {}): Promise<Invoice> {
	const made = invoice({ label, owner: OWNER, amount: '100', origin: '10', destinations: ['1', '56'], discountBps: 10, ...more });
	await world.everclear.addInvoice(made);
	return made;
}

const api = (path: string) => get(`${world.everclear.url}${path}`);
const listed = async () => ((await api('/invoices')).body.invoices as Invoice[]).map((each) => each.intent_id);
const minAmounts = async (id: string) => (await api(`/invoices/${id}/min-amounts`)).body.minAmounts as Record<string, string>;
const gone = (id: string) => eventually(`${id} is gone`, async () => (await api(`/invoices/${id}`)).status === 404);
const paid = (invoices: number) => eventually(`${invoices} owners are paid`, async () => world.everclear.book().length === invoices);
const settled = (intent: Hex) => eventually(`${intent} is settled`, async () => (await intentStatus(world, intent)) === 'SETTLED');
/** At the hub's scale. */
const spokeHolds = async (venue: string) => (await world.balanceOf(venue, world.chain(venue).spoke)) * (venue === '56' ? 1n : 10n ** 12n);

describe('an invoice whose amount changes', () => {
	it.each([
		['rises', 160n],
		['falls', 70n],
	])('%s: the API asks for that much, and whoever brings it is paid in full', async (_name, tokens) => {
		await world.fund('1', '200');
		const { intent_id } = await shown(`changes ${tokens}`);
		await world.everclear.changeAmount(intent_id, tokens * TOKEN);
		expect((await api(`/invoices/${intent_id}`)).body.invoice).toMatchObject({ amount: `${tokens * TOKEN}` });
		const least = BigInt((await minAmounts(intent_id))[1] ?? 0);
		expect(least < tokens * TOKEN && least > (tokens - 1n) * TOKEN).toBe(true);
		const intent = await buy(world, { origin: '1', units: least / 10n ** 12n + 1n, destinations: ['10'] });
		await settled(intent);
		const [entry] = world.everclear.book();
		expect([entry?.invoiceId, (entry?.amount ?? 0n) + (entry?.rewarded ?? 0n)]).toEqual([intent_id, tokens * TOKEN]);
		expect(await world.balanceOf('10', SOLVER.address)).toBe((world.everclear.payouts()[0]?.amount ?? 0n) / 10n ** 12n);
	});

	it('is backed by real tokens in the spoke of its origin', async () => {
		const { intent_id } = await shown('backed');
		const before = await spokeHolds('10');
		await world.everclear.changeAmount(intent_id, 160n * TOKEN);
		expect((await spokeHolds('10')) - before).toBe(60n * TOKEN);
	});

	it('asks for less when its discount has grown', async () => {
		const { intent_id } = await shown('discount');
		const before = BigInt((await minAmounts(intent_id))[1] ?? 0);
		world.everclear.changeDiscount(intent_id, 100);
		expect(BigInt((await minAmounts(intent_id))[1] ?? 0) < before).toBe(true);
	});
});

describe('an invoice that somebody else fills', () => {
	it('is gone, its owner is paid, and so is the rival, by real settlements', async () => {
		const { intent_id } = await shown('rival');
		await world.everclear.fillExternally(intent_id);
		await gone(intent_id);
		await eventually('the rival is paid', async () => world.everclear.payouts().length === 1);
		const [entry] = world.everclear.book();
		expect(entry).toMatchObject({ invoiceId: intent_id });
		expect((entry?.amount ?? 0n) + (entry?.rewarded ?? 0n)).toBe(100n * TOKEN);
		expect(await world.balanceOf('10', RIVAL.address)).toBe((world.everclear.payouts()[0]?.amount ?? 0n) / 10n ** 12n);
		expect(await world.balanceOf('1', SOLVER.address)).toBe(0n);
	});

	it('is filled where that takes nothing else, although an older invoice waits on another destination', async () => {
		const older = await shown('older', { amount: '50', destinations: ['1'] });
		const wanted = await shown('wanted');
		await world.everclear.fillExternally(wanted.intent_id);
		await gone(wanted.intent_id);
		await paid(1);
		expect(await listed()).toEqual([older.intent_id]);
		expect(world.everclear.book()[0]?.domain).toBe('56');
	});

	it('is filled together with the older ones that the hub serves first, and not with those that are too large', async () => {
		const large = await shown('large', { amount: '900', destinations: ['1'] });
		const older = [
			await shown('older 1', { amount: '40', destinations: ['1'] }),
			await shown('older 2', { amount: '70', destinations: ['1'] }),
		];
		const wanted = await shown('wanted last', { destinations: ['1'] });
		const younger = await shown('younger', { amount: '30', destinations: ['1'] });
		await world.everclear.addCustody('1', 20n * TOKEN);
		await world.everclear.fillExternally(wanted.intent_id);
		await gone(wanted.intent_id);
		await paid(3);
		expect(world.everclear.book().map((each) => each.invoiceId)).toEqual(expect.arrayContaining(older.map((each) => each.intent_id)));
		expect(await listed()).toEqual([large.intent_id, younger.intent_id]);
		await eventually('the rival is paid', async () => world.everclear.payouts().length === 1);
	});

	it('does not exist for the hub when it is gone already', async () => {
		await expect(world.everclear.fillExternally(`0x${'0'.repeat(64)}`)).rejects.toThrow(/no open invoice/);
	});
});

describe('a deposit of ours that arrives second', () => {
	it('becomes an invoice, and is settled to us through the spoke when somebody buys it', async () => {
		await world.fund('1', '100');
		const { intent_id } = await shown('taken');
		await world.everclear.fillExternally(intent_id);
		await gone(intent_id);
		const intent = await buy(world, { origin: '1', units: 99_950_000n, destinations: ['10', '56'] });
		await eventually('it is an invoice', async () => (await intentStatus(world, intent)) === 'INVOICED');
		expect(await listed()).toEqual([intent]);
		world.everclear.changeDiscount(intent, 20);
		await world.everclear.fillExternally(intent);
		await settled(intent);
		expect((await api(`/intents/${intent}`)).body.intent).toMatchObject({ status: 'SETTLED' });
		const entry = world.everclear.book().find((each) => each.invoiceId === intent);
		const { client, spoke, decimals } = world.chain(entry?.domain ?? '');
		const receipt = await client.getTransactionReceipt({ hash: entry?.tx ?? '0x' });
		const [log] = parseEventLogs({ abi: spokeAbi, logs: receipt.logs, eventName: 'Settled' });
		const units = (entry?.amount ?? 0n) / 10n ** BigInt(18 - decimals);
		expect(log?.args).toMatchObject({ _intentId: intent, _account: SOLVER.address, _amount: units });
		expect((entry?.amount ?? 0n) < 99_950_000n * 10n ** 12n).toBe(true);
		expect(await client.readContract({ address: spoke, abi: spokeAbi, functionName: 'status', args: [intent] })).toBe(6);
		expect(await world.balanceOf(entry?.domain ?? '', SOLVER.address)).toBe(units);
		await eventually('every buyer is paid', async () => world.everclear.payouts().length === 2);
	});

	it('is not settled before its payment is mined', async () => {
		await world.fund('1', '100');
		const intent = await buy(world, { origin: '1', units: 50_000_000n, destinations: ['10'] });
		await eventually('it is an invoice', async () => (await intentStatus(world, intent)) === 'INVOICED');
		await world.everclear.fillExternally(intent);
		await settled(intent);
		expect(world.everclear.book().map((each) => each.invoiceId)).toEqual([intent]);
	});
});

describe('an invoice of which the API says less', () => {
	it('loses a destination, and a deposit there does not settle it any more', async () => {
		await world.fund('1', '100');
		const { intent_id } = await shown('closed');
		world.everclear.closeDestination(intent_id, '1');
		expect((await api(`/invoices/${intent_id}`)).body.invoice).toMatchObject({ destinations: ['56'] });
		expect(Object.keys(await minAmounts(intent_id))).toEqual(['56']);
		const intent = await buy(world, { origin: '1', units: 100_000_000n, destinations: ['10'] });
		await eventually('it buys nothing', async () => (await intentStatus(world, intent)) === 'INVOICED');
	});

	it('keeps a destination for which no minimum amount is given, until one is', async () => {
		const { intent_id } = await shown('priceless');
		world.everclear.hideMinAmount(intent_id, '1', true);
		expect((await api(`/invoices/${intent_id}`)).body.invoice).toMatchObject({ destinations: ['1', '56'] });
		expect(Object.keys(await minAmounts(intent_id))).toEqual(['56']);
		world.everclear.hideMinAmount(intent_id, '1', false);
		expect(Object.keys(await minAmounts(intent_id))).toEqual(['1', '56']);
	});

	it('is on no page, and found by its id', async () => {
		const [hidden, other] = [await shown('hidden'), await shown('other')];
		world.everclear.hideFromListing(hidden.intent_id, true);
		expect(await listed()).toEqual([other.intent_id]);
		expect((await api('/invoices')).body.maxCount).toBe(1);
		expect((await api(`/invoices/${hidden.intent_id}`)).status).toBe(200);
		await world.reset();
		const again = await shown('hidden');
		expect(await listed()).toEqual([again.intent_id]);
	});
});
