import { describe, expect, it } from 'vitest';
import { demoBalances, demoInvoices, invoice, invoiceSchema } from '../../sandbox/invoices/invoice.ts';

const OWNER = '0x15d34AAf54267DB7D7c367839AAf71A00a2C6A65';

describe('the demo', () => {
	it('has eight invoices with ids of their own, on each destination no older one smaller than a younger', () => {
		const rows = demoInvoices();
		expect(rows).toHaveLength(8);
		expect(new Set(rows.map((row) => row.intent_id)).size).toBe(8);
		// Else the hub, which serves head first, would let the deposit for a younger one settle an older one.
		for (const venue of ['10', '56']) {
			const here = rows.filter((row) => row.destinations.includes(venue));
			const byAge = [...here].sort((a, b) => a.hub_invoice_enqueued_timestamp - b.hub_invoice_enqueued_timestamp);
			const amounts = byAge.map((row) => BigInt(row.amount));
			expect(amounts).toEqual([...amounts].sort((a, b) => (a > b ? -1 : 1)));
		}
	});

	it('asks for more than there is exactly once', () => {
		const total = Object.values(demoBalances()).reduce((sum, each) => sum + BigInt(each), 0n) * 10n ** 18n;
		expect(demoInvoices().filter((row) => BigInt(row.amount) > total)).toHaveLength(1);
	});
});

describe('an invoice', () => {
	it('has the same id for the same label, and 18 decimals whatever the chain', () => {
		const one = invoice({ label: 'a', owner: OWNER, amount: '1.000001', origin: '1', destinations: ['10'] });
		const same = invoice({ label: 'a', owner: OWNER, amount: '2', origin: '1', destinations: ['10'] });
		expect([one.intent_id === same.intent_id, one.amount]).toEqual([true, '1000001000000000000']);
	});

	it('that is malformed is refused with the field', () => {
		const good = invoice({ label: 'b', owner: OWNER, amount: '1', origin: '1', destinations: ['10'] });
		for (const [field, value] of [
			['amount', '-1'],
			['origin', 'ethereum'],
			['destinations', []],
			['intent_id', '0x12'],
			['surprise', 1],
		] as const) {
			const result = invoiceSchema.safeParse({ ...good, [field]: value });
			expect(result.error?.message, field).toContain(field);
		}
	});
});
