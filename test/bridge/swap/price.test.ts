import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Quote, QuoteRequest } from '../../../src/bridge/bridge.ts';
import { type Offered, priceOf } from '../../../src/bridge/swap/price.ts';
import { PermanentError } from '../../../src/errors.ts';
import { type Amount, amount } from '../../../src/money/amount.ts';
import { receiveOf } from '../../../src/money/price.ts';
import { parseBps } from '../../../src/money/rate.ts';
import { EXACT_ZERO, exactUnits } from '../../../src/plan/exact.ts';
import { receiveOf as arrivalOf, hopOf } from '../../../src/plan/route.ts';

const USDT = '0x1111111111111111111111111111111111111111';
const USDC = '0x2222222222222222222222222222222222222222';

const request = (send: bigint, originDecimals = 6, destinationDecimals = 6): QuoteRequest => ({
	origin: { venue: '1', chainId: 1, asset: 'USDT', token: USDT, decimals: originDecimals },
	destination: { venue: '1', chainId: 1, asset: 'USDC', token: USDC, decimals: destinationDecimals },
	send: amount(send),
	recipient: USDC,
});

const offered = (out: bigint, slippageBps = '10'): Offered => ({
	out: amount(out),
	slippage: parseBps(slippageBps),
	seconds: 15,
	nowMs: 1_000,
});

/** A pool whose rate falls along the way, rounding as Uniswap does: its fee up, what comes out down. */
interface Pool {
	readonly reserveIn: bigint;
	readonly reserveOut: bigint;
	/** Hundredths of a basis point. */
	readonly fee: bigint;
}

function outOf({ reserveIn, reserveOut, fee }: Pool, send: bigint): bigint {
	const sold = send - (send * fee + 999_999n) / 1_000_000n;
	return sold <= 0n ? 0n : (reserveOut * sold) / (reserveIn + sold);
}

/** Token units of both reserves, so that one token costs between half and twice one of the other. */
const market = fc
	.record({
		tokens: fc.bigInt(1_000n, 10n ** 9n),
		percent: fc.bigInt(50n, 200n),
		fee: fc.constantFrom(100n, 500n, 3_000n, 10_000n, 100_000n),
		from: fc.constantFrom(0, 2, 6, 18),
		to: fc.constantFrom(0, 2, 6, 18),
	})
	.map(({ tokens, percent, fee, from, to }) => ({
		from,
		to,
		pool: { reserveIn: tokens * 10n ** BigInt(from), reserveOut: (tokens * percent * 10n ** BigInt(to)) / 100n, fee },
	}));
const parts = fc.bigInt(1n, 10n ** 12n);
const slippageBps = fc.constantFrom('0', '0.5', '10', '33.333', '500');

/** Null where the pool would give too little to promise anything. */
function quoteOf({ pool, from, to }: { pool: Pool; from: number; to: number }, send: bigint, slippage: string): Quote | null {
	try {
		return priceOf(request(send, from, to), offered(outOf(pool, send), slippage));
	} catch (error) {
		expect(error).toBeInstanceOf(PermanentError);
		return null;
	}
}

function promised({ fixedFee, feeBps }: Quote, send: bigint, [from, to]: readonly [number, number]): Amount {
	return receiveOf({ send: amount(send), fixedFee, feeBps, originDecimals: from, destinationDecimals: to });
}

