/**
 * Swap: one asset becomes another one at the same venue, in one transaction on an exchange with the contracts of Uniswap V3. The router
 * enforces that at least the promise comes out, or reverts and moves nothing; so the receipt is the proof, and there is nothing to claim.
 */
import { encodeFunctionData, isAddressEqual } from 'viem';
import { z } from 'zod';
import { addressText } from '../../config/schema.ts';
import { PermanentError } from '../../errors.ts';
import type { VenueId } from '../../inventory/venue.ts';
import type { UnsignedCall } from '../../leg/call.ts';
import type { BridgeEnd, HopOrder } from '../../leg/order.ts';
import { parseBps } from '../../money/rate.ts';
import { isDecimalText } from '../../money/units.ts';
import type { BridgeAdapter, BridgeDefinition, BridgePorts, QuoteRequest } from '../bridge.ts';
import { routerAbi } from './abi.ts';
import { bestOffer, type Exchange, type Offer } from './exchange.ts';
import { priceOf } from './price.ts';
import { readDelivery, readSwap } from './receipt.ts';

const SECONDS = 15;
/** As the factory takes them, in hundredths of a basis point. */
const HIGHEST_FEE = 999_999;
/** Each is one more call for every quote. */
const MOST_FEES = 8;

const settings = z.strictObject({
	/** Basis points by which the rate may fall until the swap is mined: what is promised is so much less than what is quoted. */
	slippageBps: z
		.string()
		.refine(isDecimalText, { error: 'is not a number of basis points, as a string like "2.5"', abort: true })
		.transform(parseBps)
		.refine(({ numerator, denominator }) => numerator < denominator, 'is not less than 10000 basis points')
		.prefault('10'),
	venues: z.record(
		z.string().regex(/^[1-9][0-9]{0,15}$/, 'is not a chain id as decimal text'),
		z.strictObject({
			/** SwapRouter02. */
			router: addressText,
			/** QuoterV2. */
			quoter: addressText,
			/** Of the pools that are asked, in hundredths of a basis point. */
			fees: z.array(z.int().min(1).max(HIGHEST_FEE)).min(1).max(MOST_FEES),
			/** Until a swap is mined and final. */
			seconds: z.int().min(1).max(3_600).default(SECONDS),
		}),
	),
});
type SwapSettings = z.output<typeof settings>;

export const swap: BridgeDefinition<SwapSettings> = { name: 'swap', settings, create: createSwap };

function createSwap({ slippageBps: slippage, venues }: SwapSettings, ports: BridgePorts): BridgeAdapter {
	const placeAt = (venue: VenueId) => {
		const place = Object.hasOwn(venues, venue) ? venues[venue] : undefined;
		if (place === undefined) throw new PermanentError(`there is no exchange under bridges.swap.venues.${venue}`, { venue });
		return place;
	};
	const exchangeAt = (venue: VenueId): Exchange => ({ ...placeAt(venue), venue, client: ports.client(venue) });
	const offerFor = ({ origin, destination, send }: Pick<QuoteRequest, 'origin' | 'destination' | 'send'>): Promise<Offer> => {
		const exchange = exchangeAt(checkedVenue(origin, destination));
		// The router takes an amount of zero for all that it holds itself.
		if (send === 0n) throw new PermanentError(`nothing is to be swapped on ${exchange.venue}`, { venue: exchange.venue });
		return bestOffer(exchange, { origin, destination }, send);
	};
	return {
		claims: false,
		quote: async (request) => {
			const { out } = await offerFor(request);
			return priceOf(request, { out, slippage, seconds: placeAt(request.origin.venue).seconds, nowMs: ports.nowMs() });
		},
		spend: ({ origin, send }) => ({ token: origin.token, spender: placeAt(origin.venue).router, amount: send }),
		send: async (order) => {
			const offer = await offerFor(order);
			return swapCall(order, exchangeAt(order.origin.venue), offer);
		},
		evidence: (order, mined) => ({
			swapTx: mined.transactionHash,
			swapBlock: String(mined.blockNumber),
			received: String(readSwap(order, mined)),
		}),
		prove: async (_, evidence) => ({ state: 'proven', evidence }),
		claim: async () => ({ state: 'arrived' }),
		verify: async (order, proof) => readDelivery(order, exchangeAt(order.destination.venue), proof),
		contracts: (venue) => (Object.hasOwn(venues, venue) ? [placeAt(venue).router] : []),
		// What is mined has arrived.
		recover: () => null,
	};
}

/** Throws `PermanentError` unless the ends are two assets at one venue. */
function checkedVenue(origin: BridgeEnd, destination: BridgeEnd): VenueId {
	const details = { origin: origin.venue, destination: destination.venue };
	if (origin.venue !== destination.venue || origin.chainId !== destination.chainId) {
		throw new PermanentError(`a swap stays at its venue: it cannot go from ${origin.venue} to ${destination.venue}`, details);
	}
	if (origin.asset === destination.asset || isAddressEqual(origin.token, destination.token)) {
		throw new PermanentError(`a swap on ${origin.venue} is between two assets, not from ${origin.asset} to ${destination.asset}`, details);
	}
	return origin.venue;
}

function swapCall(order: HopOrder, { router, venue }: Exchange, { fee, out }: Offer): UnsignedCall {
	const { origin, destination, send, receive, recipient } = order;
	if (out < receive) {
		throw new PermanentError(
			`the rate has fallen: for ${send} of ${origin.asset} the best pool on ${venue} gives ${out} of ${destination.asset} now, and ${receive} is ordered`,
			{ venue },
		);
	}
	const data = encodeFunctionData({
		abi: routerAbi,
		functionName: 'exactInputSingle',
		args: [
			{
				tokenIn: origin.token,
				tokenOut: destination.token,
				fee,
				recipient,
				amountIn: send,
				amountOutMinimum: receive,
				sqrtPriceLimitX96: 0n,
			},
		],
	});
	return { chainId: origin.chainId, to: router, data, value: 0n };
}
