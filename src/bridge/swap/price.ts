/** From what a pool would give to a price that a planner can move along: one proportional part, and the pool's own roundings. */
import { PermanentError } from '../../errors.ts';
import { type Amount, amount, BASE_UNIT, max, subtract } from '../../money/amount.ts';
import { type Price, receiveOf } from '../../money/price.ts';
import { applyRate, divideUp, parseBps, type Rate } from '../../money/rate.ts';
import { formatAmount, powerOfTen } from '../../money/units.ts';
import type { Quote, QuoteRequest } from '../bridge.ts';

/** Base units at the origin: for every amount anew a pool rounds its fee up and what comes out down. */
const ROUNDINGS = amount(2n);
const BPS_DECIMALS = 14;
/** One is 10,000 basis points. */
const ONE_IN_BPS_DECIMALS = 4;
/** A pool's rate moves with every trade; what is promised leaves room for it, and the router holds to the promise. */
const VALID_MS = 30_000;

export interface Offered {
	/** Base units at the destination that the best pool would give for all of what is sent. */
	readonly out: Amount;
	/** By how much the rate may fall until the swap is mined. */
	readonly slippage: Rate;
	readonly seconds: number;
	readonly nowMs: number;
}

/**
 * Promises what is offered less the slippage, rounded down, and never more than one for one, because a price has no negative fee: what
 * comes out beyond the promise is delivered all the same. A pool gives ever less for each further unit, so the rate at `send` holds for
 * every smaller amount, and `send` is the maximum: nothing is known about larger ones. Throws `PermanentError` when `send` is too little for a promise.
 */
export function priceOf({ origin, destination, send }: QuoteRequest, { out, slippage, seconds, nowMs }: Offered): Quote {
	const decimals = { originDecimals: origin.decimals, destinationDecimals: destination.decimals };
	const feeBps = feeOf({ send, promised: subtract(out, applyRate(out, slippage, 'up')), ...decimals });
	const price = { fixedFee: ROUNDINGS, feeBps, ...decimals };
	const receive = receiveOf({ send, ...price });
	// Where nothing arrives of it, no least amount can be told.
	const minimum = receive === 0n ? null : leastSend(price);
	if (minimum === null || send < minimum)
		throw new PermanentError(`${send} of ${origin.asset} is too little to be swapped on ${origin.venue}`, { venue: origin.venue });
	return {
		send,
		receive,
		offered: out,
		fixedFee: ROUNDINGS,
		feeBps,
		minimum,
		maximum: send,
		step: BASE_UNIT,
		seconds,
		validUntilMs: nowMs + VALID_MS,
	};
}

type Decimals = Pick<Price, 'originDecimals' | 'destinationDecimals'>;

/** The part of `send` that `promised` falls short of it, one token counted as one token; rounded up, and none when it is more. */
function feeOf({ send, promised, originDecimals, destinationDecimals }: Decimals & { send: Amount; promised: Amount }): string {
	const sent = send * powerOfTen(destinationDecimals);
	const arriving = promised * powerOfTen(originDecimals);
	if (arriving >= sent) return '0';
	return formatAmount(amount(divideUp((sent - arriving) * powerOfTen(ONE_IN_BPS_DECIMALS + BPS_DECIMALS), sent)), BPS_DECIMALS);
}

/** Of less, the roundings of the pool and of both scales eat too large a part, and the rate that was quoted does not hold. */
const DUST = 100n;

function leastSend({ fixedFee, feeBps, originDecimals, destinationDecimals }: Price): Amount {
	const { numerator, denominator } = parseBps(feeBps);
	const kept = (denominator - numerator) * powerOfTen(destinationDecimals);
	const needed = powerOfTen(originDecimals) + fixedFee * powerOfTen(destinationDecimals);
	const dust = DUST * powerOfTen(Math.max(0, originDecimals - destinationDecimals));
	return max(amount(divideUp(needed * denominator, kept)), amount(dust));
}
