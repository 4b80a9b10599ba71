/**
 * Across: a deposit on the origin is filled on the destination by a relayer, who is repaid later. What arrives is the deposit's
 * output amount; there is nothing to claim. A deposit that nobody fills before its deadline is refunded on the origin.
 */
import { type Address, isAddressEqual } from 'viem';
import { z } from 'zod';
import { addressText } from '../../config/schema.ts';
import type { Spend } from '../../earmark/spend.ts';
import { errorText, PermanentError, TransientError } from '../../errors.ts';
import { createJsonClient } from '../../http.ts';
import type { VenueId } from '../../inventory/venue.ts';
import type { BridgeEnd, Evidence, HopOrder } from '../../leg/order.ts';
import type { BridgeAdapter, BridgeDefinition, BridgePorts, QuoteRequest } from '../bridge.ts';
import { spokePoolAbi } from './abi.ts';
import { pairText, readHint, type SuggestedFees, suggestFees, suggestFeesUpTo } from './api.ts';
import { depositCall, readDeposit, recoverDeposit } from './deposit.ts';
import { readDelivery } from './fill.ts';
import type { PoolPlace } from './pool.ts';
import { priceOf } from './price.ts';
import { type Look, proveDeposit } from './prove.ts';
import { readReturn } from './refund.ts';
import { filledDepositOf, refundedDepositOf } from './relay.ts';

const settings = z.strictObject({
	apiUrl: z.url({ protocol: /^https?$/, error: 'is not an http(s) URL' }),
	/** The SpokePool of each chain. */
	spokePools: z.record(z.string().regex(/^[1-9][0-9]{0,15}$/, 'is not a chain id as decimal text'), addressText),
});
type AcrossSettings = z.output<typeof settings>;

const TIMEOUT_MS = 4_000;

export const across: BridgeDefinition<AcrossSettings> = { name: 'across', settings, create: createAcross };

export function createAcross({ apiUrl, spokePools }: AcrossSettings, ports: BridgePorts): BridgeAdapter {
	const http = createJsonClient({ fetch: ports.fetch, timeoutMs: TIMEOUT_MS, baseUrl: apiUrl, service: 'Across API' });
	const poolAt = (venue: VenueId): Address => {
		const pool = Object.hasOwn(spokePools, venue) ? spokePools[venue] : undefined;
		if (pool === undefined) throw new PermanentError(`Across has no pool under bridges.across.spokePools.${venue}`, { venue });
		return pool;
	};
	const placeAt = ({ venue, chainId }: Pick<BridgeEnd, 'venue' | 'chainId'>): PoolPlace => ({
		client: ports.client(venue),
		pool: poolAt(venue),
		chainId,
		get finalityBlocks() {
			return ports.finalityBlocks(venue);
		},
	});
	const lookAt = (order: HopOrder, evidence: Evidence): Look => {
		const hint = (of: 'fill' | 'refund') => () =>
			readHint(http, { of, originChainId: String(evidence.originChainId), depositId: String(evidence.depositId) });
		return {
			here: placeAt(order.destination),
			origin: placeAt(order.origin),
			destination: (chainId) => knownOrNull(() => placeAt({ venue: String(chainId), chainId })),
			hintFill: hint('fill'),
			hint: hint('refund'),
			nowMs: ports.nowMs(),
			expectedMs: order.seconds * 1_000,
		};
	};
	const refuseNative = refuserOfNative(ports, poolAt);
	const fees = async (request: QuoteRequest): Promise<SuggestedFees> => {
		const pools = { origin: poolAt(request.origin.venue), destination: poolAt(request.destination.venue) };
		const [suggested] = await Promise.all([suggestFees(http, request), refuseNative(request)]);
		checkFees(request, suggested, pools);
		return suggested;
	};
	return {
		claims: false,
		quote: async (asked) => {
			const priced = await suggestFeesUpTo(fees, http, asked);
			return priceOf(priced.request, priced.fees, ports.nowMs());
		},
		spend: ({ origin, send }): Spend => ({ token: origin.token, spender: poolAt(origin.venue), amount: send }),
		send: async (order) => depositCall(order, poolAt(order.origin.venue), await fees(order)),
		evidence: (order, mined) => ({
			...readDeposit(order, poolAt(order.origin.venue), mined),
			seenAtMs: String(mined.minedAtMs ?? ports.nowMs()),
		}),
		prove: async (order, evidence) => proveDeposit(lookAt(order, evidence), evidence),
		claim: async () => ({ state: 'arrived' }),
		verify: async (order, proof) =>
			'refundTx' in proof
				? readReturn(order, placeAt(order.origin), refundedDepositOf(proof))
				: readDelivery(order, placeAt(order.destination), filledDepositOf(proof)),
		contracts: (venue) => (Object.hasOwn(spokePools, venue) ? [poolAt(venue)] : []),
		recover: (sent, places) => recoverDeposit(sent, poolAt(sent.venue), places),
	};
}

/** Null for a chain that is not configured. */
function knownOrNull(find: () => PoolPlace): PoolPlace | null {
	try {
		return find();
	} catch (error) {
		if (error instanceof PermanentError) return null;
		throw error;
	}
}

/** Throws `PermanentError` when the deposit would be too small, or would go through other pools than the configured ones. */
function checkFees(
	{ origin, destination, send }: QuoteRequest,
	fees: SuggestedFees,
	pools: { origin: Address; destination: Address },
): void {
	const details = { origin: origin.venue, destination: destination.venue };
	for (const [end, named] of [
		['origin', fees.spokePoolAddress],
		['destination', fees.destinationSpokePoolAddress],
	] as const) {
		if (named !== undefined && !isAddressEqual(named, pools[end])) {
			throw new PermanentError(
				`Across names ${named} as its pool on ${details[end]}, and bridges.across.spokePools.${details[end]} is ${pools[end]}`,
				details,
			);
		}
	}
	if (fees.isAmountTooLow) {
		throw new PermanentError(
			`${send} is too little for Across from ${pairText(origin, destination)}: the least is ${fees.limits.minDeposit}`,
			details,
		);
	}
}

/** The pool unwraps its wrapped native token when it fills: what arrives would be no token, and no Transfer would prove it. */
function refuserOfNative(ports: BridgePorts, poolAt: (venue: VenueId) => Address): (request: QuoteRequest) => Promise<void> {
	const wrapped = new Map<VenueId, Address>();
	return async ({ destination: { venue, token } }) => {
		const known = wrapped.get(venue) ?? (await readWrapped(ports, { venue, pool: poolAt(venue) }));
		wrapped.set(venue, known);
		if (isAddressEqual(known, token))
			throw new PermanentError(`${token} would arrive on ${venue} as the native asset: Across unwraps it`, { venue });
	};
}

async function readWrapped(ports: BridgePorts, { venue, pool }: { venue: VenueId; pool: Address }): Promise<Address> {
	try {
		return await ports.client(venue).readContract({ address: pool, abi: spokePoolAbi, functionName: 'wrappedNativeToken' });
	} catch (error) {
		throw new TransientError(`pool ${pool} on ${venue} could not be asked: ${errorText(error)}`, { venue }, { cause: error });
	}
}
