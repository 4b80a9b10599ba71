/** The shape that every bridge's price has: one fixed part and one proportional part, both in what is sent, and one rounding. */
import { type Amount, add, subtract, ZERO } from './amount.ts';
import { applyRate, parseBps } from './rate.ts';
import { rescale } from './units.ts';

export interface Price {
	/** Base units at the origin. */
	readonly fixedFee: Amount;
	/** Basis points as exact decimal text. */
	readonly feeBps: string;
	readonly originDecimals: number;
	readonly destinationDecimals: number;
}

/**
 * `floor(send − fixedFee − send × fee)` in base units of the destination; zero when the fees eat everything.
 * One floor: the fee is taken in the finer of the two scales first, so that rounding it up and the result down is one loss at most.
 */
export function receiveOf({ send, fixedFee, feeBps, originDecimals, destinationDecimals }: Price & { readonly send: Amount }): Amount {
	const fineDecimals = Math.max(originDecimals, destinationDecimals);
	const fine = (units: Amount) => rescale(units, originDecimals, fineDecimals, 'up');
	const fee = add(applyRate(fine(send), parseBps(feeBps), 'up'), fine(fixedFee));
	if (fee >= fine(send)) return ZERO;
	return rescale(subtract(fine(send), fee), fineDecimals, destinationDecimals, 'down');
}
