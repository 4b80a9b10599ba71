/**
 * CCTP V2: USDC burned on the origin is minted on the destination, once Circle's attesters have signed the message that the burn has
 * emitted. Anybody may deliver it there; what arrives is the burned amount less a fee, which only the attested message tells.
 */

import type { HopOrder } from '../../leg/order.ts';
import type { BridgeAdapter, BridgeDefinition, BridgePorts } from '../bridge.ts';
import { burnCall, readBurn, recoverBurn } from './burn.ts';
import { claimMint } from './claim.ts';
import { burnLimitReader } from './contracts.ts';
import { attestedBurnOf } from './evidence.ts';
import { createIris } from './iris.ts';
import { deliveryOf, findReceived } from './mint.ts';
import { offersFast, priceOf, termsOf } from './price.ts';
import { type Look, proveBurn } from './prove.ts';
import type { MintPlace } from './reception.ts';
import { type CctpV2Settings, chainAt, contractsAt, pairOf, settings } from './settings.ts';

export const cctpV2: BridgeDefinition<CctpV2Settings> = { name: 'cctp-v2', settings, create: createCctpV2 };

export function createCctpV2(configured: CctpV2Settings, ports: BridgePorts): BridgeAdapter {
	const iris = createIris(configured, ports);
	const readBurnLimit = burnLimitReader(ports);
	const placeOf = ({ destination: { venue, chainId } }: HopOrder): MintPlace => {
		const { messageTransmitter, tokenMessenger } = chainAt(configured, venue);
		const finalityBlocks = ports.finalityBlocks(venue);
		return { client: ports.client(venue), chainId, transmitter: messageTransmitter, messenger: tokenMessenger, finalityBlocks };
	};
	const lookOf = (order: HopOrder): Look => {
		const { venue, chainId } = order.origin;
		const origin = { client: ports.client(venue), chainId, chain: chainAt(configured, venue) };
		return { iris, here: placeOf(order), origin, nowMs: ports.nowMs() };
	};
	return {
		claims: true,
		quote: async (request) => {
			const pair = pairOf(configured, request);
			const { from } = pair;
			const [fees, burnLimit] = await Promise.all([iris.fees(pair), readBurnLimit(pair)]);
			const allowance = offersFast({ from, fees }) ? await iris.allowance(request.origin.decimals) : null;
			return priceOf(request, { from, fees, burnLimit, allowance }, ports.nowMs());
		},
		spend: ({ origin, send }) => ({ token: origin.token, spender: chainAt(configured, origin.venue).tokenMessenger, amount: send }),
		send: async (order) => {
			const pair = pairOf(configured, order);
			const fees = await iris.fees(pair);
			return burnCall(order, pair, termsOf(order, { from: pair.from, fees }));
		},
		evidence: (order, mined) => ({
			...readBurn(order, pairOf(configured, order), mined),
			sentAtMs: String(mined.minedAtMs ?? ports.nowMs()),
		}),
		prove: async (order, evidence) => proveBurn(lookOf(order), order, evidence),
		claim: async (order, proof) => claimMint(placeOf(order), order, attestedBurnOf(proof)),
		verify: async (order, proof, claimed) => {
			const place = placeOf(order);
			const burn = attestedBurnOf(proof);
			return deliveryOf(order, place, { burn, mined: claimed ?? (await findReceived(place, burn)) });
		},
		contracts: (venue) => contractsAt(configured, venue),
		recover: (sent, places) => recoverBurn(sent, configured, places),
	};
}
