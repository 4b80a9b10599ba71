import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatExact, parseExact } from '../../src/plan/exact.ts';

/** As amounts are written: no zeros at the end, no point without digits behind it. */
const canonical = fc
	.tuple(fc.bigInt(0n, 10n ** 78n - 1n), fc.stringMatching(/^([0-9]{0,76}[1-9])?$/))
	.map(([whole, fraction]) => (fraction === '' ? `${whole}` : `${whole}.${fraction}`));

describe('an exact value as text', () => {
	it('has every digit, and reads back as the same value', () => {
		fc.assert(
			fc.property(canonical, (text) => {
				expect(formatExact(parseExact(text))).toBe(text);
			}),
		);
	});

	it('is found for any denominator of twos and fives, lowest terms or not', () => {
		const text = (numerator: bigint, denominator: bigint) => formatExact({ numerator, denominator });
		expect([text(0n, 7n), text(21n, 7n), text(5n, 4n), text(3n, 8n), text(7n, 125n), text(6n, 48n)]).toEqual([
			...['0', '3', '1.25', '0.375', '0.056', '0.125'],
		]);
		expect(text(1n, 10n ** 154n)).toBe(`0.${'0'.repeat(153)}1`);
		expect(text(10n ** 154n, 1n)).toBe(`1${'0'.repeat(154)}`);
		expect(text(10n ** 80n, 10n ** 77n)).toBe('1000');
	});

	it('is refused where no finite decimal says it', () => {
		expect(() => formatExact({ numerator: 1n, denominator: 3n })).toThrow(/1\/3 is no finite decimal/);
	});
});
