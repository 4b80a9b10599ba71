/** One local chain with its contracts, and the endpoint through which the product sees it. */
import { type Address, encodeFunctionData } from 'viem';
import { unitsOf } from '../scale.ts';
import { startAnvil } from '../servers/anvil.ts';
import { spokePoolAbi, usdcAbi } from './abi.ts';
import { HUB_OPERATOR, RELAYER, RIVAL } from './accounts.ts';
import { type ChainClient, connect, viemChain } from './client.ts';
import { type Contracts, deployContracts, mineAll } from './deploy.ts';
import { type RpcProxy, startRpcProxy } from './rpc-proxy.ts';

/** More than any invoice needs: whole tokens that the relayer holds on each chain. */
const RELAYER_TOKENS = '1000000000';
const ROUNDING_TOKENS = '1';
/** In wei: the rival pays gas like everybody else. */
const RIVAL_WEI = unitsOf('1000', 18);
const UNLIMITED = 2n ** 256n - 1n;

/** The three chains. USDC has 18 decimals on the last one, as it has on the real one. */
export const CHAINS = [
	{ chainId: 1, name: 'ethereum', decimals: 6 },
	{ chainId: 10, name: 'optimism', decimals: 6 },
	{ chainId: 56, name: 'bsc', decimals: 18 },
] as const;

export interface LocalChain extends Contracts {
	/** The chain id as decimal text: the venue of a wallet on this chain, and Everclear's domain. */
	readonly id: string;
	readonly chainId: number;
	readonly name: string;
	/** Of USDC. */
	readonly decimals: number;
	/** The first proxy: what the product is configured with unless it is given all of them. */
	readonly url: string;
	/** The node itself: what the sandbox and oracles use. */
	readonly anvilUrl: string;
	readonly proxy: RpcProxy;
	/** All endpoints before the one node, each with faults of its own; `proxy` is the first. */
	readonly proxies: readonly RpcProxy[];
	readonly client: ChainClient;
	stop(): Promise<void>;
}

interface ChainOptions {
	readonly chainId: number;
	readonly name: string;
	readonly decimals: number;
	readonly blockSeconds: number;
	/** One unless told otherwise. */
	readonly endpoints?: number;
}

export async function startChain({ chainId, name, decimals, blockSeconds, endpoints = 1 }: ChainOptions): Promise<LocalChain> {
	const anvil = await startAnvil({ chainId, blockSeconds });
	try {
		const proxy = await startRpcProxy(anvil.url);
		const others = await Promise.all(Array.from({ length: endpoints - 1 }, () => startRpcProxy(anvil.url)));
		const proxies = [proxy, ...others];
		const client = connect(viemChain(chainId, name, anvil.url));
		const contracts = await deployContracts(client, { chainId, usdcDecimals: decimals });
		const stop = async () => void (await Promise.all([...proxies, anvil].map((each) => each.stop())));
		const named = { id: `${chainId}`, chainId, name, decimals, url: proxy.url, anvilUrl: anvil.url };
		const chain = { ...contracts, ...named, proxy, proxies, client, stop };
		await equip(chain);
		return chain;
	} catch (error) {
		await anvil.stop();
		throw error;
	}
}

/** Mints USDC to an account. `units` are base units on this chain; of nothing, nothing is minted. */
export function mintUsdc(chain: LocalChain, to: Address, units: bigint): Promise<void> {
	return mintToken(chain, { token: chain.usdc, to, units });
}

/** The same of any token that the operator may mint. */
export async function mintToken(
	{ client }: LocalChain,
	{ token, to, units }: { token: Address; to: Address; units: bigint },
): Promise<void> {
	if (units === 0n) return;
	const data = encodeFunctionData({ abi: usdcAbi, functionName: 'mint', args: [to, units] });
	const hash = await client.send({ from: HUB_OPERATOR.address, to: token, data });
	await mineAll(client);
	await client.mined(hash);
}

export function usdcBalance(chain: LocalChain, owner: Address): Promise<bigint> {
	return tokenBalance(chain, { token: chain.usdc, owner });
}

export function tokenBalance({ client }: LocalChain, { token, owner }: { token: Address; owner: Address }): Promise<bigint> {
	return client.readContract({ address: token, abi: usdcAbi, functionName: 'balanceOf', args: [owner] });
}

/** 0 unfilled, 1 slow fill requested, 2 filled. */
export function fillStatus({ client, spokePool }: LocalChain, relayHash: `0x${string}`): Promise<bigint> {
	return client.readContract({ address: spokePool, abi: spokePoolAbi, functionName: 'fillStatuses', args: [relayHash] });
}

/** The relayer's funds and approval, a token in the spoke for the rounding of the hub, and leave for the rival to act. */
async function equip(chain: LocalChain): Promise<void> {
	await chain.client.impersonateAccount({ address: RIVAL.address });
	await chain.client.setBalance({ address: RIVAL.address, value: RIVAL_WEI });
	const approve = encodeFunctionData({ abi: usdcAbi, functionName: 'approve', args: [chain.spokePool, UNLIMITED] });
	const approval = await chain.client.send({ from: RELAYER.address, to: chain.usdc, data: approve });
	await mintUsdc(chain, RELAYER.address, unitsOf(RELAYER_TOKENS, chain.decimals));
	await mintUsdc(chain, chain.spoke, unitsOf(ROUNDING_TOKENS, chain.decimals));
	await chain.client.mined(approval);
}
