/**
 * An exchange on every local chain, all of it real and from npm: Uniswap V3's factory, position manager, SwapRouter02 and QuoterV2,
 * and a second dollar to trade USDC against.
 *
 * USDT is in truth another contract than USDC. Kept of it: ERC-20 behaviour and its decimals on each chain. Not kept: transfers that
 * return nothing, and an allowance that has to be zero before it is changed.
 *
 * The package of SwapRouter02 names a development tool among its dependencies (hardhat-watcher) that would bring 240 packages along;
 * package.json puts one that is needed anyway, and that needs nothing, in its place.
 */
import { type Address, encodeFunctionData, getAddress, getContractAddress, type Hex, zeroAddress } from 'viem';
import { usdcAbi } from '../chains/abi.ts';
import { DEPLOYER, HUB_OPERATOR } from '../chains/accounts.ts';
import * as artifacts from '../chains/artifacts.ts';
import type { LocalChain } from '../chains/chain.ts';
import type { Call } from '../chains/client.ts';
import { mineAll, tokenSetUp, withArguments } from '../chains/deploy.ts';
import { unitsOf } from '../scale.ts';
import { factoryAbi, proxyAbi } from './abi.ts';

/** Owns the exchange, provides its liquidity, and trades on it as a stranger would. The node is told to let it act. */
export const MARKET_MAKER: Address = getAddress('0x5a90000000000000000000000000000000000001');

/** Hundredths of a basis point: the fee between two dollars, which the factory does not know by itself. */
export const LOWEST_FEE = 100;
const LOWEST_FEE_SPACING = 1;
/** Whole tokens of each kind. */
const MAKER_TOKENS = '10000000000';
/** In wei: the market maker pays gas like everybody else. */
const MAKER_WEI = unitsOf('1000', 18);
const UNLIMITED = 2n ** 256n - 1n;

export interface Exchange {
	readonly chain: LocalChain;
	/** With as many decimals as USDC has on this chain. */
	readonly usdt: Address;
	readonly factory: Address;
	readonly positions: Address;
	readonly router: Address;
	readonly quoter: Address;
}

/** Without any pool. Addresses are the same in every run, and differ from chain to chain. */
export async function deployExchange(chain: LocalChain): Promise<Exchange> {
	const { client, usdc, decimals } = chain;
	await Promise.all([
		client.impersonateAccount({ address: MARKET_MAKER }),
		client.setBalance({ address: MARKET_MAKER, value: MAKER_WEI }),
		client.setNonce({ address: MARKET_MAKER, nonce: firstNonce(chain) }),
	]);
	const { exchange, codes } = planned(chain, await implementationOf(chain));
	const { usdt, factory, positions, router } = exchange;
	// The proxy never lets its admin through to the token, and the market maker has to trade it.
	const handOver = encodeFunctionData({ abi: proxyAbi, functionName: 'changeAdmin', args: [DEPLOYER.address] });
	await perform(chain, [...codes.map((data) => ({ from: MARKET_MAKER, data })), { from: MARKET_MAKER, to: usdt, data: handOver }]);
	const mint = encodeFunctionData({ abi: usdcAbi, functionName: 'mint', args: [MARKET_MAKER, unitsOf(MAKER_TOKENS, decimals)] });
	const enable = encodeFunctionData({ abi: factoryAbi, functionName: 'enableFeeAmount', args: [LOWEST_FEE, LOWEST_FEE_SPACING] });
	await perform(chain, [
		...tokenSetUp(usdt, { name: 'Tether USD', symbol: 'USDT', decimals }),
		...[usdc, usdt].map((to) => ({ from: HUB_OPERATOR.address, to, data: mint })),
		...[usdc, usdt].flatMap((to) => [positions, router].map((spender) => ({ from: MARKET_MAKER, to, data: approval(spender) }))),
		{ from: MARKET_MAKER, to: factory, data: enable },
	]);
	return exchange;
}

/** Sends the calls in their order and returns once all of them are mined. Throws when one has reverted. */
export async function perform({ client }: LocalChain, calls: readonly Call[]): Promise<void> {
	const hashes: Hex[] = [];
	for (const call of calls) hashes.push(await client.send(call));
	await mineAll(client);
	await Promise.all(hashes.map((hash) => client.mined(hash)));
}

const firstNonce = ({ chainId }: LocalChain): number => chainId * 100;

function planned(chain: LocalChain, implementation: Address): { exchange: Exchange; codes: readonly Hex[] } {
	const codes: Hex[] = [];
	const deploy = (code: Hex): Address =>
		getContractAddress({ from: MARKET_MAKER, nonce: BigInt(firstNonce(chain) + codes.push(code) - 1) });
	const { weth } = chain;
	const usdt = deploy(withArguments(artifacts.fiatTokenProxy(), [implementation]));
	const factory = deploy(withArguments(artifacts.uniswapFactory(), []));
	// Nobody asks for the picture of a position, so the contract that draws it is left out.
	const positions = deploy(withArguments(artifacts.uniswapPositions(), [factory, weth, zeroAddress]));
	// There are no pools of Uniswap V2 here.
	const router = deploy(withArguments(artifacts.uniswapRouter(), [zeroAddress, factory, positions, weth]));
	const quoter = deploy(withArguments(artifacts.uniswapQuoter(), [factory, weth]));
	return { exchange: { chain, usdt, factory, positions, router, quoter }, codes };
}

/** What is behind the proxy of USDC, which tells nobody but its admin. */
function implementationOf({ client, usdc }: LocalChain): Promise<Address> {
	return client.readContract({ account: DEPLOYER.address, address: usdc, abi: proxyAbi, functionName: 'implementation' });
}

function approval(spender: Address): Hex {
	return encodeFunctionData({ abi: usdcAbi, functionName: 'approve', args: [spender, UNLIMITED] });
}
