/** A chain in memory behind an endpoint that can be told to fail, with a client of the product for it, and what is watched there. */
import { type Address, decodeFunctionData, type Hex, multicall3Abi, type PublicClient } from 'viem';
import { afterEach, beforeEach } from 'vitest';
import { type RpcStubs, type ServedChain, startRpcStubs } from '../../bench/inventory/rpc-stub.ts';
import { type RpcFault, type RpcProxy, startRpcProxy } from '../../sandbox/chains/rpc-proxy.ts';
import { createClients } from '../../src/chain/clients.ts';
import { type Config, resolveConfig } from '../../src/config/load.ts';
import { fileSchema } from '../../src/config/schema.ts';
import type { ChainPosition } from '../../src/inventory/venue.ts';
import { createLog } from '../../src/observe/log.ts';

export interface Asked {
	readonly method: string;
	readonly params: readonly unknown[];
}

export interface StubStand {
	/** The chain id as decimal text. */
	readonly venue: string;
	readonly chain: ServedChain;
	readonly proxy: RpcProxy;
	/** The wallet, which signs, and another account of ours. */
	readonly wallet: Address;
	readonly funder: Address;
	/** Of the first token and id: an asset in the wallet, and everything in both accounts. */
	readonly config: Config;
	/** As another process would open it. */
	open(): PublicClient;
	readonly client: PublicClient;
	/** What the node was asked since the last look at it, in order, but for the id of its chain. */
	asked(): Asked[];
	/** Done once, before the node hears of the request of that number, counted from the next one on. What it returns happens to that one and all later ones. */
	onRequest(number: number, act: () => RpcFault | undefined): void;
	/** From the next request on everything is as usual. */
	heal(): void;
	stop(): Promise<void>;
}

export async function startStubStand(chainId = 10, seed = 7): Promise<StubStand> {
	const stubs: RpcStubs = await startRpcStubs({ chains: [chainId], latencyMs: 0, seed });
	const chain = firstOf(stubs.chains);
	const proxy = await startRpcProxy(chain.url);
	const requests: Asked[] = [];
	let [left, fault]: [number, RpcFault] = [0, 'pass'];
	let act: () => RpcFault | undefined = () => undefined;
	proxy.fault = (method, params) => {
		if (method === 'eth_chainId') return 'pass';
		requests.push({ method, params });
		left -= 1;
		if (left === 0) fault = act() ?? 'pass';
		return fault;
	};
	const config = configOf(chain, proxy.url);
	const venue = `${chainId}`;
	const log = createLog('silent', 'test');
	const open = () => createClients(config.chains, undefined, { log, nowMs: () => Date.now() }).client(venue);
	const [wallet, funder] = chain.holders as readonly [Address, Address];
	return {
		...{ venue, chain, proxy, config, wallet, funder, open, client: open() },
		asked: () => requests.splice(0),
		onRequest: (number, doing) => {
			[left, act] = [number, doing];
		},
		heal: () => {
			[left, fault] = [0, 'pass'];
		},
		stop: async () => {
			await proxy.stop();
			await stubs.stop();
		},
	};
}

export interface Call {
	readonly target: Address;
	readonly callData: Hex;
}

/** Of a multicall. */
export function callsOf({ params }: Asked): readonly Call[] {
	const [{ data }] = params as [{ data: Hex }];
	const { functionName, args } = decodeFunctionData({ abi: multicall3Abi, data });
	if (functionName !== 'aggregate3') throw new Error(`${functionName} is no multicall`);
	// The first one asks for the block's number.
	return args[0].slice(1);
}

export function firstOf<T>(list: readonly T[]): T {
	const [found] = list;
	if (found === undefined) throw new Error('there is none');
	return found;
}

function configOf({ chainId, tokens, collection, holders }: ServedChain, url: string): Config {
	const [wallet, funder] = holders;
	const [token, other] = tokens;
	const both = { chain: `${chainId}`, holders: ['wallet', 'funder'] };
	return resolveConfig(
		fileSchema.parse({
			wallet,
			chains: { [chainId]: { name: 'a chain', rpcUrls: [url], finalityBlocks: 4 } },
			assets: { T0: { venues: { [chainId]: { address: token?.address, decimals: token?.decimals } } } },
			everclear: { apiUrl: 'http://127.0.0.1:9', spokes: {} },
			inventory: {
				holders: { funder },
				watch: [
					{ asset: 'COIN', token: 'native', decimals: 18, ...both },
					{ asset: 'T0', token: 'erc20', address: token?.address, decimals: token?.decimals, ...both, holders: ['funder'] },
					{ asset: 'T1', token: 'erc20', address: other?.address, decimals: other?.decimals, ...both },
					...collection.ids.slice(0, 2).map((id, index) => ({
						...{ asset: `ID${index}`, token: 'erc1155', address: collection.address, id: `${id}`, decimals: 6, ...both },
					})),
				],
			},
		}),
	);
}

/** One stand for each test of a file, its client warm; `watched` is what is watched there. */
export function standPerTest(): { readonly stand: () => StubStand; readonly watched: () => readonly ChainPosition[] } {
	let stand: StubStand | null = null;
	const current = () => {
		if (stand === null) throw new Error('no test is running');
		return stand;
	};
	beforeEach(async () => {
		stand = await startStubStand();
		await stand.client.getBlockNumber();
		stand.asked();
	});
	afterEach(() => current().stop());
	return { stand: current, watched: () => current().config.inventory.positions.get('10') ?? [] };
}
