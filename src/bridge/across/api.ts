/** Across's REST API: what a deposit costs now, and where it hints that one was filled. Amounts are base units of the input token. */
import { type Address, getAddress, type Hash, isAddress, isHash } from 'viem';
import { z } from 'zod';
import { PermanentError, TransientError } from '../../errors.ts';
import type { JsonClient } from '../../http.ts';
import type { BridgeEnd } from '../../leg/order.ts';
import { amount, MAX_UINT256 } from '../../money/amount.ts';
import type { QuoteRequest } from '../bridge.ts';

const units = z
	.string('is not decimal text')
	.regex(/^(0|[1-9][0-9]{0,77})$/, { error: 'is not a whole number as decimal text', abort: true })
	.refine((text) => BigInt(text) <= MAX_UINT256, 'is larger than a uint256')
	.transform((text) => amount(BigInt(text)));
const uint32 = z
	.union([z.string().regex(/^[0-9]{1,10}$/, 'is not a whole number'), z.number()])
	.transform(Number)
	.refine((value) => Number.isInteger(value) && value >= 0 && value <= 0xffff_ffff, 'is not a uint32');
const address = z
	.string()
	.refine((text) => isAddress(text, { strict: false }), 'is not an address')
	.transform((text): Address => getAddress(text));

/** `pct` is a fraction of what is sent with 18 decimals: 1e18 is all of it. */
const fee = z.object({ pct: units, total: units });

const suggestedFees = z.object({
	totalRelayFee: fee,
	relayerCapitalFee: fee,
	relayerGasFee: fee,
	lpFee: fee,
	/** Unix seconds: the deposit's quoteTimestamp. */
	timestamp: uint32,
	fillDeadline: uint32,
	exclusiveRelayer: address,
	/** Zero, an offset, or a time: the contract takes all three. */
	exclusivityDeadline: uint32,
	spokePoolAddress: address.optional(),
	destinationSpokePoolAddress: address.optional(),
	/** Base units of the output token. */
	outputAmount: units,
	isAmountTooLow: z.boolean(),
	estimatedFillTimeSec: z.number().min(0).max(1_000_000),
	limits: z.object({ minDeposit: units, maxDeposit: units, maxDepositInstant: units, maxDepositShortDelay: units }),
});

export type SuggestedFees = z.output<typeof suggestedFees>;

/** Throws `TransientError` when nothing usable comes back, `PermanentError` when the API does not serve the pair or the amount. */
export async function suggestFees(http: JsonClient, request: QuoteRequest): Promise<SuggestedFees> {
	// Answers too small an amount with its limits instead of a bare refusal.
	const query = { ...pairQuery(request), amount: request.send.toString(), recipient: request.recipient, skipAmountLimit: 'true' };
	const answer = await http.get({ path: '/suggested-fees', query, schema: suggestedFees });
	return answer.kind === 'found' ? answer.value : failUnserved(request);
}

/**
 * The largest amount within what is asked for that the API prices: one above its most it refuses, and says no more.
 * Throws what `suggestFees` throws when the amount was not the reason.
 */
export async function suggestFeesUpTo(
	suggest: (request: QuoteRequest) => Promise<SuggestedFees>,
	http: JsonClient,
	request: QuoteRequest,
): Promise<{ readonly request: QuoteRequest; readonly fees: SuggestedFees }> {
	try {
		return { request, fees: await suggest(request) };
	} catch (error) {
		if (!(error instanceof PermanentError) || error.details.status !== '400') throw error;
		const { maxDeposit } = await readLimits(http, request);
		if (maxDeposit === 0n || maxDeposit >= request.send) throw error;
		const smaller = { ...request, send: maxDeposit };
		return { request: smaller, fees: await suggest(smaller) };
	}
}

const limits = z.object({ maxDeposit: units });

async function readLimits(http: JsonClient, request: QuoteRequest): Promise<z.output<typeof limits>> {
	const answer = await http.get({ path: '/limits', query: pairQuery(request), schema: limits });
	return answer.kind === 'found' ? answer.value : failUnserved(request);
}

function pairQuery({ origin, destination }: QuoteRequest): Record<string, string> {
	return {
		inputToken: origin.token,
		outputToken: destination.token,
		originChainId: String(origin.chainId),
		destinationChainId: String(destination.chainId),
		...(origin.decimals === destination.decimals ? {} : { allowUnmatchedDecimals: 'true' }),
	};
}

function failUnserved({ origin, destination }: QuoteRequest): never {
	throw new PermanentError(`Across serves no deposit from ${pairText(origin, destination)}`, {
		origin: origin.venue,
		destination: destination.venue,
	});
}

/** Where the API names transactions of a deposit; the names of the fill's differ with its age. */
const HINTS = { fill: ['fillTx', 'fillTxHash', 'fillTxnRef'], refund: ['depositRefundTxHash', 'depositRefundTxnRef'] } as const;
const depositStatus = z.record(z.string(), z.unknown());

interface HintRequest {
	readonly of: keyof typeof HINTS;
	readonly originChainId: string;
	readonly depositId: string;
}

/** The hash that the API names as the deposit's fill or refund, to be checked on chain; null when it names none or cannot be asked. */
export async function readHint(http: JsonClient, { of, originChainId, depositId }: HintRequest): Promise<Hash | null> {
	try {
		const answer = await http.get({ path: '/deposit/status', query: { originChainId, depositId }, schema: depositStatus });
		if (answer.kind === 'notFound') return null;
		const named = HINTS[of].map((name) => answer.value[name]).find((hash) => typeof hash === 'string' && isHash(hash));
		return (named as Hash | undefined) ?? null;
	} catch (error) {
		// Only a hint: the contract is asked in any case.
		if (error instanceof TransientError || error instanceof PermanentError) return null;
		throw error;
	}
}

export function pairText(origin: BridgeEnd, destination: BridgeEnd): string {
	return `${origin.token} on ${origin.venue} to ${destination.token} on ${destination.venue}`;
}
