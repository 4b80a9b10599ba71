/** Exact rates: a fraction of an amount, kept as a ratio of bigints so that nothing is lost before the one named rounding. */
import { type Amount, amount } from './amount.ts';
import { isDecimalText, powerOfTen, type Rounding } from './units.ts';

export interface Rate {
	readonly numerator: bigint;
	readonly denominator: bigint;
}

/** Parses basis points, possibly fractional ("1.3" is 0.013 %). Throws `RangeError` on anything but a plain decimal number. */
export function parseBps(text: string): Rate {
	if (!isDecimalText(text)) throw new RangeError(`"${text}" is not a decimal number of basis points`);
	const [whole = '0', fraction = ''] = text.split('.');
	return { numerator: BigInt(whole + fraction), denominator: powerOfTen(fraction.length) * 10_000n };
}

/** `amount × rate`, rounded as named. */
export function applyRate(units: Amount, rate: Rate, rounding: Rounding): Amount {
	const product = units * rate.numerator;
	return amount(rounding === 'up' ? divideUp(product, rate.denominator) : product / rate.denominator);
}

/** Ceiling division of two non-negative bigints. */
export function divideUp(dividend: bigint, divisor: bigint): bigint {
	return (dividend + divisor - 1n) / divisor;
}
