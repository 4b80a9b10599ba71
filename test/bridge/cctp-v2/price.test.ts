import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BurnFees } from '../../../src/bridge/cctp-v2/iris.ts';
import { feeOf, maxFeeOf, offersFast, priceOf, termsOf } from '../../../src/bridge/cctp-v2/price.ts';
import { chainAt } from '../../../src/bridge/cctp-v2/settings.ts';
import { PermanentError } from '../../../src/errors.ts';
import { amount } from '../../../src/money/amount.ts';
import { applyRate, parseBps } from '../../../src/money/rate.ts';
import { ORDER, SETTINGS } from './burns.ts';

const from = chainAt(SETTINGS, '1');
const { fastSeconds: _, ...slowOnly } = from;
const FEES: BurnFees = { fast: '1.3', standard: '0' };
const PRICES = { from, fees: FEES, burnLimit: amount(10_000_000_000_000n), allowance: amount(5_000_000_000n) };
const request = (units: bigint) => ({ ...ORDER, send: amount(units) });

/** Below all of it, with up to four places behind the point. */
const bpsText = fc
	.record({ whole: fc.integer({ min: 0, max: 9_999 }), fraction: fc.integer({ min: 0, max: 9_999 }) })
	.map(({ whole, fraction }) => (fraction === 0 ? `${whole}` : `${whole}.${String(fraction).padStart(4, '0')}`));
const units = fc.bigInt(1n, 10n ** 15n);

describe('the price', () => {
	it('is that of a fast transfer where the allowance covers it, the fee rounded up to a base unit', () => {
		const quote = priceOf(request(1_000_000_001n), PRICES, 7);
		// 1.3 basis points of 1,000.000001 USDC are 0.13000000013.
		expect(quote).toEqual({
			send: 1_000_000_001n,
			receive: 1_000_000_001n - 130_001n,
			fixedFee: 0n,
			feeBps: '1.3',
			minimum: 2n,
			maximum: 5_000_000_000n,
			step: 1n,
			seconds: 20,
			validUntilMs: 60_007,
		});
	});

	it.each([
		['the allowance does not cover it', 5_000_000_001n, PRICES],
		['nothing goes fast from here', 1_000_000n, { ...PRICES, from: slowOnly }],
		['Iris offers nothing fast', 1_000_000n, { ...PRICES, fees: { ...FEES, fast: null } }],
		['the allowance was not asked for', 1_000_000n, { ...PRICES, allowance: null }],
	])('is that of a standard transfer when %s', (_case, send, prices) => {
		const maximum = PRICES.burnLimit;
		expect(priceOf(request(send), prices, 0)).toMatchObject({ receive: send, feeBps: '0', minimum: 1n, maximum, seconds: 1_000 });
	});

	it('is still that of a fast transfer when the allowance covers exactly what is sent', () => {
		expect(priceOf(request(5_000_000_000n), PRICES, 0)).toMatchObject({ feeBps: '1.3' });
	});

	it('stays fast for more than one message may burn, when the allowance covers what one may', () => {
		const prices = { ...PRICES, burnLimit: amount(4_000_000_000n) };
		expect(priceOf(request(9_000_000_000n), prices, 0)).toMatchObject({ feeBps: '1.3', maximum: 4_000_000_000n });
	});

	it('is refused when Iris names none, for the pair', () => {
		const price = () => priceOf(request(1n), { ...PRICES, fees: { fast: '1', standard: null }, allowance: amount(0n) }, 0);
		expect(price).toThrow(PermanentError);
		expect(price).toThrow(/no fee for a standard transfer from 1 to 10/);
	});

	it('promises what planners compute from its rate, loses nothing but the fee, and keeps its minimum', () => {
		fc.assert(
			fc.property(units, bpsText, (send, feeBps) => {
				const quote = priceOf(request(send), { ...PRICES, fees: { fast: null, standard: feeBps } }, 0);
				const rate = parseBps(feeBps);
				expect(quote.receive + applyRate(amount(send), rate, 'up')).toBe(send);
				// Rounded up, the fee is never less than the attesters want, and less than one base unit more.
				const fee = (send - quote.receive) * rate.denominator;
				expect(fee >= send * rate.numerator && fee < send * rate.numerator + rate.denominator).toBe(true);
				expect(quote.minimum - feeOf(quote.minimum, feeBps) >= 1n).toBe(true);
				const less = amount(quote.minimum - 1n);
				expect(less - feeOf(less, feeBps)).toBe(0n);
			}),
		);
	});
});

describe('the way that a burn goes', () => {
	const fast = '2';
	it.each([
		// 1,000 USDC, of which 0.2 may be lost: exactly 2 basis points.
		['fast when the order pays for it', from, { fast, standard: '0' }, 'fast'],
		['standard when the fast fee has risen by a thousandth of a basis point', from, { fast: '2.001', standard: '0' }, 'standard'],
		['standard when nothing goes fast from here', slowOnly, { fast, standard: '1' }, 'standard'],
		['standard when Iris offers nothing fast', from, { fast: null, standard: '2' }, 'standard'],
		['fast when only that is offered', from, { fast, standard: null }, 'fast'],
	] as const)('is %s', (_case, chain, fees, mode) => {
		expect(termsOf(ORDER, { from: chain, fees })).toEqual({ mode, maxFee: 200_000n });
	});

	it.each([
		['both fees', from, { fast: '3', standard: '2.0001' }],
		['the only one that counts from here', slowOnly, { fast: '0', standard: '3' }],
		['and none is offered', from, { fast: null, standard: null }],
	] as const)('is refused when the fee has risen above what may be lost: %s', (_case, chain, fees) => {
		const terms = () => termsOf(ORDER, { from: chain, fees });
		expect(terms).toThrow(PermanentError);
		expect(terms).toThrow(/the fee of CCTP has risen from 1 to 10: 999800000 is ordered of 1000000000/);
	});

	it('may cost all that the order allows to be lost, and less than everything', () => {
		fc.assert(
			fc.property(units, units, (send, receive) => {
				const order = { ...ORDER, send: amount(send), receive: amount(receive) };
				if (receive > send) expect(() => maxFeeOf(order)).toThrow(PermanentError);
				else expect(maxFeeOf(order)).toBe(send - receive);
			}),
		);
		expect(() => maxFeeOf({ ...ORDER, receive: amount(0n) })).toThrow(/cannot deliver 0 of 1000000000/);
	});

	it('needs the allowance only where fast transfers are offered', () => {
		expect(offersFast({ from, fees: FEES })).toBe(true);
		expect(offersFast({ from: slowOnly, fees: FEES })).toBe(false);
		expect(offersFast({ from, fees: { ...FEES, fast: null } })).toBe(false);
	});

	it('covers at send what was quoted, whatever the amount: an unchanged fee is never a risen one', () => {
		fc.assert(
			fc.property(units, bpsText, (send, feeBps) => {
				const fees = { fast: feeBps, standard: '9999.9999' };
				const { receive } = priceOf(request(send), { ...PRICES, fees, allowance: amount(send) }, 0);
				fc.pre(receive > 0n);
				expect(termsOf({ ...ORDER, send: amount(send), receive }, { from, fees }).mode).toBe('fast');
			}),
		);
	});
});
