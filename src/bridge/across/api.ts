/** Across's REST API: what a deposit costs now, and where it hints that one was filled. Amounts are base units of the input token. */
import { type Address, getAddress, type Hash, isAddress, isHash } from 'viem';
import { z } from 'zod';
import { PermanentError, TransientError } from '../../errors.ts';
import type { JsonClient } from '../../http.ts';
import { amount, MAX_UINT256 } from '../../money/amount.ts';
import type { BridgeEnd, QuoteRequest } from '../bridge.ts';

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
export async function suggestFees(http: JsonClient, { origin, destination, send, recipient }: QuoteRequest): Promise<SuggestedFees> {
	const query = {
		inputToken: origin.token,
		outputToken: destination.token,
		originChainId: String(origin.chainId),
		destinationChainId: String(destination.chainId),
		amount: send.toString(),
		recipient,
		// Answers too small an amount with its limits instead of a bare refusal.
		skipAmountLimit: 'true',
		...(origin.decimals === destination.decimals ? {} : { allowUnmatchedDecimals: 'true' }),
	};
	const answer = await http.get({ path: '/suggested-fees', query, schema: suggestedFees });
	if (answer.kind === 'found') return answer.value;
	throw new PermanentError(`Across serves no deposit from ${pairText(origin, destination)}`, {
		origin: origin.venue,
		destination: destination.venue,
	});
}

const depositStatus = z.object({ fillTx: z.unknown(), fillTxHash: z.unknown(), fillTxnRef: z.unknown() }).partial();

/** The hash that the API names as the deposit's fill, to be checked on chain; null when it names none or cannot be asked. */
export async function hintFill(
	http: JsonClient,
	{ originChainId, depositId }: { originChainId: string; depositId: string },
): Promise<Hash | null> {
	try {
		const answer = await http.get({ path: '/deposit/status', query: { originChainId, depositId }, schema: depositStatus });
		if (answer.kind === 'notFound') return null;
		const { fillTx, fillTxHash, fillTxnRef } = answer.value;
		const named = [fillTx, fillTxHash, fillTxnRef].find((hash) => typeof hash === 'string' && isHash(hash));
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
