/**
 * Amounts are branded bigints: a plain `number` never holds money, and an amount never forgets which scale it has.
 */

declare const amountBrand: unique symbol;
declare const hubAmountBrand: unique symbol;

/** Base units of one asset at one venue (6-decimal USDC: 1_000_000n is one token). */
export type Amount = bigint & { readonly [amountBrand]: true };

/** Everclear's hub scale: 18 decimals whatever the token has. Exists only at the Everclear edge. */
export type HubAmount = bigint & { readonly [hubAmountBrand]: true };

export const HUB_DECIMALS = 18;
export const MAX_UINT256 = 2n ** 256n - 1n;
export const ZERO = 0n as Amount;
export const BASE_UNIT = 1n as Amount;

/** Brands base units. Throws `RangeError` below zero or above uint256. */
export function amount(units: bigint): Amount {
	return inRange(units) as Amount;
}

/**
 * Brands base units of a calculation, which may be more than any chain holds: what a planner is asked about need not fit a
 * uint256. What is read from a chain or sent to one goes through `amount`. Throws `RangeError` below zero.
 */
export function unboundedAmount(units: bigint): Amount {
	if (units < 0n) throw new RangeError(`amount ${units} is below zero`);
	return units as Amount;
}

/** Brands 18-decimal hub units. Throws `RangeError` below zero or above uint256. */
export function hubAmount(units: bigint): HubAmount {
	return inRange(units) as HubAmount;
}

export function add(...amounts: readonly Amount[]): Amount {
	return amount(amounts.reduce((sum, each) => sum + each, 0n));
}

/** `a − b`; throws `RangeError` when `b` is larger, because an amount cannot be negative. */
export function subtract(a: Amount, b: Amount): Amount {
	return amount(a - b);
}

/** `a − b`, but never below zero: for "what is left", where overdrawn means nothing is left. */
export function subtractToZero(a: Amount, b: Amount): Amount {
	return a > b ? amount(a - b) : ZERO;
}

export function min(a: Amount, b: Amount): Amount {
	return a < b ? a : b;
}

export function max(a: Amount, b: Amount): Amount {
	return a > b ? a : b;
}

function inRange(units: bigint): bigint {
	if (units < 0n || units > MAX_UINT256) throw new RangeError(`amount ${units} is not a uint256`);
	return units;
}
