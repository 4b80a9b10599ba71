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

/**
 * Every digit of a value that is not negative, without trailing zeros or exponent: 5/4 is "1.25". Throws `RangeError` for one
 * that no finite decimal says, as 1/3; sums and differences of parsed values never are.
 */
export function formatExact(value: Exact): string {
	const common = greatestCommonDivisor(value.numerator, value.denominator);
	let [numerator, rest] = [value.numerator / common, value.denominator / common];
	let decimals = 0;
	while (rest % 10n === 0n) [rest, decimals] = [rest / 10n, decimals + 1];
	for (const [factor, other] of [
		[2n, 5n],
		[5n, 2n],
	] as const) {
		while (rest % factor === 0n) [rest, numerator, decimals] = [rest / factor, numerator * other, decimals + 1];
	}
	if (rest !== 1n) throw new RangeError(`${value.numerator}/${value.denominator} is no finite decimal number`);
	const digits = numerator.toString().padStart(decimals + 1, '0');
	const whole = digits.slice(0, digits.length - decimals);
	return decimals === 0 ? whole : `${whole}.${digits.slice(-decimals)}`;
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
	return a % b === 0n ? a : (a / greatestCommonDivisor(a, b)) * b;
}

/** Floor division for a positive divisor, also of a negative dividend. */
export function floorDivide(dividend: bigint, divisor: bigint): bigint {
	if (dividend >= 0n) return dividend / divisor;
	const quotient = dividend / divisor;
	return dividend % divisor < 0n ? quotient - 1n : quotient;
}

/** Ceiling division for a positive divisor, also of a negative dividend. */
export function ceilDivide(dividend: bigint, divisor: bigint): bigint {
	return -floorDivide(-dividend, divisor);
}
