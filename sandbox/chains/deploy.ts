/**
 * The contracts of one local chain.
 *
 * Real: Across's SpokePool behind its proxy, with the production buffers; Circle's USDC (FiatTokenV2_2 behind FiatTokenProxy) with
 * minting, pausing and blacklisting; WETH9; Multicall3 at its usual address. A stand-in: Everclear's spoke.
 *
 * USDC on BNB Smart Chain is in truth another contract, a bridged token. The 18-decimal chain keeps of it what matters here: ERC-20
 * behaviour and 18 decimals.
 */
import { type Address, concatHex, encodeAbiParameters, encodeFunctionData, getContractAddress, type Hash, type Hex } from 'viem';
import { spokePoolAbi, usdcAbi } from './abi.ts';
import { DEPLOYER, HUB_OPERATOR } from './accounts.ts';
import * as artifacts from './artifacts.ts';
import { type ChainClient, MULTICALL3 } from './client.ts';

const QUOTE_TIME_BUFFER_SECONDS = 3_600;
const FILL_DEADLINE_BUFFER_SECONDS = 21_600;
const MINT_ALLOWANCE = 2n ** 255n;
const NO_GATEWAY: Address = '0x0000000000000000000000000000000000000000';
const MINING_ATTEMPTS = 10;

export interface Contracts {
	readonly weth: Address;
	readonly usdc: Address;
	readonly spokePool: Address;
	readonly spoke: Address;
}

interface DeployOptions {
	readonly chainId: number;
	readonly usdcDecimals: number;
}

/** Puts everything on chain in one or two blocks. Addresses are the same in every run, and differ from chain to chain. */
export async function deployContracts(client: ChainClient, { chainId, usdcDecimals }: DeployOptions): Promise<Contracts> {
	const codes: Hex[] = [];
	const addressOf = (nonce: number) => getContractAddress({ from: DEPLOYER.address, nonce: BigInt(nonce) });
	const firstNonce = chainId * 100;
	const deploy = (code: Hex): Address => addressOf(firstNonce + codes.push(code) - 1);

	const weth = deploy(artifacts.link(artifacts.wrappedNative()));
	const checker = deploy(artifacts.link(artifacts.signatureChecker()));
	const token = deploy(artifacts.link(artifacts.fiatToken(), { SignatureChecker: checker }));
	const usdc = deploy(withArguments(artifacts.fiatTokenProxy(), [token]));
	const pool = deploy(
		withArguments(artifacts.ethereumSpokePool(), [weth, QUOTE_TIME_BUFFER_SECONDS, FILL_DEADLINE_BUFFER_SECONDS, NO_GATEWAY]),
	);
	const initialise = encodeFunctionData({ abi: spokePoolAbi, functionName: 'initialize', args: [0, HUB_OPERATOR.address] });
	const spokePool = deploy(withArguments(artifacts.erc1967Proxy(), [pool, initialise]));
	const spoke = deploy(withArguments(artifacts.everclearSpoke(), [HUB_OPERATOR.address]));

	await client.setNonce({ address: DEPLOYER.address, nonce: firstNonce });
	const calls = [
		...codes.map((data) => ({ from: DEPLOYER.address, data })),
		...tokenSetUp(usdc, { name: 'USD Coin', symbol: 'USDC', decimals: usdcDecimals }),
	];
	const hashes: Hash[] = [];
	for (const call of calls) hashes.push(await client.send(call));
	await Promise.all([mineAll(client), placeMulticall(client)]);
	await Promise.all(hashes.map((hash) => client.mined(hash)));
	return { weth, usdc, spokePool, spoke };
}

/** The creation code, linked, with the constructor's arguments at its end. */
export function withArguments(artifact: artifacts.Artifact, args: readonly unknown[]): Hex {
	const entry = artifact.abi.find((each) => each.type === 'constructor');
	return concatHex([artifacts.link(artifact), encodeAbiParameters(entry?.inputs ?? [], args)]);
}

interface TokenIdentity {
	readonly name: string;
	readonly symbol: string;
	readonly decimals: number;
}

/** Sets a token of Circle's up. From the operator: the deployer is the proxy's admin, which the proxy never lets through to the token. */
export function tokenSetUp(token: Address, { name, symbol, decimals }: TokenIdentity) {
	const operator = HUB_OPERATOR.address;
	const calls = [
		encodeFunctionData({
			abi: usdcAbi,
			functionName: 'initialize',
			args: [name, symbol, 'USD', decimals, operator, operator, operator, operator],
		}),
		encodeFunctionData({ abi: usdcAbi, functionName: 'initializeV2', args: [name] }),
		encodeFunctionData({ abi: usdcAbi, functionName: 'initializeV2_1', args: [DEPLOYER.address] }),
		encodeFunctionData({ abi: usdcAbi, functionName: 'initializeV2_2', args: [[], symbol] }),
		encodeFunctionData({ abi: usdcAbi, functionName: 'configureMinter', args: [operator, MINT_ALLOWANCE] }),
	];
	return calls.map((data) => ({ from: operator, to: token, data }));
}

/** The creation code, called without being deployed, answers with the code that a deployment would leave. */
async function placeMulticall(client: ChainClient): Promise<void> {
	const { data } = await client.call({ data: artifacts.link(artifacts.multicall3()) });
	if (data === undefined) throw new Error('the creation code of Multicall3 returned nothing');
	await client.setCode({ address: MULTICALL3, bytecode: data });
}

/** What comes while a block is made waits for the next one; mining goes on until nothing waits. */
export async function mineAll(client: ChainClient): Promise<void> {
	for (let attempt = 1; attempt <= MINING_ATTEMPTS; attempt += 1) {
		const { pending, queued } = await client.getTxpoolStatus();
		if (pending === 0 && queued === 0) return;
		await client.mine({ blocks: 1 });
	}
	throw new Error(`transactions still wait after ${MINING_ATTEMPTS} blocks`);
}
