import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { amount, hubAmount } from '../../src/money/amount.ts';
import { formatAmount, fromHub, isDecimalText, parseAmount, powerOfTen, rescale, toHub } from '../../src/money/units.ts';

const decimals = fc.integer({ min: 0, max: 77 });
const units = fc.bigInt(0n, 10n ** 40n).map(amount);

describe('decimal text', () => {
	it('comes back unchanged from base units, at any decimals', () => {
		fc.assert(
			fc.property(units, decimals, (value, scale) => {
				expect(parseAmount(formatAmount(value, scale), scale)).toBe(value);
			}),
		);
	});

	it('is formatted without exponent and trailing zeros', () => {
		expect(formatAmount(amount(12_500_000n), 6)).toBe('12.5');
		expect(formatAmount(amount(10n ** 24n), 18)).toBe('1000000');
		expect(formatAmount(amount(1n), 18)).toBe('0.000000000000000001');
		expect(formatAmount(amount(0n), 6)).toBe('0');
	});

	it.each(['', '-1', '+1', '1e6', ' 1', '1 ', '01', '.5', '5.', '1,5', '0x1', 'NaN', '1.2.3', '１', '1_000', `1${'0'.repeat(78)}`])(
		'refuses %j',
		(text) => {
			expect(isDecimalText(text)).toBe(false);
			expect(() => parseAmount(text, 6)).toThrow(RangeError);
		},
	);

	it('is refused when finer than the token, unless the rest is zeros', () => {
		expect(() => parseAmount('1.0000001', 6)).toThrow(/finer than 6 decimals/);
		expect(parseAmount('1.50000000', 6)).toBe(1_500_000n);
		expect(() => parseAmount('0.5', 0)).toThrow(RangeError);
	});

	it.each([Number.NaN, -1, 1.5, 78, Number.POSITIVE_INFINITY])('is an error at %d decimals: unknown decimals are never 18', (scale) => {
		expect(() => powerOfTen(scale)).toThrow(RangeError);
		expect(() => parseAmount('1', scale)).toThrow(RangeError);
		expect(() => formatAmount(amount(1n), scale)).toThrow(RangeError);
	});
});

describe('rescaling', () => {
	it('is exact toward more decimals and back', () => {
		fc.assert(
			fc.property(units, fc.integer({ min: 0, max: 18 }), fc.integer({ min: 0, max: 18 }), (value, from, more) => {
				const finer = rescale(value, from, from + more, 'down');
				expect(finer).toBe(rescale(value, from, from + more, 'up'));
				expect(rescale(finer, from + more, from, 'down')).toBe(value);
			}),
		);
	});

	it('toward fewer decimals errs by less than one unit, in the direction that is named', () => {
		fc.assert(
			fc.property(units, fc.integer({ min: 0, max: 18 }), fc.integer({ min: 0, max: 18 }), (value, to, fewer) => {
				const down = rescale(value, to + fewer, to, 'down');
				const up = rescale(value, to + fewer, to, 'up');
				const scale = powerOfTen(fewer);
				expect(down * scale <= value && value < (down + 1n) * scale).toBe(true);
				expect(up - down).toBe(down * scale === value ? 0n : 1n);
			}),
		);
	});

	it('between hub and token asks for enough and counts on no dust', () => {
		fc.assert(
			fc.property(fc.bigInt(0n, 10n ** 30n).map(hubAmount), fc.constantFrom(0, 6, 8, 18), (hub, scale) => {
				expect(toHub(fromHub(hub, scale, 'up'), scale, 'down')).toBeGreaterThanOrEqual(hub);
				expect(toHub(fromHub(hub, scale, 'down'), scale, 'down')).toBeLessThanOrEqual(hub);
			}),
		);
		expect(fromHub(hubAmount(500_000_000_000n), 6, 'up')).toBe(1n);
		expect(fromHub(hubAmount(500_000_000_000n), 6, 'down')).toBe(0n);
		expect(toHub(amount(10n), 20, 'down')).toBe(0n);
	});
});
