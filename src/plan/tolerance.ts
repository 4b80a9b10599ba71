import { powerOfTen } from '../money/units.ts';

/** 0.000002 token units: two costs, or two totals sent, are equal if they differ by at most this per operation. */
const EQUAL_TOKENS = { numerator: 2n, denominator: powerOfTen(6) };

/** How far apart, in money units, results over so many operations may be and still count as equal; rounded down. */
export function toleranceOf(operations: number, moneyScale: bigint): bigint {
	return (EQUAL_TOKENS.numerator * BigInt(operations) * moneyScale) / EQUAL_TOKENS.denominator;
}
