/**
 * Binance: a deposit into our account on one network is withdrawn on another one. Cheap and deep, and slow. Between the two the funds are
 * the exchange's word alone, so what leaves it is asked for under a key that is stored first, and looked up before it is asked for again.
 * Facts: the wallet endpoints of Binance's API (capital/config/getall, deposit, withdraw).
 */
import { isAddress, isAddressEqual } from 'viem';
import { PermanentError } from '../../errors.ts';
import type { HopOrder } from '../../leg/order.ts';
import type { BridgeAdapter, BridgeDefinition, BridgePorts } from '../bridge.ts';
import { lookAgainIn } from '../look-again.ts';
import { readArrival } from './arrival.ts';
import { depositCall, readDeposit, recoverDeposit } from './deposit.ts';
import { creditedOf, withdrawnOf } from './evidence.ts';
import { type PairTerms, priceOf } from './price.ts';
import { proveDeposit } from './prove.ts';
import { type BinancePair, type BinanceSettings, coinOf, depositsAt, type Ends, networkAt, pairOf, settings } from './settings.ts';
import { claimWithdrawal, lookAtWithdrawal } from './withdrawal.ts';

export const binance: BridgeDefinition<BinanceSettings> = { name: 'binance', settings, create: createBinanceBridge };

function createBinanceBridge(configured: BinanceSettings, ports: BridgePorts): BridgeAdapter {
	const { maximumFeeBps: maximumFee } = configured;
	const exchange = ports.exchange('binance', configured);
	const termsOf = async ({ coin, from, to }: BinancePair): Promise<PairTerms> => {
		const networks = await exchange.networks(coin);
		const at = (network: string) => {
			const found = networks.get(network);
			if (found === undefined) throw new PermanentError(`the exchange knows no network ${network} of ${coin}`);
			return found;
		};
		return { deposit: at(from.network), withdrawal: at(to.network) };
	};
	const price = async (request: Ends & Pick<HopOrder, 'send'>) => {
		const pair = pairOf(configured, request);
		const [terms] = await Promise.all([termsOf(pair), checkAddress(pair)]);
		return priceOf(request, { pair, terms, maximumFee, nowMs: ports.nowMs() });
	};
	const checkAddress = async ({ coin, from }: BinancePair): Promise<void> => {
		const { address, tag } = await exchange.depositAddress({ coin, network: from.network });
		if (tag === null && isAddress(address, { strict: false }) && isAddressEqual(address, from.depositAddress)) return;
		const told = tag === null ? address : `${address} with tag ${tag}`;
		throw new PermanentError(
			`the exchange names ${told} as our address for ${coin} on ${from.network}, and bridges.binance.networks has ${from.depositAddress}`,
		);
	};
	return {
		claims: true,
		requests: {
			subject: (proof) => creditedOf(proof).depositTx,
			look: (order, proof, request) =>
				lookAtWithdrawal({ exchange, configured, pair: pairOf(configured, order) }, creditedOf(proof), request),
			firstLookMs: (order) => {
				const expectedMs = networkAt(configured, order.destination.venue).withdrawSeconds * 1_000;
				return lookAgainIn({ waitedMs: 0, expectedMs, latestMs: expectedMs });
			},
		},
		quote: price,
		// A transfer of our own needs no allowance.
		spend: () => null,
		send: async (order) => depositCall(order, networkAt(configured, order.origin.venue).depositAddress, await price(order)),
		evidence: (order, mined) => ({
			...readDeposit(order, networkAt(configured, order.origin.venue).depositAddress, mined),
			seenAtMs: String(mined.minedAtMs ?? ports.nowMs()),
		}),
		prove: async (order, evidence) => proveDeposit({ exchange, pair: pairOf(configured, order), nowMs: ports.nowMs() }, evidence),
		claim: async (order, proof) => {
			const pair = pairOf(configured, order);
			return claimWithdrawal({ exchange, pair, maximumFee, terms: () => termsOf(pair) }, order, creditedOf(proof));
		},
		verify: async (order, proof) => readArrival(order, ports.client(order.destination.venue), withdrawnOf(proof)),
		holdings: (asset) => exchange.balance(coinOf(configured, asset)),
		contracts: () => [],
		deposits: (venue) => depositsAt(configured, venue),
		recover: (sent, places) => recoverDeposit(sent, configured, places),
	};
}
