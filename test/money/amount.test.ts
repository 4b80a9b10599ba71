import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
	type Amount,
	add,
	amount,
	hubAmount,
	MAX_UINT256,
	max,
	min,
	subtract,
	subtractToZero,
	unboundedAmount,
} from '../../src/money/amount.ts';

const anyAmount = fc.bigInt(0n, MAX_UINT256 / 2n).map(amount);

describe('amounts', () => {
	it('refuse what is below zero or above uint256', () => {
		for (const brand of [amount, hubAmount]) {
			expect(brand(MAX_UINT256)).toBe(MAX_UINT256);
			expect(() => brand(-1n)).toThrow(RangeError);
			expect(() => brand(MAX_UINT256 + 1n)).toThrow(/is not a uint256/);
		}
		expect(() => add(amount(MAX_UINT256), amount(1n))).toThrow(RangeError);
	});

	it('may exceed a uint256 only where no chain is asked to hold them', () => {
		expect(unboundedAmount(MAX_UINT256 + 1n)).toBe(MAX_UINT256 + 1n);
		expect(() => unboundedAmount(-1n)).toThrow(RangeError);
		expect(() => amount(unboundedAmount(MAX_UINT256 + 1n))).toThrow(/is not a uint256/);
	});

	it('lose nothing when added and subtracted again', () => {
		fc.assert(
			fc.property(anyAmount, anyAmount, (a, b) => {
				expect(subtract(add(a, b), b)).toBe(a);
			}),
		);
	});

	it('never go below zero: subtract throws, subtractToZero stops at nothing', () => {
		fc.assert(
			fc.property(anyAmount, fc.bigInt(1n, 10n ** 30n), (a, more) => {
				const larger = add(a, amount(more));
				expect(() => subtract(a, larger)).toThrow(RangeError);
				expect(subtractToZero(a, larger)).toBe(0n);
				expect(subtractToZero(larger, a)).toBe(more);
			}),
		);
	});

	it('order as numbers do', () => {
		fc.assert(
			fc.property(anyAmount, anyAmount, (a: Amount, b: Amount) => {
				expect(min(a, b) <= max(a, b)).toBe(true);
				expect(min(a, b) + max(a, b)).toBe(a + b);
			}),
		);
	});
});
