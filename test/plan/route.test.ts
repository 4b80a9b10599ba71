import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { firstInteger, type Line } from '../../src/plan/first-integer.ts';
import { grossUp, type Hop, hopOf, isLegalSend, isVia, legalSendFrom, legalSendUpTo, receiveOf } from '../../src/plan/route.ts';
import { type RouteText, routeOf } from './instance.ts';

const places = (from: number, to: number) =>
	new Map([
		['USDC@A', from],
		['USDC@Z', to],
	]);

function hop(text: Partial<RouteText>, from = 6, to = 6): Hop {
	const route = routeOf({ id: 'a-z', origin: 'A', destination: 'Z', ...text });
	const made = isVia(route) ? null : hopOf(route, places(from, to));
	if (made === null) throw new Error('this route can deliver nothing');
	return made;
}

const anyHop = fc
	.record({
		minimum: fc.constantFrom('0', '1', '17.25', '0.0000000001'),
		maximum: fc.constantFrom('1000000', '300', '99.999999999'),
		step: fc.constantFrom('0.000001', '1', '0.3', '0.00000000000000000001', '2.5'),
		fixedFee: fc.constantFrom('0', '0.5', '0.1234567890123456789', '3'),
		feeBps: fc.constantFrom('0', '4', '0.77', '9999', '333.333'),
		toleranceBps: fc.constantFrom('10000', '100', '4', '0', '333.4', '20000'),
		decimals: fc.constantFrom([6, 6], [6, 18], [18, 6], [0, 2], [2, 0], [1, 3]),
	})
	.map(({ decimals: [from = 0, to = 0], ...text }) => ({ hop: hop(text, from, to), from }));

describe('a route in base units', () => {
	it('delivers the floor of what is left after the fees', () => {
		expect(receiveOf(hop({ fixedFee: '0.5', feeBps: '4' }), 100_540_217n)).toBe(100_000_000n);
		expect(receiveOf(hop({ fixedFee: '0.5', feeBps: '4' }), 100_540_216n)).toBe(99_999_999n);
		expect(receiveOf(hop({}, 18, 6), 1_999_999_999_999n)).toBe(1n);
		expect(receiveOf(hop({}, 6, 18), 1n)).toBe(1_000_000_000_000n);
	});

	it('grosses up to the smallest send that covers, in both directions between 6 and 18 decimals', () => {
		fc.assert(
			fc.property(anyHop, fc.bigInt(1n, 10n ** 21n), ({ hop: each }, receive) => {
				const send = grossUp(each, receive);
				expect(receiveOf(each, send)).toBeGreaterThanOrEqual(receive);
				expect(receiveOf(each, send - 1n)).toBeLessThan(receive);
			}),
		);
	});

	it('finds the smallest legal send that covers: it is legal, it covers, and no smaller one does', () => {
		fc.assert(
			fc.property(anyHop, fc.bigInt(1n, 10n ** 9n), ({ hop: each }, receive) => {
				const send = legalSendFrom(each, grossUp(each, receive));
				if (send === null) return;
				expect(isLegalSend(each, send)).toBe(true);
				expect(receiveOf(each, send)).toBeGreaterThanOrEqual(receive);
				const below = legalSendUpTo(each, send - 1n);
				if (below !== null) expect(receiveOf(each, below)).toBeLessThan(receive);
			}),
			{ numRuns: 500 },
		);
	});

	it('jumps to the nearest legal send exactly where stepping would', () => {
		fc.assert(
			fc.property(anyHop, fc.integer({ min: 1, max: 5_000 }), ({ hop: each }, from) => {
				const start = BigInt(from);
				const up = range(start, start + 400n).find((send) => isLegalSend(each, send));
				const down = range(start > 400n ? start - 400n : 1n, start).findLast((send) => isLegalSend(each, send));
				const [jumpUp, jumpDown] = [legalSendFrom(each, start), legalSendUpTo(each, start)];
				if (up === undefined) expect(jumpUp === null || jumpUp > start + 400n).toBe(true);
				else expect(jumpUp).toBe(up);
				if (down === undefined) expect(jumpDown === null || jumpDown < start - 400n).toBe(true);
				else expect(jumpDown).toBe(down);
			}),
			{ numRuns: 500 },
		);
	});

	it('tells at once that a tolerance below the fee can never be met', () => {
		expect(legalSendFrom(hop({ feeBps: '10', toleranceBps: '9.99' }, 18, 18), 1n)).toBeNull();
	});

	it('finds the one send in ten thousand that loses nothing to rounding', () => {
		expect(legalSendFrom(hop({ feeBps: '4', toleranceBps: '4' }), 1n)).toBe(2_500n);
		expect(legalSendUpTo(hop({ feeBps: '4', toleranceBps: '4' }), 9_999n)).toBe(7_500n);
	});
});

describe('the first whole number between two lines', () => {
	const line = fc.record({ slope: fc.bigInt(0n, 40n), intercept: fc.bigInt(-60n, 60n), divisor: fc.bigInt(1n, 25n) });

	it('is the one that stepping finds', () => {
		fc.assert(
			fc.property(line, line, (lower, upper) => {
				const stepped = range(0n, 2_000n).find((m) => ceil(lower, m) <= floor(upper, m));
				const found = firstInteger(lower, upper);
				if (stepped === undefined) expect(found === null || found > 2_000n).toBe(true);
				else expect(found).toBe(stepped);
			}),
			{ numRuns: 2_000 },
		);
	});
});

function floor({ slope, intercept, divisor }: Line, m: bigint): bigint {
	const value = slope * m + intercept;
	return value >= 0n || value % divisor === 0n ? value / divisor : value / divisor - 1n;
}

function ceil(line: Line, m: bigint): bigint {
	return -floor({ ...line, slope: -line.slope, intercept: -line.intercept }, m);
}

function range(from: bigint, to: bigint): bigint[] {
	return Array.from({ length: Number(to - from) + 1 }, (_, index) => from + BigInt(index));
}
