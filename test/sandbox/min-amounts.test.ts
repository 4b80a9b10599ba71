import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { amountAfterDiscount, discountOf, isCovered, minAmount, type Position } from '../../sandbox/everclear/min-amounts.ts';

const positions: fc.Arbitrary<Position> = fc
	.record({
		invoiceAmount: fc.bigInt(1n, 10n ** 26n),
		discountBps: fc.integer({ min: 0, max: 500 }),
		share: fc.bigInt(0n, 1_000n),
		depositShare: fc.bigInt(0n, 1_000n),
	})
	.map(({ invoiceAmount, discountBps, share, depositShare }) => {
		const custodied = (invoiceAmount * share) / 1_100n;
		return { invoiceAmount, discountBps, custodied, deposits: (custodied * depositShare) / 1_000n };
	});

const withDeposit = (position: Position, amount: bigint): Position => ({
	...position,
	custodied: position.custodied + amount,
	deposits: position.deposits + amount,
});

describe('the minimum amount', () => {
	it('covers the invoice, and two units less do not', () => {
		fc.assert(
			fc.property(positions, (position) => {
				const least = minAmount(position);
				expect(isCovered(withDeposit(position, least))).toBe(true);
				if (least > 2n) expect(isCovered(withDeposit(position, least - 2n))).toBe(false);
			}),
		);
	});

	it('splits the invoice between owner and buyers without a remainder', () => {
		fc.assert(
			fc.property(positions, (position) => {
				const after = withDeposit(position, minAmount(position));
				expect(amountAfterDiscount(position) + discountOf(after)).toBe(position.invoiceAmount);
			}),
		);
	});

	it('is the amount less a tenth of a percent, at 10 basis points and nothing in custody', () => {
		const position = { invoiceAmount: 1_001_000n, discountBps: 10, custodied: 0n, deposits: 0n };
		expect(minAmount(position)).toBe(1_000_001n);
		expect(minAmount({ ...position, custodied: 1_001_000n })).toBe(0n);
	});
});
