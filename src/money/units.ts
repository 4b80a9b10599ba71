/**
 * The only place where decimal text, base units and scales of different decimals meet.
 * Every conversion that can lose something names its rounding.
 */
import { type Amount, amount, HUB_DECIMALS, type HubAmount, hubAmount, unboundedAmount } from './amount.ts';

export type Rounding = 'down' | 'up';

const DECIMAL_TEXT = /^(0|[1-9][0-9]{0,77})(\.[0-9]+)?$/;

/** Whether `text` is a plain decimal number: no sign, exponent, spaces, leading zeros or bare point. */
export function isDecimalText(text: string): boolean {
	return DECIMAL_TEXT.test(text);
}

/**
 * Parses token units ("12.5") into base units.
 * Throws `RangeError` when the text is no plain decimal number, finer than `decimals`, or more than a uint256.
 */
export function parseAmount(text: string, decimals: number): Amount {
	return amount(parseUnits(text, decimals));
}

/** The same for a calculation that touches no chain: the result need not fit a uint256. */
export function parseUnboundedAmount(text: string, decimals: number): Amount {
	return unboundedAmount(parseUnits(text, decimals));
}

/** Formats base units as token units, without trailing zeros: 12_500_000n at 6 decimals is "12.5". */
export function formatAmount(units: Amount | HubAmount, decimals: number): string {
	const scale = powerOfTen(decimals);
	const whole = units / scale;
	const fraction = (units % scale).toString().padStart(decimals, '0').replace(/0+$/, '');
	return fraction === '' ? whole.toString() : `${whole}.${fraction}`;
}

/** The same of a difference, which may be below zero. */
export function formatSigned(units: bigint, decimals: number): string {
	return units < 0n ? `-${formatAmount(amount(-units), decimals)}` : formatAmount(amount(units), decimals);
}

/** So many has the own currency of every chain that is spoken to here. */
const NATIVE_DECIMALS = 18;

/** Formats wei as the chain's own currency, with so many decimals at most; what is finer is rounded up, because it was paid. */
export function formatWei(wei: bigint, places = NATIVE_DECIMALS): string {
	return formatAmount(rescale(amount(wei), NATIVE_DECIMALS, places, 'up'), places);
}

/** Re-expresses an amount of one venue in the decimals of another. */
export function rescale(units: Amount, from: number, to: number, rounding: Rounding): Amount {
	return amount(rescaleUnits(units, from, to, rounding));
}

/** Hub amount → base units. What we must deliver is rounded up, what we will receive is rounded down. */
export function fromHub(units: HubAmount, decimals: number, rounding: Rounding): Amount {
	return amount(rescaleUnits(units, HUB_DECIMALS, decimals, rounding));
}

/** Base units → hub amount; `down` is what the spoke contract does for more than 18 decimals. */
export function toHub(units: Amount, decimals: number, rounding: Rounding): HubAmount {
	return hubAmount(rescaleUnits(units, decimals, HUB_DECIMALS, rounding));
}

const MAX_DECIMALS = 77;
/** Made once: raising to a power is slow where it is done for every route. */
const POWERS_OF_TEN: readonly bigint[] = Array.from({ length: MAX_DECIMALS + 1 }, (_, decimals) => 10n ** BigInt(decimals));

/** 10^decimals. Throws `RangeError` unless `decimals` is an integer from 0 to 77: unknown decimals are an error, not 18. */
export function powerOfTen(decimals: number): bigint {
	const power = POWERS_OF_TEN[decimals];
	if (power === undefined) throw new RangeError(`decimals ${decimals} is not an integer from 0 to ${MAX_DECIMALS}`);
	return power;
}

function parseUnits(text: string, decimals: number): bigint {
	if (!isDecimalText(text)) throw new RangeError(`"${text}" is not a decimal number in token units`);
	const [whole = '0', fraction = ''] = text.split('.');
	const significant = fraction.replace(/0+$/, '');
	if (significant.length > decimals) throw new RangeError(`"${text}" is finer than ${decimals} decimals`);
	return BigInt(whole) * powerOfTen(decimals) + BigInt(significant.padEnd(decimals, '0') || '0');
}

function rescaleUnits(units: bigint, from: number, to: number, rounding: Rounding): bigint {
	if (to >= from) return units * powerOfTen(to - from);
	const divisor = powerOfTen(from - to);
	return rounding === 'up' ? (units + divisor - 1n) / divisor : units / divisor;
}
