/** From Iris's fees to a price, and which of the two ways a burn goes. Pure. */
import { PermanentError } from '../../errors.ts';
import type { HopOrder } from '../../leg/order.ts';
import { type Amount, amount, BASE_UNIT, min, subtract, ZERO } from '../../money/amount.ts';
import { applyRate, divideUp, parseBps } from '../../money/rate.ts';
import type { Quote, QuoteRequest } from '../bridge.ts';
import type { BurnFees } from './iris.ts';
import type { CctpChain } from './settings.ts';

/** A fast transfer is attested before its chain is final, as far as Circle's allowance goes. */
export type Mode = 'fast' | 'standard';

/** The least finality that a burn asks for. */
export const THRESHOLDS = { fast: 1_000, standard: 2_000 } as const;

/** Fees move with the market, and the allowance with everybody's transfers. */
const VALID_MS = 60_000;

interface Prices {
	/** The origin. */
	readonly from: CctpChain;
	readonly fees: BurnFees;
	/** Base units that one message may burn. */
	readonly burnLimit: Amount;
	/** Base units that may go fast now; null when it was not asked for. */
	readonly allowance: Amount | null;
}

/** How long a transfer takes from here, in seconds. */
export function secondsOf({ fastSeconds, standardSeconds }: CctpChain, mode: Mode): number {
	return mode === 'fast' ? (fastSeconds ?? standardSeconds) : standardSeconds;
}

/** Base units that a transfer costs, rounded up. */
export function feeOf(send: Amount, feeBps: string): Amount {
	return applyRate(send, parseBps(feeBps), 'up');
}

/** Whether a fast transfer is offered from here: the allowance is worth asking for. */
export function offersFast({ from, fees }: Pick<Prices, 'from' | 'fees'>): boolean {
	return from.fastSeconds !== undefined && fees.fast !== null;
}

/** Fast where the allowance covers what one message can burn of `send`. Throws `PermanentError` when there is no price. */
export function priceOf({ origin, destination, send }: QuoteRequest, prices: Prices, nowMs: number): Quote {
	const { from, fees, burnLimit, allowance } = prices;
	const isFast = offersFast(prices) && allowance !== null && allowance >= min(send, burnLimit);
	const feeBps = isFast ? fees.fast : fees.standard;
	if (feeBps === null) {
		throw new PermanentError(`Iris names no fee for a standard transfer from ${origin.venue} to ${destination.venue}`, {
			origin: origin.venue,
			destination: destination.venue,
		});
	}
	const { numerator, denominator } = parseBps(feeBps);
	return {
		send,
		receive: subtract(send, feeOf(send, feeBps)),
		fixedFee: ZERO,
		feeBps,
		// Of anything less, nothing would be left.
		minimum: amount(divideUp(denominator, denominator - numerator)),
		maximum: isFast && allowance !== null ? min(burnLimit, allowance) : burnLimit,
		step: BASE_UNIT,
		seconds: secondsOf(from, isFast ? 'fast' : 'standard'),
		validUntilMs: nowMs + VALID_MS,
	};
}

export interface BurnTerms {
	/** Base units that the order allows to be lost on the way. */
	readonly maxFee: Amount;
	readonly mode: Mode;
}

/** The most that a fee may be: all that the order allows to be lost. Throws `PermanentError` when nothing at all would have to arrive. */
export function maxFeeOf({ send, receive, origin, destination }: Pick<HopOrder, 'send' | 'receive' | 'origin' | 'destination'>): Amount {
	if (receive > 0n && receive <= send) return subtract(send, receive);
	throw new PermanentError(`CCTP cannot deliver ${receive} of ${send} from ${origin.venue} to ${destination.venue}`, {
		origin: origin.venue,
		destination: destination.venue,
	});
}

/** As fast as the order pays for now. Throws `PermanentError` when it does not pay for any transfer any more. */
export function termsOf(order: HopOrder, { from, fees }: Pick<Prices, 'from' | 'fees'>): BurnTerms {
	const maxFee = maxFeeOf(order);
	const covers = (feeBps: string | null) => feeBps !== null && feeOf(order.send, feeBps) <= maxFee;
	if (from.fastSeconds !== undefined && covers(fees.fast)) return { maxFee, mode: 'fast' };
	if (covers(fees.standard)) return { maxFee, mode: 'standard' };
	const { origin, destination, send, receive } = order;
	const known = `fast ${fees.fast ?? 'none'}, standard ${fees.standard ?? 'none'} basis points`;
	throw new PermanentError(
		`the fee of CCTP has risen from ${origin.venue} to ${destination.venue}: ${receive} is ordered of ${send}, and the fees are ${known}`,
		{ origin: origin.venue, destination: destination.venue },
	);
}
