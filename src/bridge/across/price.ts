/** From Across's fees to a price that a planner can move along: one fixed part, one proportional part, one floor. */
import { type Amount, add, amount, BASE_UNIT, min, subtractToZero } from '../../money/amount.ts';
import { receiveOf } from '../../money/price.ts';
import { formatAmount, rescale } from '../../money/units.ts';
import type { Quote, QuoteRequest } from '../bridge.ts';
import type { SuggestedFees } from './api.ts';

/** Fees are fractions with 18 decimals; a basis point is 1e14 of them, so as basis points they have 14. */
const BPS_DECIMALS = 14;
/** Base units: the API rounds each of its two proportional fees by itself, and for another amount it may round both of them up. */
const ROUNDINGS = amount(2n);
/** Gas and the pool's utilisation move all the time; the contract itself would take an hour. */
const VALID_MS = 60_000;

/**
 * The promise is never above the API's own: where the formula would say more all the same, the fixed fee takes the difference.
 */
export function priceOf({ origin, destination, send }: QuoteRequest, fees: SuggestedFees, nowMs: number): Quote {
	// Exact: a fraction with 18 decimals has 14 as basis points.
	const feeBps = formatAmount(add(fees.relayerCapitalFee.pct, fees.lpFee.pct), BPS_DECIMALS);
	const receiveWith = (fixedFee: Amount) =>
		receiveOf({ send, fixedFee, feeBps, originDecimals: origin.decimals, destinationDecimals: destination.decimals });
	const knownFee = add(fees.relayerGasFee.total, ROUNDINGS);
	const overPromised = subtractToZero(receiveWith(knownFee), fees.outputAmount);
	const fixedFee = add(knownFee, rescale(overPromised, destination.decimals, origin.decimals, 'up'));
	return {
		send,
		receive: receiveWith(fixedFee),
		offered: fees.outputAmount,
		fixedFee,
		feeBps,
		minimum: fees.limits.minDeposit,
		step: BASE_UNIT,
		// Up to here a relayer has the funds at hand, and only up to here does the estimated time hold. More waits until relayers
		// have moved funds (maxDepositShortDelay) or until the pool itself fills, which takes hours (maxDeposit).
		maximum: min(fees.limits.maxDeposit, fees.limits.maxDepositInstant),
		seconds: Math.ceil(fees.estimatedFillTimeSec),
		validUntilMs: nowMs + VALID_MS,
	};
}
