import fc from 'fast-check';
import { type Hex, keccak256, stringToHex } from 'viem';
import { describe, expect, it } from 'vitest';
import { PermanentError } from '../../src/errors.ts';
import type { EverclearInvoice } from '../../src/everclear/invoice.ts';
import type { MinAmounts } from '../../src/everclear/min-amounts.ts';
import { readNeed } from '../../src/everclear/need.ts';
import { hubAmount } from '../../src/money/amount.ts';
import { parseBps, type Rate } from '../../src/money/rate.ts';
import { toHub } from '../../src/money/units.ts';

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
		margin: parseBps('0'),
	},
};

function withMargin(margin: Rate): typeof places {
	return { ...places, everclear: { ...places.everclear, margin } };
}

function invoice(changes: Partial<EverclearInvoice> = {}): EverclearInvoice {
	const fixed = { id: `0x${'1'.repeat(64)}`, owner: '0x', discountBps: '0', hubStatus: 'INVOICED', origin: '1', enqueuedAt: 7 } as const;
	return { ...fixed, tickerHash: USDC, amount: hubAmount(10n ** 18n), destinations: ['10', '56'], ...changes };
}

function minAmounts(units: Record<string, bigint>, changes: Partial<MinAmounts> = {}): MinAmounts {
	const amounts = new Map(Object.entries(units).map(([venue, each]) => [venue, hubAmount(each)]));
	const fixed = { invoiceAmount: hubAmount(10n ** 18n), amountAfterDiscounts: new Map(), discountBps: null, rejected: [] };
	return { ...fixed, minAmounts: amounts, ...changes };
}

describe('the need of an invoice', () => {
	it('is rounded up into the decimals of each destination', () => {
		const need = readNeed(invoice(), minAmounts({ 10: 1_000_000_000_001n, 56: 1_000_000_000_001n }), places);
		expect(need).toEqual({
			invoiceId: `0x${'1'.repeat(64)}`,
			asset: 'USDC',
			maxCost: 0n,
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
		['has a malformed minimum', ['10'], minAmounts({}, { rejected: [{ venue: '10', reason: 'its minimum amount is bad' }] }), /is bad/],
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

describe('what an invoice is worth', () => {
	const TOKENS = 10n ** 18n;
	const worth = (discountBps: string, amounts: Record<string, bigint>, margin = parseBps('0')) =>
		readNeed(invoice({ discountBps }), minAmounts(amounts), withMargin(margin)).maxCost;
	const negative = (bps: string): Rate => ({ ...parseBps(bps), numerator: -parseBps(bps).numerator });

	it.each([
		['no discount', worth('0', { 10: 100n * TOKENS }), 0n],
		['a discount of 30 basis points', worth('30', { 10: 100n * TOKENS }), (3n * TOKENS) / 10n],
		['a fractional discount', worth('1.2', { 10: 100n * TOKENS }), (12n * TOKENS) / 1_000n],
		['a margin', worth('30', { 10: 100n * TOKENS }, parseBps('10.5')), (195n * TOKENS) / 1_000n],
		['a margin as large as the discount', worth('30', { 10: 100n * TOKENS }, parseBps('30')), 0n],
		['a margin larger than the discount', worth('30', { 10: 100n * TOKENS }, parseBps('31')), 0n],
		['a negative margin', worth('30', { 10: 100n * TOKENS }, negative('10')), (4n * TOKENS) / 10n],
		['a negative margin and no discount', worth('0', { 10: 100n * TOKENS }, negative('10')), TOKENS / 10n],
		['two destinations', worth('100', { 10: 100n * TOKENS, 56: 90n * TOKENS }), (9n * TOKENS) / 10n],
		['a smaller minimum where nothing of ours is', worth('100', { 10: 100n * TOKENS, 137: TOKENS }), TOKENS],
		['no destination', worth('100', {}), 0n],
		['the largest amount there is', worth('10000', { 56: 2n ** 256n - 1n }, negative('10000')), 2n ** 256n - 1n],
	])('with %s', (_name, found, expected) => {
		expect(found).toBe(expected);
	});

	it('follows the discount that the minimum amounts were computed with, before that of the listing', () => {
		const amounts = minAmounts({ 10: 100n * TOKENS }, { discountBps: '50' });
		expect(readNeed(invoice({ discountBps: '30' }), amounts, places).maxCost).toBe(TOKENS / 2n);
	});

	it('is rounded down to the last unit, and never above what any destination earns', () => {
		const bps = fc.tuple(fc.integer({ min: 0, max: 9_999 }), fc.integer({ min: 0, max: 9_999 })).map(([whole, part]) => `${whole}.${part}`);
		const units = fc.bigInt(1n, 10n ** 30n);
		fc.assert(
			fc.property(fc.tuple(bps, bps, fc.boolean()), fc.tuple(units, units), ([discount, margin, pays], [a, b]) => {
				const found = worth(discount, { 10: a, 56: b }, pays ? negative(margin) : parseBps(margin));
				const { numerator: d, denominator: per } = parseBps(discount);
				const { numerator: m, denominator: of } = parseBps(margin);
				const [share, whole] = [d * of - (pays ? -m : m) * per, per * of];
				for (const paid of [a, b]) expect(found * whole <= (share > 0n ? paid * share : 0n)).toBe(true);
				const least = a < b ? a : b;
				expect((found + 1n) * whole > least * share).toBe(true);
			}),
		);
	});

	it('is refused by field and id when the discount is more than everything', () => {
		expect(() => worth('10000.1', { 10: TOKENS })).toThrow(/invoice 0x1{64}: discountBps 10000.1 is more/);
		expect(() => worth('10000.1', { 10: TOKENS })).toThrow(PermanentError);
	});
});