describe('a quote', () => {
	it('promises what the pool offers less the slippage, and never more', () => {
		fc.assert(
			fc.property(market, parts, slippageBps, (each, share, slippage) => {
				const send = (each.pool.reserveIn * share) / 10n ** 12n + 1n;
				const quote = quoteOf(each, send, slippage);
				if (quote === null) return;
				const { numerator, denominator } = parseBps(slippage);
				const out = outOf(each.pool, send);
				expect(quote.receive * denominator <= out * (denominator - numerator)).toBe(true);
				expect(promised(quote, send, [each.from, each.to])).toBe(quote.receive);
			}),
		);
	});

	it('falls short of the offer less the slippage by a few roundings alone, as long as that is below one for one', () => {
		fc.assert(
			fc.property(fc.bigInt(100n, 10n ** 27n), fc.bigInt(1n, 9_000n), fc.constantFrom(6, 18), (send, lostBps, decimals) => {
				const out = (send * (10_000n - lostBps)) / 10_000n;
				fc.pre(out >= 4n);
				const { receive } = priceOf(request(send, decimals, decimals), offered(out, '0'));
				// Two units for the pool's roundings, one for the floor, and the last decimal of the fee.
				expect(out - receive <= 3n + send / 10n ** 18n + 1n).toBe(true);
			}),
		);
	});

	it('holds along its formula: of every smaller amount the pool gives at least as much', () => {
		fc.assert(
			fc.property(market, parts, parts, slippageBps, (each, share, part, slippage) => {
				const send = (each.pool.reserveIn * share) / 10n ** 12n + 1n;
				const quote = quoteOf(each, send, slippage);
				if (quote === null) return;
				const smaller = (send * part) / 10n ** 12n;
				expect(promised(quote, smaller, [each.from, each.to]) <= outOf(each.pool, smaller)).toBe(true);
			}),
			{ numRuns: 2_000 },
		);
	});

	it('promises no less for more, along its formula as for a better offer', () => {
		fc.assert(
			fc.property(fc.bigInt(10n, 10n ** 24n), fc.bigInt(10n, 10n ** 24n), fc.bigInt(0n, 10n ** 24n), (send, out, more) => {
				const quotes = [out, out + more].map((each) => quoteOrNull(send, each));
				const [less, greater] = quotes.map((each) => each?.receive ?? 0n);
				expect((less ?? 0n) <= (greater ?? 0n)).toBe(true);
				const [quote] = quotes;
				if (quote === null || quote === undefined) return;
				const along = [send / 3n, send / 2n, send].map((each) => promised(quote, each, [6, 6]));
				expect(along).toEqual([...along].sort((a, b) => (a < b ? -1 : 1)));
			}),
		);
	});

	it('has a minimum of which something is promised, and as its maximum what was asked about', () => {
		fc.assert(
			fc.property(market, parts, slippageBps, (each, share, slippage) => {
				const send = (each.pool.reserveIn * share) / 10n ** 12n + 1n;
				const quote = quoteOf(each, send, slippage);
				if (quote === null) return;
				expect(quote.maximum).toBe(send);
				expect(quote.minimum <= send).toBe(true);
				expect(promised(quote, quote.minimum, [each.from, each.to]) >= 1n).toBe(true);
			}),
		);
	});

	it('says of its own amount exactly what the planner reads from it', () => {
		fc.assert(
			fc.property(market, parts, slippageBps, (each, share, slippage) => {
				const send = (each.pool.reserveIn * share) / 10n ** 12n + 1n;
				const quote = quoteOf(each, send, slippage);
				if (quote === null) return;
				const hop = hopOf(
					{
						...{ id: 'swap', bridge: 'swap', origin: '1', destination: '1', asset: 'USDT', toAsset: 'USDC', seconds: 1 },
						minimum: exactUnits(quote.minimum, each.from),
						maximum: exactUnits(quote.maximum, each.from),
						step: exactUnits(1n, each.from),
						fixedFee: exactUnits(quote.fixedFee, each.from),
						fee: parseBps(quote.feeBps),
						tolerance: parseBps('10000'),
						gasCost: EXACT_ZERO,
					},
					new Map([
						['USDT@1', each.from],
						['USDC@1', each.to],
					]),
				);
				if (hop === null) throw new Error('the planner sees no hop');
				expect(arrivalOf(hop, send)).toBe(quote.receive);
			}),
		);
	});

	it('of a rate better than one for one has no proportional fee', () => {
		expect(priceOf(request(1_000_000n), offered(1_020_000n))).toEqual({
			send: 1_000_000n,
			receive: 999_998n,
			offered: 1_020_000n,
			step: 1n,
			fixedFee: 2n,
			feeBps: '0',
			minimum: 100n,
			maximum: 1_000_000n,
			seconds: 15,
			validUntilMs: 31_000,
		});
	});

	it('of a rate below carries the loss and the slippage as one fee, rounded up', () => {
		// 999,900 less 10 basis points, rounded up, is 998,900: 11 basis points below one for one.
		expect(priceOf(request(1_000_000n), offered(999_900n))).toMatchObject({ feeBps: '11', receive: 998_898n });
		expect(priceOf(request(3_000_000n), offered(2_999_000n, '0'))).toMatchObject({ feeBps: '3.33333333333334', receive: 2_998_997n });
	});

	it('is refused when nothing could be promised', () => {
		expect(() => priceOf(request(3n), offered(2n))).toThrow(PermanentError);
		expect(() => priceOf(request(1_000_000n, 18, 6), offered(0n))).toThrow(/too little/);
	});
});

function quoteOrNull(send: bigint, out: bigint): Quote | null {
	try {
		return priceOf(request(send), offered(out));
	} catch {
		return null;
	}
}
