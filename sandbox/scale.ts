/**
 * The sandbox's own arithmetic between scales. It repeats on purpose what the product has in src/money: a stand-in that borrowed the
 * product's rounding could never show that the product rounds wrongly.
 */
export const HUB_DECIMALS = 18;

const powerOfTen = (decimals: number): bigint => 10n ** BigInt(decimals);

/** Re-expresses units of one scale in another, rounded down. */
export function scaleDown(units: bigint, from: number, to: number): bigint {
	return to >= from ? units * powerOfTen(to - from) : units / powerOfTen(from - to);
}

/** Re-expresses units of one scale in another, rounded up. */
export function scaleUp(units: bigint, from: number, to: number): bigint {
	return to >= from ? units * powerOfTen(to - from) : (units + powerOfTen(from - to) - 1n) / powerOfTen(from - to);
}

/** "12.5" at 6 decimals is 12_500_000n. Throws when the text is finer than the scale. */
export function unitsOf(text: string, decimals: number): bigint {
	const match = /^(\d+)(?:\.(\d+))?$/.exec(text);
	const [, whole = '', fraction = ''] = match ?? [];
	if (match === null || fraction.length > decimals) throw new Error(`"${text}" is no amount with ${decimals} decimals`);
	return BigInt(whole + fraction.padEnd(decimals, '0'));
}
