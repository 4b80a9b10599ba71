/** Whole coins in the exchange's decimal text, and base units of a token: where the two meet, the rounding is named. */
import { type Amount, amount, BASE_UNIT } from '../../money/amount.ts';
import { formatAmount, parseAmount, type Rounding, rescale } from '../../money/units.ts';

/** Finer than any exchange counts and any text of theirs, so that coins are compared and divided exactly. */
export const COIN_DECIMALS = 30;
/** What is finer than this the exchange does not credit. */
const FINEST = '0.00000001';

/** Throws `RangeError` for text that is no plain decimal number. */
export function coinUnits(text: string): Amount {
	return parseAmount(text, COIN_DECIMALS);
}

export function coinText(units: Amount): string {
	return formatAmount(units, COIN_DECIMALS);
}

/** Whole coins as base units of a token with so many decimals. */
export function tokenUnits(text: string, decimals: number, rounding: Rounding): Amount {
	return rescale(coinUnits(text), COIN_DECIMALS, decimals, rounding);
}

/** Rounded down to a whole multiple of the exchange's step; a step of nothing is none. */
export function wholeSteps(units: Amount, stepText: string): Amount {
	const step = coinUnits(stepText);
	return step === 0n ? units : downTo(units, step);
}

export const downTo = (units: Amount, step: Amount): Amount => amount(units - (units % step));

/** The least amount, in base units of a token, that is whole steps of the exchange's and nothing that it would not credit. */
export function stepUnits(stepText: string, decimals: number): Amount {
	const baseUnit = rescale(BASE_UNIT, decimals, COIN_DECIMALS, 'down');
	const parts = [coinUnits(FINEST), coinUnits(stepText), baseUnit].filter((part) => part > 0n);
	return rescale(parts.reduce(leastMultiple), COIN_DECIMALS, decimals, 'up');
}

function leastMultiple(one: Amount, other: Amount): Amount {
	let [divisor, rest]: [bigint, bigint] = [one, other];
	while (rest > 0n) [divisor, rest] = [rest, divisor % rest];
	return amount((one / divisor) * other);
}
