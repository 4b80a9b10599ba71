/** The forms that values of a plan file have. Each throws `PlanFileError` at the value's place. */
import type { Amount } from '../../money/amount.ts';
import { parseBps, type Rate } from '../../money/rate.ts';
import { isDecimalText, parseUnboundedAmount } from '../../money/units.ts';
import { type Exact, parseExact } from '../../plan/exact.ts';
import type { Spot } from './spot.ts';

/** Digits that may stand behind the point. */
const MOST_DECIMALS = 77;

export function textAt(spot: Spot): string {
	return typeof spot.value === 'string' ? spot.value : spot.refuse('is not text in quotes');
}

export function idAt(spot: Spot): string {
	return textAt(spot) || spot.refuse('is empty');
}

/** A whole number from 0 to `most`; other forms of it than plain digits have become null before (`json-text.ts`). */
export function integerAt(spot: Spot, most = Number.MAX_SAFE_INTEGER): number {
	const { value } = spot;
	if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value <= most) return value;
	return spot.refuse(`is not a whole number from 0 to ${most}, in plain digits`);
}

/** Token units, exactly. */
export function exactAt(spot: Spot): Exact {
	return parseExact(decimalAt(spot));
}

/** Basis points, exactly, as a fraction. */
export function bpsAt(spot: Spot): Rate {
	return parseBps(decimalAt(spot));
}

/** Base units of token units that may not be finer than `decimals`. */
export function unitsAt(spot: Spot, decimals: number): Amount {
	const text = decimalAt(spot);
	try {
		return parseUnboundedAmount(text, decimals);
	} catch {
		return spot.refuse(`is finer than the ${decimals} decimals of its venue`);
	}
}

function decimalAt(spot: Spot): string {
	const text = textAt(spot);
	if (!isDecimalText(text)) return spot.refuse('is not a decimal number in plain digits, at most 78 of them before the point');
	const [, fraction = ''] = text.split('.');
	return fraction.length > MOST_DECIMALS ? spot.refuse(`has more than ${MOST_DECIMALS} decimals`) : text;
}
