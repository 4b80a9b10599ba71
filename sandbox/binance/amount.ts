/** The exchange keeps every coin at eight decimals, whatever its token has on a chain, and writes amounts as decimal text. */
import { scaleDown } from '../scale.ts';

export const EXCHANGE_DECIMALS = 8;

/** 1_050_000_000n is "10.5". */
export function textOf(amount: bigint): string {
	const [whole, fraction] = fixedTextOf(amount).split('.');
	const digits = fraction?.replace(/0+$/, '') ?? '';
	return digits === '' ? `${whole}` : `${whole}.${digits}`;
}

/** With all eight decimals: 1_050_000_000n is "10.50000000". */
export function fixedTextOf(amount: bigint): string {
	const whole = scaleDown(amount, EXCHANGE_DECIMALS, 0);
	const fraction = amount - scaleDown(whole, 0, EXCHANGE_DECIMALS);
	return `${whole}.${`${fraction}`.padStart(EXCHANGE_DECIMALS, '0')}`;
}
