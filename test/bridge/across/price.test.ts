import fc from 'fast-check';
import { getAddress } from 'viem';
import { describe, expect, it } from 'vitest';
import type { SuggestedFees } from '../../../src/bridge/across/api.ts';
import { priceOf } from '../../../src/bridge/across/price.ts';
import { type Amount, amount } from '../../../src/money/amount.ts';
import { receiveOf } from '../../../src/money/price.ts';
import { parseBps } from '../../../src/money/rate.ts';

const TOKEN = getAddress('0x2222222222222222222222222222222222222222');
const units = (most: bigint) => fc.bigInt(0n, most).map(amount);
const decimals = fc.constantFrom(6, 8, 18);
const bps = fc.tuple(fc.nat(9_999), fc.nat(99_999)).map(([whole, fraction]) => `${whole}.${String(fraction).padStart(5, '0')}`);

const request = (send: Amount, originDecimals: number, destinationDecimals: number) => ({
	origin: { venue: '1', chainId: 1, asset: 'USDC', token: TOKEN, decimals: originDecimals },
	destination: { venue: '10', chainId: 10, asset: 'USDC', token: TOKEN, decimals: destinationDecimals },
	send,
	recipient: TOKEN,
});

/** What the API says: two proportional fees and the gas, each rounded by itself, and what is left in the destination's decimals. */
function apiFees(terms: {
	send: bigint;
	capital: bigint;
	lp: bigint;
	gas: bigint;
	from: number;
	to: number;
	roundUp: boolean;
}): SuggestedFees {
	const { send, capital, lp, gas, from, to, roundUp } = terms;
	const part = (pct: bigint) => (send * pct + (roundUp ? 10n ** 18n - 1n : 0n)) / 10n ** 18n;
	const left = send - part(capital) - part(lp) - gas;
	const net = left > 0n ? left : 0n;
	const outputAmount = to >= from ? net * 10n ** BigInt(to - from) : net / 10n ** BigInt(from - to);
	const fee = (pct: bigint, total: bigint) => ({ pct: amount(pct), total: amount(total) });
	const limit = amount(10n ** 30n);
	return {
		totalRelayFee: fee(capital + lp, part(capital) + part(lp) + gas),
		relayerCapitalFee: fee(capital, part(capital)),
		lpFee: fee(lp, part(lp)),
		relayerGasFee: fee(0n, gas),
		timestamp: 1_000,
		fillDeadline: 9_000,
		exclusiveRelayer: TOKEN,
		exclusivityDeadline: 0,
		outputAmount: amount(outputAmount),
		isAmountTooLow: false,
		estimatedFillTimeSec: 2.5,
		limits: { minDeposit: amount(5n), maxDeposit: limit, maxDepositInstant: amount(7n), maxDepositShortDelay: limit },
	};
}

const terms = fc.record({
	send: fc.bigInt(1n, 10n ** 27n),
	capital: fc.bigInt(0n, 10n ** 17n),
	lp: fc.bigInt(0n, 10n ** 17n),
	gas: fc.bigInt(0n, 10n ** 20n),
	from: decimals,
	to: decimals,
	roundUp: fc.boolean(),
});

describe('what arrives', () => {
	it('and the fees are together what was sent, but for less than one unit of the coarser scale', () => {
		fc.assert(
			fc.property(
				units(10n ** 27n),
				units(10n ** 20n),
				bps,
				decimals,
				decimals,
				(send, fixedFee, feeBps, originDecimals, destinationDecimals) => {
					const receive = receiveOf({ send, fixedFee, feeBps, originDecimals, destinationDecimals });
					const { numerator, denominator } = parseBps(feeBps);
					const origin = 10n ** BigInt(originDecimals);
					const destination = 10n ** BigInt(destinationDecimals);
					// The exact net amount in tokens is net / (denominator × origin).
					const net = send * denominator - fixedFee * denominator - send * numerator;
					const dust = (net > 0n ? net : 0n) * destination - receive * denominator * origin;
					expect(dust >= 0n && dust < denominator * origin).toBe(true);
				},
			),
		);
	});
});

describe('a quote', () => {
	it('never promises more than the API, and less by a few units at most', () => {
		fc.assert(
			fc.property(terms, (each) => {
				const fees = apiFees(each);
				const quote = priceOf(request(amount(each.send), each.from, each.to), fees, 0);
				expect(quote.receive <= fees.outputAmount).toBe(true);
				const unit = each.to >= each.from ? 10n ** BigInt(each.to - each.from) : 1n;
				expect(fees.outputAmount - quote.receive <= 5n * unit).toBe(true);
			}),
		);
	});

	it('follows the API when it promises less than its own rates say', () => {
		fc.assert(
			fc.property(terms, fc.bigInt(0n, 10n ** 20n), (each, less) => {
				const said = apiFees(each);
				const fees = { ...said, outputAmount: amount(said.outputAmount > less ? said.outputAmount - less : 0n) };
				const { receive, fixedFee, feeBps } = priceOf(request(amount(each.send), each.from, each.to), fees, 0);
				expect(receive <= fees.outputAmount).toBe(true);
				expect(receive).toBe(
					receiveOf({ send: amount(each.send), fixedFee, feeBps, originDecimals: each.from, destinationDecimals: each.to }),
				);
			}),
		);
	});

	it('holds along its formula: for any other amount at the same rates the API delivers at least as much', () => {
		fc.assert(
			fc.property(terms, fc.bigInt(1n, 10n ** 27n), (each, other) => {
				const { fixedFee, feeBps } = priceOf(request(amount(each.send), each.from, each.to), apiFees(each), 0);
				const ordered = receiveOf({ send: amount(other), fixedFee, feeBps, originDecimals: each.from, destinationDecimals: each.to });
				expect(ordered <= apiFees({ ...each, send: other }).outputAmount).toBe(true);
			}),
		);
	});

	it('carries the exact proportional fee, the limits for an immediate fill, and whole seconds', () => {
		const fees = apiFees({
			send: 10n ** 9n,
			capital: 100_000_000_000_001n,
			lp: 30_000_000_000_000n,
			gas: 250n,
			from: 6,
			to: 6,
			roundUp: true,
		});
		expect(priceOf(request(amount(10n ** 9n), 6, 6), fees, 5)).toEqual({
			send: 10n ** 9n,
			receive: 10n ** 9n - 252n - 130_001n,
			offered: fees.outputAmount,
			step: 1n,
			fixedFee: 252n,
			feeBps: '1.30000000000001',
			minimum: 5n,
			maximum: 7n,
			seconds: 3,
			validUntilMs: 60_005,
		});
	});
});
