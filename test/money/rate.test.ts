import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { amount } from '../../src/money/amount.ts';
import { applyRate, divideUp, parseBps } from '../../src/money/rate.ts';

const units = fc.bigInt(0n, 10n ** 40n).map(amount);
const bps = fc
	.tuple(fc.integer({ min: 0, max: 10_000 }), fc.integer({ min: 0, max: 999 }))
	.map(([whole, fraction]) => `${whole}.${fraction}`);

describe('rates', () => {
	it('keep fractional basis points exactly', () => {
		expect(applyRate(amount(1_000_000_000n), parseBps('1.3'), 'down')).toBe(130_000n);
		expect(applyRate(amount(1n), parseBps('0.0001'), 'up')).toBe(1n);
		expect(applyRate(amount(1n), parseBps('0.0001'), 'down')).toBe(0n);
	});

	it.each(['', '-1', '1e2', '01', '.5', '1 ', 'abc'])('refuse %j', (text) => {
		expect(() => parseBps(text)).toThrow(RangeError);
	});

	it('round by less than one unit, in the direction that is named', () => {
		fc.assert(
			fc.property(units, bps, (value, text) => {
				const rate = parseBps(text);
				const [down, up] = [applyRate(value, rate, 'down'), applyRate(value, rate, 'up')];
				const exact = value * rate.numerator;
				expect(down * rate.denominator <= exact && exact <= up * rate.denominator).toBe(true);
				expect(up - down).toBe(exact % rate.denominator === 0n ? 0n : 1n);
			}),
		);
	});

	it('split an amount into fee and rest without losing dust', () => {
		fc.assert(
			fc.property(units, fc.integer({ min: 0, max: 10_000 }), (value, whole) => {
				const fee = applyRate(value, parseBps(`${whole}`), 'up');
				const rest = applyRate(value, parseBps(`${10_000 - whole}`), 'down');
				expect(fee + rest).toBe(value);
			}),
		);
	});

	it('divide upwards', () => {
		expect([divideUp(0n, 5n), divideUp(1n, 5n), divideUp(5n, 5n), divideUp(6n, 5n)]).toEqual([0n, 1n, 1n, 2n]);
	});
});
