import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { coinText, coinUnits, wholeSteps } from '../../../src/bridge/binance/coins.ts';
import { type Pricing, priceOf } from '../../../src/bridge/binance/price.ts';
import { pairOf, settings } from '../../../src/bridge/binance/settings.ts';
import { claimWithdrawal } from '../../../src/bridge/binance/withdrawal.ts';
import type { Quote } from '../../../src/bridge/bridge.ts';
import { PermanentError } from '../../../src/errors.ts';
import type { NetworkTerms } from '../../../src/exchange/exchange.ts';
import { amount } from '../../../src/money/amount.ts';
import { parseBps } from '../../../src/money/rate.ts';
import { formatAmount, parseAmount, rescale } from '../../../src/money/units.ts';
import { DEPOSIT_TX, endAt, exchangeThat, GIVEN, NOW_MS, ORDER, SETTINGS, TERMS } from './account.ts';

const EXCHANGE_DECIMALS = 8;
const PAIR = pairOf(SETTINGS, ORDER);

interface Asked {
	readonly send?: bigint;
	readonly terms?: Partial<NetworkTerms>;
	readonly deposit?: Partial<NetworkTerms>;
	readonly maximumFee?: Pricing['maximumFee'];
	readonly decimals?: readonly [origin: number, destination: number];
}

function quote({ send = ORDER.send, terms = {}, deposit = {}, maximumFee = SETTINGS.maximumFeeBps, decimals = [6, 6] }: Asked = {}): Quote {
	const ends = { origin: endAt('1', decimals[0]), destination: endAt('10', decimals[1]) };
	const pricing = {
		pair: PAIR,
		terms: { deposit: { ...TERMS, ...deposit }, withdrawal: { ...TERMS, ...terms } },
		maximumFee,
		nowMs: NOW_MS,
	};
	return priceOf({ ...ends, send: amount(send) }, pricing);
}

describe('a quote', () => {
	it('takes the fee out of what is sent, and adds up both waits', () => {
		expect(quote()).toEqual({
			...{ send: 100_000_000n, receive: 99_900_000n, fixedFee: 100_000n, feeBps: '0' },
			// A fee of 0.1 is a percent of 10.
			...{ minimum: 10_000_000n, maximum: 1_000_000_000_000n, step: 1n, seconds: 320, validUntilMs: NOW_MS + 60_000 },
		});
	});

	it('keeps what is below a whole step in our account', () => {
		expect(quote({ send: 100_999_999n, terms: { withdrawStep: '1' } })).toMatchObject({
			send: 100_999_999n,
			receive: 99_900_000n,
			step: 1_000_000n,
		});
	});

	it('counts no finer than the exchange does, whatever the token has and the step says', () => {
		for (const withdrawStep of ['0', '0.00000001', '0.0000000001']) {
			const { step, receive } = quote({ send: 100n * 10n ** 18n + 123_456_789n, terms: { withdrawStep }, decimals: [18, 18] });
			expect([step, receive]).toEqual([10n ** 10n, 999n * 10n ** 17n]);
		}
	});

	it('has a step that is whole steps of the exchange and of the token, when neither is one of the other', () => {
		expect(quote({ terms: { withdrawStep: '0.0000025' } }).step).toBe(5n);
	});

	it('asks for the smallest amount of which whole steps are enough', () => {
		const terms = { withdrawMinimum: '20.5', withdrawStep: '1' };
		expect(quote({ terms }).minimum).toBe(21_000_000n);
		expect(() => quote({ terms, send: 20_999_999n })).toThrow(/21000000 to/);
	});

	it.each<[string, Asked, bigint]>([
		['of the withdrawal', { terms: { withdrawMinimum: '30' } }, 30_000_000n],
		['of the deposit', { deposit: { depositMinimum: '40' } }, 40_000_000n],
		['of the fee share', { maximumFee: parseBps('20') }, 50_000_000n],
		['of the fee itself', { terms: { withdrawFee: '3', withdrawMinimum: '1' }, maximumFee: parseBps('9999.9999999') }, 3_000_001n],
	])('has the minimum %s', (_whose, asked, minimum) => {
		expect(quote({ ...asked, send: minimum }).minimum).toBe(minimum);
		expect(() => quote({ ...asked, send: minimum - 1n })).toThrow(PermanentError);
	});

	it('sends no more than the exchange withdraws at once', () => {
		expect(quote({ terms: { withdrawMaximum: '50.55', withdrawStep: '0.1' } })).toMatchObject({ send: 50_500_000n, maximum: 50_500_000n });
	});

	it.each<[string, Asked, RegExp]>([
		['takes no deposits', { deposit: { depositEnabled: false } }, /no deposits of USDC on ETH/],
		['makes no withdrawals', { terms: { withdrawEnabled: false } }, /no withdrawals of USDC on OPTIMISM/],
		['has a maximum below its minimum', { terms: { withdrawMaximum: '1' } }, /outside of what the exchange takes/],
	])('is refused when the exchange %s', (_case, asked, problem) => {
		expect(() => quote(asked)).toThrow(PermanentError);
		expect(() => quote(asked)).toThrow(problem);
	});

	it('asks neither for withdrawals at the origin nor for deposits at the destination', () => {
		expect(quote({ deposit: { withdrawEnabled: false }, terms: { depositEnabled: false } }).receive).toBe(99_900_000n);
	});
});

