import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { handOver } from '../../src/leg/hand-over.ts';
import { amount } from '../../src/money/amount.ts';

const move = (send: bigint, receive: bigint, originDecimals = 6, destinationDecimals = 6) => ({
	...{ send: amount(send), receive: amount(receive) },
	...{ originDecimals, destinationDecimals },
});

describe('what an earlier hop has delivered', () => {
	it('is what the next one sends, and what that brings is what the one after it sends', () => {
		const moves = handOver([move(100n, 90n), move(90n, 80n)], amount(95n));
		expect(moves.map(({ send, receive }) => [send, receive])).toEqual([
			[95n, 85n],
			[85n, 75n],
		]);
	});

	it('costs all that is missing, because a fixed fee does not shrink', () => {
		expect(handOver([move(100n, 1n)], amount(98n))[0]?.receive).toBe(0n);
	});

	it('is passed on in proportion when it is more than planned', () => {
		expect(handOver([move(1_000n, 990n)], amount(1_001n))[0]?.receive).toBe(990n);
		expect(handOver([move(1_000n, 990n)], amount(2_000n))[0]?.receive).toBe(1_980n);
	});

	it('never asks the next bridge for more than its price brings, whatever its fees and decimals are', () => {
		const cases = fc.record({
			planned: fc.bigInt(1_000n, 10n ** 15n),
			delivered: fc.bigInt(1n, 10n ** 15n),
			fixed: fc.bigInt(0n, 500n),
			bps: fc.bigInt(0n, 300n),
			decimals: fc.constantFrom([6, 6], [6, 18], [18, 6]) as fc.Arbitrary<[number, number]>,
		});
		fc.assert(
			fc.property(cases, ({ planned, delivered, fixed, bps, decimals: [from, to] }) => {
				const price = (send: bigint) => {
					const left = send * (10_000n - bps) - fixed * 10_000n;
					if (left <= 0n) return 0n;
					return to >= from ? (left * 10n ** BigInt(to - from)) / 10_000n : left / (10_000n * 10n ** BigInt(from - to));
				};
				fc.pre(price(planned) > 0n);
				const [next] = handOver([move(planned, price(planned), from, to)], amount(delivered));
				expect(next?.send).toBe(delivered);
				expect(next?.receive).toBeLessThanOrEqual(price(delivered));
				if (delivered === planned) expect(next?.receive).toBe(price(planned));
			}),
		);
	});
});
