/** What the exchange takes and promises: a deposit is free, and the withdrawal's fee comes out of what is withdrawn. */
import { PermanentError } from '../../errors.ts';
import type { NetworkTerms } from '../../exchange/exchange.ts';
import { type Amount, amount, BASE_UNIT, max, min, subtract } from '../../money/amount.ts';
import { divideUp } from '../../money/rate.ts';
import { rescale } from '../../money/units.ts';
import type { Quote, QuoteRequest } from '../bridge.ts';
import { downTo, stepUnits, tokenUnits } from './coins.ts';
import type { BinancePair, BinanceSettings } from './settings.ts';

/** Fees and limits change a few times a day. */
const VALID_MS = 60_000;

/** What the exchange says of both ends now. */
export interface PairTerms {
	readonly deposit: NetworkTerms;
	readonly withdrawal: NetworkTerms;
}

export interface Pricing {
	readonly pair: BinancePair;
	readonly terms: PairTerms;
	readonly maximumFee: BinanceSettings['maximumFeeBps'];
	readonly nowMs: number;
}

/** Throws `PermanentError` when the exchange takes no deposits here or makes no withdrawals there now, or not of so little. */
export function priceOf(
	request: Pick<QuoteRequest, 'origin' | 'destination' | 'send'>,
	{ pair, terms, maximumFee, nowMs }: Pricing,
): Quote {
	const { origin, destination } = request;
	const { withdrawal } = terms;
	checkOpen(pair, terms);
	const fixedFee = tokenUnits(withdrawal.withdrawFee, origin.decimals, 'up');
	const step = stepUnits(withdrawal.withdrawStep, origin.decimals);
	const minimum = [
		tokenUnits(withdrawal.withdrawMinimum, origin.decimals, 'up'),
		tokenUnits(terms.deposit.depositMinimum ?? '0', origin.decimals, 'up'),
		leastFor(fixedFee, maximumFee),
		// Of anything less nothing would be left.
		amount(fixedFee + BASE_UNIT),
	]
		.map((least) => upTo(least, step))
		.reduce((most, each) => max(most, each));
	const maximum = downTo(tokenUnits(withdrawal.withdrawMaximum, origin.decimals, 'down'), step);
	const send = min(request.send, maximum);
	if (send < minimum) {
		throw new PermanentError(
			`${request.send} of ${origin.asset} from ${origin.venue} is outside of what the exchange takes: ${minimum} to ${maximum}`,
			{
				origin: origin.venue,
				destination: destination.venue,
			},
		);
	}
	return {
		send,
		// What is below a whole step stays in our account.
		receive: rescale(subtract(downTo(send, step), fixedFee), origin.decimals, destination.decimals, 'down'),
		fixedFee,
		feeBps: '0',
		minimum,
		maximum,
		step,
		seconds: pair.from.depositSeconds + pair.to.withdrawSeconds,
		validUntilMs: nowMs + VALID_MS,
	};
}

/** Throws `PermanentError`. */
function checkOpen({ coin, from, to }: BinancePair, { deposit, withdrawal }: PairTerms): void {
	if (!deposit.depositEnabled) throw new PermanentError(`the exchange takes no deposits of ${coin} on ${from.network} now`);
	if (!withdrawal.withdrawEnabled) throw new PermanentError(`the exchange makes no withdrawals of ${coin} on ${to.network} now`);
}

/** The least amount of which the fee is no larger share than allowed. */
function leastFor(fee: Amount, { numerator, denominator }: Pricing['maximumFee']): Amount {
	return amount(divideUp(fee * denominator, numerator));
}

const upTo = (units: Amount, step: Amount): Amount => amount(divideUp(units, step) * step);