const decimalText = (whole: number, digits: number) =>
	fc
		.tuple(fc.nat(whole), fc.integer({ min: 0, max: 10 ** digits - 1 }))
		.map(([units, fraction]) => `${units}.${`${fraction}`.padStart(digits, '0')}`);
const decimals = fc.constantFrom(6, 8, 18);
const scene = fc.record({
	decimals: fc.tuple(decimals, decimals),
	send: fc.bigInt({ min: 1n, max: 10n ** 12n }),
	dust: fc.bigInt({ min: 0n, max: 10n ** 12n - 1n }),
	terms: fc.record({
		withdrawFee: decimalText(3, 8),
		withdrawMinimum: decimalText(20, 8),
		withdrawMaximum: decimalText(2_000, 8),
		withdrawStep: fc.oneof(fc.constantFrom('0', '1', '0.1', '0.000001', '0.00000001', '10'), decimalText(1, 7)),
	}),
	deposit: fc.record({ depositMinimum: fc.option(decimalText(20, 8)) }),
	bps: fc.constantFrom('1', '50', '100', '3333.3', '9999'),
});

/** What the exchange does with a deposit: it credits eight decimals, takes whole steps, and pays what the token can express. */
function paidFor(credited: string, { withdrawFee, withdrawStep }: NetworkTerms, destinationDecimals: number): bigint {
	const net = coinText(amount(wholeSteps(coinUnits(credited), withdrawStep) - coinUnits(withdrawFee)));
	const [whole, fraction = ''] = net.split('.');
	return parseAmount(`${whole}.${fraction.slice(0, destinationDecimals).padEnd(1, '0')}`, destinationDecimals);
}

describe('whatever the terms are', () => {
	it('no more is promised than is paid, and the withdrawal never waits for its own limits', async () => {
		let quotes = 0;
		const check = fc.asyncProperty(scene, async (given) => {
			const [from] = given.decimals;
			// Up to a million tokens, with digits that the exchange does not count.
			const send = rescale(amount(given.send), 6, from, 'down') + (from === 18 ? given.dust : 0n);
			const maximumFee = settings.parse({ ...GIVEN, maximumFeeBps: given.bps }).maximumFeeBps;
			const terms = { ...TERMS, ...given.terms };
			const quoted = quotedOrNull({ ...given, terms, send, maximumFee });
			if (quoted === null) return;
			quotes += 1;
			expect(quoted.send >= quoted.minimum && quoted.send <= quoted.maximum && quoted.send <= send).toBe(true);
			expect([quoted.minimum % quoted.step, quoted.maximum % quoted.step]).toEqual([0n, 0n]);
			const credited = formatAmount(rescale(quoted.send, from, EXCHANGE_DECIMALS, 'down'), EXCHANGE_DECIMALS);
			expect(coinUnits(credited) >= coinUnits(given.deposit.depositMinimum ?? '0')).toBe(true);
			expect(paidFor(credited, terms, given.decimals[1])).toBeGreaterThanOrEqual(quoted.receive);
			const exchange = exchangeThat({ balance: async () => ({ free: credited, locked: '0' }) });
			const desk = { exchange, pair: PAIR, maximumFee, terms: async () => ({ deposit: TERMS, withdrawal: terms }) };
			const claim = await claimWithdrawal(desk, ORDER, { credited, depositTx: DEPOSIT_TX, seenAtMs: 0, noticedAtMs: 0 });
			expect(claim).toMatchObject({ state: 'request' });
			// And the planner's rule holds from the minimum on.
			const least = quotedOrNull({ ...given, terms, send: quoted.minimum, maximumFee });
			expect(least?.send).toBe(quoted.minimum);
		});
		await fc.assert(check, { numRuns: 1_000 });
		expect(quotes).toBeGreaterThan(200);
	});
});

function quotedOrNull(asked: Asked): Quote | null {
	try {
		return quote(asked);
	} catch (error) {
		if (error instanceof PermanentError) return null;
		throw error;
	}
}
