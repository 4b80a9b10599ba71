import fc from 'fast-check';
import { type Hex, keccak256, stringToHex } from 'viem';
import { describe, expect, it } from 'vitest';
import { PermanentError } from '../../../src/errors.ts';
import { hubAmount } from '../../../src/money/amount.ts';
import { toHub } from '../../../src/money/units.ts';
import type { EverclearInvoice } from '../../../src/trigger/everclear/invoice.ts';
import type { MinAmounts } from '../../../src/trigger/everclear/min-amounts.ts';
import { readNeed } from '../../../src/trigger/everclear/need.ts';

const USDC = keccak256(stringToHex('USDC'));
const places = {
	assets: new Map([
		[
			'USDC',
			{
				tickerHash: USDC.toUpperCase().replace('0X', '0x') as Hex,
				venues: new Map([
					['10', { decimals: 6 }],
					['56', { decimals: 18 }],
					['137', { decimals: 6 }],
				]),
			},
		],
	]),
	everclear: {
		spokes: new Map([
			['10', 'spoke'],
			['56', 'spoke'],
		]),
	},
};

function invoice(changes: Partial<EverclearInvoice> = {}): EverclearInvoice {
	const fixed = { id: `0x${'1'.repeat(64)}`, owner: '0x', discountBps: '0', hubStatus: 'INVOICED', origin: '1', enqueuedAt: 7 } as const;
	return { ...fixed, tickerHash: USDC, amount: hubAmount(10n ** 18n), destinations: ['10', '56'], ...changes };
}

function minAmounts(units: Record<string, bigint>, rejected: MinAmounts['rejected'] = []): MinAmounts {
	const amounts = new Map(Object.entries(units).map(([venue, each]) => [venue, hubAmount(each)]));
	return { invoiceAmount: hubAmount(10n ** 18n), minAmounts: amounts, amountAfterDiscounts: new Map(), discountBps: null, rejected };
}

describe('the need of an invoice', () => {
	it('is rounded up into the decimals of each destination', () => {
		const need = readNeed(invoice(), minAmounts({ 10: 1_000_000_000_001n, 56: 1_000_000_000_001n }), places);
		expect(need).toEqual({
			invoiceId: `0x${'1'.repeat(64)}`,
			asset: 'USDC',
			enqueuedAt: 7,
			destinations: [
				{ venue: '10', amount: 2n },
				{ venue: '56', amount: 1_000_000_000_001n },
			],
			rejected: [],
		});
	});

	it('always covers the hub amount, by less than one unit too much', () => {
		fc.assert(
			fc.property(fc.bigInt(1n, 10n ** 40n), (units) => {
				const [destination] = readNeed(invoice({ destinations: ['10'] }), minAmounts({ 10: units }), places).destinations;
				const paid = toHub(destination?.amount ?? (0n as never), 6, 'down');
				expect(paid >= units && paid - units < 10n ** 12n).toBe(true);
			}),
		);
	});

	it.each([
		['is not configured', ['1'], minAmounts({ 1: 5n }), /USDC is not configured there/],
		['has no contract to call', ['137'], minAmounts({ 137: 5n }), /everclear\.spokes/],
		['has no minimum amount', ['10'], minAmounts({ 56: 5n }), /no minimum amount/],
		['has a minimum of zero', ['10'], minAmounts({ 10: 0n }), /zero/],
		['has a malformed minimum', ['10'], minAmounts({}, [{ venue: '10', reason: 'its minimum amount is bad' }]), /is bad/],
	])('drops a destination that %s, with the reason', (_name, destinations, amounts, reason) => {
		const need = readNeed(invoice({ destinations }), amounts, places);
		expect(need.destinations).toEqual([]);
		expect(need.rejected).toHaveLength(1);
		expect(need.rejected[0]).toMatchObject({ venue: destinations[0], reason: expect.stringMatching(reason) });
	});

	it('of an unknown ticker is refused by ticker and id', () => {
		const ticker = keccak256(stringToHex('DOGE'));
		const read = () => readNeed(invoice({ tickerHash: ticker }), minAmounts({ 10: 5n }), places);
		expect(read).toThrow(PermanentError);
		expect(read).toThrow(new RegExp(`invoice 0x1{64}: ticker ${ticker}`));
	});
});
