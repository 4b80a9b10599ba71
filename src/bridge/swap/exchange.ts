/** What the pools of one pair would give now, asked of the exchange's own quoter. */
import {
	type Address,
	BaseError,
	decodeFunctionResult,
	ExecutionRevertedError,
	encodeFunctionData,
	type Hex,
	type PublicClient,
} from 'viem';
import { errorText, PermanentError, TransientError } from '../../errors.ts';
import type { VenueId } from '../../inventory/venue.ts';
import type { BridgeEnd } from '../../leg/order.ts';
import { type Amount, amount } from '../../money/amount.ts';
import { powerOfTen } from '../../money/units.ts';
import { quoterAbi } from './abi.ts';

export interface Exchange {
	readonly venue: VenueId;
	readonly client: PublicClient;
	readonly router: Address;
	readonly quoter: Address;
	/** Of the pools that are asked, in hundredths of a basis point. */
	readonly fees: readonly number[];
}

export interface Pair {
	readonly origin: Pick<BridgeEnd, 'token' | 'decimals'>;
	readonly destination: Pick<BridgeEnd, 'token' | 'decimals'>;
}

/** What one pool would give for all of what is sent. */
export interface Offer {
	readonly fee: number;
	/** Base units of the token that comes out. */
	readonly out: Amount;
}

/** The contracts keep the square root of a price with 96 binary places. */
const ONE_SQRT_PRICE = 2n ** 96n;
/** Of the square root. */
const WORST_FACTOR = 2n;

/**
 * The pool that gives most for exactly `send`, by one call for each fee. Throws `PermanentError` with every pool's reason when none takes all of
 * it: there is no pool, no liquidity, or a token that does not move. Throws `TransientError` when the node does not say.
 */
export async function bestOffer(exchange: Exchange, pair: Pair, send: Amount): Promise<Offer> {
	const answers = await Promise.all(exchange.fees.map((fee) => offerOf(exchange, { ...pair, fee, send })));
	let best: Offer | null = null;
	for (const answer of answers) if ('out' in answer && (best === null || answer.out > best.out)) best = answer;
	if (best !== null) return best;
	const reasons = answers.map((answer) => `fee ${answer.fee}: ${'problem' in answer ? answer.problem : ''}`).join('; ');
	throw new PermanentError(
		`no pool on ${exchange.venue} swaps ${send} of ${pair.origin.token} for ${pair.destination.token} (${reasons})`,
		{ venue: exchange.venue },
	);
}

interface Question extends Pair {
	readonly fee: number;
	readonly send: Amount;
}

async function offerOf(exchange: Exchange, question: Question): Promise<Offer | { readonly fee: number; readonly problem: string }> {
	const { origin, destination, fee, send } = question;
	const limit = worstSqrtPrice(question);
	const args = [{ tokenIn: origin.token, tokenOut: destination.token, amountIn: send, fee, sqrtPriceLimitX96: limit }] as const;
	const data = encodeFunctionData({ abi: quoterAbi, functionName: 'quoteExactInputSingle', args });
	const answer = await ask(exchange, data);
	if ('problem' in answer) return { fee, problem: answer.problem };
	// At the limit a swap ends that has taken a part of what is sent.
	if (answer.sqrtPriceAfter === limit) return { fee, problem: 'too little liquidity' };
	return answer.out === 0n ? { fee, problem: 'nothing would come out' } : { fee, out: answer.out };
}

/**
 * Where a price, one token counted as one token, has fallen to about a quarter: as the contracts keep it, the square root of how much of
 * the token with the higher address one of the other costs. Without an end a pool that runs dry is followed to the end of all prices,
 * which takes a node longer, and more gas, than it gives to a call.
 */
function worstSqrtPrice({ origin, destination }: Pair): bigint {
	const isFalling = BigInt(origin.token) < BigInt(destination.token);
	const exponent = isFalling ? destination.decimals - origin.decimals : origin.decimals - destination.decimals;
	const distance = Math.abs(exponent);
	// The square root of ten is about three.
	const root = powerOfTen(Math.floor(distance / 2)) * (distance % 2 === 0 ? 1n : 3n);
	const oneForOne = exponent < 0 ? ONE_SQRT_PRICE / root : ONE_SQRT_PRICE * root;
	return isFalling ? oneForOne / WORST_FACTOR : oneForOne * WORST_FACTOR;
}

type Answer = { readonly out: Amount; readonly sqrtPriceAfter: bigint } | { readonly problem: string };

/** A refusal by the contracts is an answer; whatever else goes wrong says nothing about the pool. */
async function ask({ client, quoter, venue }: Exchange, data: Hex): Promise<Answer> {
	try {
		const { data: result } = await client.call({ to: quoter, data });
		if (result === undefined) throw new TransientError(`there is no contract at ${quoter}`, { venue });
		const [out, sqrtPriceAfter] = decodeFunctionResult({ abi: quoterAbi, functionName: 'quoteExactInputSingle', data: result });
		return { out: amount(out), sqrtPriceAfter };
	} catch (error) {
		const refusal = error instanceof BaseError ? error.walk((each) => each instanceof ExecutionRevertedError) : null;
		if (refusal instanceof ExecutionRevertedError) return { problem: refusal.shortMessage };
		const text = `quoter ${quoter} on ${venue} could not be asked: ${errorText(error)}`;
		throw new TransientError(text, { venue }, { cause: error });
	}
}
