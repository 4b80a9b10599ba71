/**
 * Exact numbers finer than any base unit: fees, limits and gas in token units, kept as ratios of bigints.
 */
import { divideUp, type Rate } from '../money/rate.ts';
import { isDecimalText, powerOfTen } from '../money/units.ts';

/** A non-negative ratio in token units (or, for fees and tolerances, a fraction of an amount). */
export type Exact = Rate;

export const EXACT_ZERO: Exact = { numerator: 0n, denominator: 1n };

/** Parses token units with at most 77 decimals, without rounding. Throws `RangeError` on anything else. */
export function parseExact(text: string): Exact {
	if (!isDecimalText(text)) throw new RangeError(`"${text}" is not a decimal number in token units`);
	const [whole = '0', fraction = ''] = text.split('.');
	return { numerator: BigInt(whole + fraction), denominator: powerOfTen(fraction.length) };
}

/** Base units as an exact number of token units. */
export function exactUnits(units: bigint, decimals: number): Exact {
	return { numerator: units, denominator: powerOfTen(decimals) };
}

/** The whole number of base units at or below (`down`) or at or above (`up`) the value. */
export function wholeUnits(value: Exact, decimals: number, rounding: 'down' | 'up'): bigint {
	const scaled = value.numerator * powerOfTen(decimals);
	return rounding === 'up' ? divideUp(scaled, value.denominator) : scaled / value.denominator;
}

/** The numerator over `denominator`, which must be a multiple of the value's own in lowest terms. Throws `RangeError` otherwise. */
export function numeratorOver(value: Exact, denominator: bigint): bigint {
	const scaled = value.numerator * denominator;
	if (scaled % value.denominator !== 0n) throw new RangeError(`${value.numerator}/${value.denominator} is no fraction over ${denominator}`);
	return scaled / value.denominator;
}

export function greatestCommonDivisor(a: bigint, b: bigint): bigint {
	let [x, y] = [a, b];
	while (y !== 0n) [x, y] = [y, x % y];
	return x;
}

export function leastCommonMultiple(a: bigint, b: bigint): bigint {
	return (a / greatestCommonDivisor(a, b)) * b;
}

/** Floor division for a positive divisor, also of a negative dividend. */
export function floorDivide(dividend: bigint, divisor: bigint): bigint {
	const quotient = dividend / divisor;
	return dividend % divisor < 0n ? quotient - 1n : quotient;
}

/** Ceiling division for a positive divisor, also of a negative dividend. */
export function ceilDivide(dividend: bigint, divisor: bigint): bigint {
	return -floorDivide(-dividend, divisor);
}
