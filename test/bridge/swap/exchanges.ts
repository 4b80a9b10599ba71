/** The swap as the configuration makes it, on real exchanges of two chains: 1 with 6 decimals, 56 with 18. */
import { encodeFunctionData, erc20Abi, type Hash } from 'viem';
import { SOLVER } from '../../../sandbox/chains/accounts.ts';
import { type LocalChain, mintToken, startChain, tokenBalance } from '../../../sandbox/chains/chain.ts';
import { MULTICALL3 } from '../../../sandbox/chains/client.ts';
import { startUniswap, type Uniswap } from '../../../sandbox/uniswap/uniswap.ts';
import type { BridgeAdapter, BridgePorts, QuoteRequest } from '../../../src/bridge/bridge.ts';
import { createBridges } from '../../../src/bridge/registry.ts';
import { createClients } from '../../../src/chain/clients.ts';
import type { MinedCall } from '../../../src/leg/call.ts';
import type { BridgeEnd, Evidence, HopOrder } from '../../../src/leg/order.ts';
import { parseAmount } from '../../../src/money/units.ts';
import { noExchange, uncounted } from '../uncounted.ts';

const FUNDS = '2000000';
const TIMEOUT_MS = 1_500;

interface Swapped {
	readonly order: HopOrder;
	readonly mined: MinedCall;
	/** As it comes back from the database. */
	readonly evidence: Evidence;
}

export interface Exchanges {
	readonly uniswap: Uniswap;
	/** Asks the pools of 1 and of 5 basis points. */
	readonly swap: BridgeAdapter;
	at(venue: string): LocalChain;
	/** Another one, with these settings instead. Throws `ConfigError` as at start. */
	bridge(settings: Record<string, unknown>): BridgeAdapter;
	/** From USDT to USDC. */
	requestOf(venue: string, tokens: string): QuoteRequest;
	/** Exactly what a quote promises now. */
	orderOf(venue: string, tokens: string, by?: BridgeAdapter): Promise<HopOrder>;
	mine(order: HopOrder): Promise<MinedCall>;
	/** Quoted, sent and mined. */
	swapped(venue?: string, tokens?: string): Promise<Swapped>;
	/** What the wallet has, in base units. */
	purse(venue: string): Promise<{ readonly usdt: bigint; readonly usdc: bigint }>;
	/** The requests that the adapter has made, by method. */
	asked(venue: string): Record<string, number>;
	/** Remembers the chains as they are. */
	remember(): Promise<void>;
	/** Takes them back, and ends every fault. */
	takeBack(): Promise<void>;
	stop(): Promise<void>;
}

/** The wallet has two million USDT on either chain, and lets the router spend it. */
export async function openExchanges(): Promise<Exchanges> {
	const started = await Promise.all([
		startChain({ chainId: 1, name: 'ethereum', decimals: 6, blockSeconds: 0 }),
		startChain({ chainId: 56, name: 'bsc', decimals: 18, blockSeconds: 0 }),
	]);
	const chains = new Map(started.map((chain) => [chain.id, chain]));
	const uniswap = await startUniswap(chains);
	const ports = await portsFor(started);
	for (const chain of started) await fundOn(chain, uniswap);
	const at = (venue: string): LocalChain => {
		const chain = chains.get(venue);
		if (chain === undefined) throw new Error(`no chain ${venue}`);
		return chain;
	};
	const bridge = (settings: Record<string, unknown>): BridgeAdapter => {
		const ofExchange = ({ router, quoter }: { router: string; quoter: string }) => ({ router, quoter, fees: [100, 500] });
		const venues = Object.fromEntries([...uniswap.exchanges].map(([id, exchange]) => [id, ofExchange(exchange)]));
		const made = createBridges(new Map([['swap', { venues, ...settings }]]), ports).get('swap');
		if (made === undefined) throw new Error('no bridge swap');
		return made;
	};
	const snapshots = new Map<string, Hash>();
	return {
		uniswap,
		at,
		bridge,
		...usual({ swap: bridge({}), at, uniswap }),
		async remember() {
			for (const { id, client, proxy } of started) {
				snapshots.set(id, await client.snapshot());
				proxy.counts.clear();
			}
		},
		async takeBack() {
			for (const { id, client, proxy } of started) {
				proxy.fault = () => 'pass';
				await client.revert({ id: snapshots.get(id) ?? '0x0' });
			}
		},
		stop: async () => void (await Promise.all(started.map((chain) => chain.stop()))),
	};
}

type Usual = Pick<Exchanges, 'swap' | 'requestOf' | 'orderOf' | 'mine' | 'swapped' | 'purse' | 'asked'>;

function usual({ swap, at, uniswap }: Pick<Exchanges, 'swap' | 'at' | 'uniswap'>): Usual {
	const ends = (venue: string): { origin: BridgeEnd; destination: BridgeEnd } => {
		const { chainId, usdc, decimals } = at(venue);
		const end = { venue, chainId, decimals };
		return { origin: { ...end, asset: 'USDT', token: uniswap.at(venue).usdt }, destination: { ...end, asset: 'USDC', token: usdc } };
	};
	const wallet = SOLVER.address;
	const requestOf = (venue: string, tokens: string) => ({
		...ends(venue),
		send: parseAmount(tokens, at(venue).decimals),
		recipient: wallet,
	});
	const orderOf = async (venue: string, tokens: string, by = swap): Promise<HopOrder> => {
		const { send, receive, seconds } = await by.quote(requestOf(venue, tokens));
		return { ...ends(venue), send, receive, seconds, sender: wallet, recipient: wallet };
	};
	const mine = async (order: HopOrder): Promise<MinedCall> => {
		const { to, data } = await swap.send(order);
		const { transactionHash, blockNumber, logs } = await at(order.origin.venue).client.execute({ from: wallet, to, data });
		return { transactionHash, blockNumber, logs };
	};
	return {
		swap,
		requestOf,
		orderOf,
		mine,
		async swapped(venue = '1', tokens = '1000') {
			const order = await orderOf(venue, tokens);
			const mined = await mine(order);
			return { order, mined, evidence: JSON.parse(JSON.stringify(swap.evidence(order, mined))) as Evidence };
		},
		purse: async (venue) => ({
			usdt: await tokenBalance(at(venue), { token: uniswap.at(venue).usdt, owner: wallet }),
			usdc: await tokenBalance(at(venue), { token: at(venue).usdc, owner: wallet }),
		}),
		asked: (venue) => Object.fromEntries(at(venue).proxy.counts),
	};
}

/** As the product has them, the endpoints checked already. */
async function portsFor(chains: readonly LocalChain[]): Promise<BridgePorts> {
	const endpoints = chains.map(({ id, chainId, name, url }) => {
		return [id, { chainId, name, rpcUrls: [url], pollMs: 50, multicall3: MULTICALL3 }] as const;
	});
	const { client, checkChains } = createClients(new Map(endpoints), TIMEOUT_MS);
	await checkChains();
	return { client, fetch, nowMs: () => 7, finalityBlocks: () => 0, budget: uncounted, exchange: noExchange };
}

async function fundOn(chain: LocalChain, uniswap: Uniswap): Promise<void> {
	const { usdt, router } = uniswap.at(chain.id);
	await mintToken(chain, { token: usdt, to: SOLVER.address, units: parseAmount(FUNDS, chain.decimals) });
	const data = encodeFunctionData({ abi: erc20Abi, functionName: 'approve', args: [router, 2n ** 255n] });
	await chain.client.execute({ from: SOLVER.address, to: usdt, data });
}
