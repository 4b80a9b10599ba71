/** What the market maker does: opens pools of USDC and USDT, trades in them, and takes its liquidity out again. */
import { type Address, encodeFunctionData, type Hex } from 'viem';
import { unitsOf } from '../scale.ts';
import { positionsAbi, routerAbi } from './abi.ts';
import { type Exchange, MARKET_MAKER, perform } from './deploy.ts';

/** The square root of a price of 1, as the contracts keep it: both tokens have the same decimals. */
const ONE_TO_ONE = 2n ** 96n;
/** Liquidity reaches about 6 % to either side; the spacings of all fees divide it. */
const RANGE_TICKS = 600;
const NO_DEADLINE = 2n ** 256n - 1n;
const EVERYTHING = 2n ** 128n - 1n;

export interface Opening {
	/** Hundredths of a basis point. */
	readonly fee: number;
	/** Token units of each side. */
	readonly tokenUnits: string;
}

/** At a price of 1 when there is no such pool yet, else as a further position in it. */
export async function openPool({ chain, usdt, positions }: Exchange, { fee, tokenUnits }: Opening): Promise<void> {
	const [token0, token1] = inOrder(chain.usdc, usdt);
	const units = unitsOf(tokenUnits, chain.decimals);
	const create = encodeFunctionData({
		abi: positionsAbi,
		functionName: 'createAndInitializePoolIfNecessary',
		args: [token0, token1, fee, ONE_TO_ONE],
	});
	const mint = encodeFunctionData({
		abi: positionsAbi,
		functionName: 'mint',
		args: [
			{
				...{ token0, token1, fee, tickLower: -RANGE_TICKS, tickUpper: RANGE_TICKS },
				...{ amount0Desired: units, amount1Desired: units, amount0Min: 0n, amount1Min: 0n },
				...{ recipient: MARKET_MAKER, deadline: NO_DEADLINE },
			},
		],
	});
	await perform(
		chain,
		[create, mint].map((data) => ({ from: MARKET_MAKER, to: positions, data })),
	);
}

export interface Trade {
	/** The other one is bought. */
	readonly sell: 'USDC' | 'USDT';
	readonly tokenUnits: string;
	/** Hundredths of a basis point. */
	readonly fee: number;
}

/** Moves the price against everybody who sells the same. */
export async function trade({ chain, usdt, router }: Exchange, { sell, tokenUnits, fee }: Trade): Promise<void> {
	const [tokenIn, tokenOut] = sell === 'USDC' ? [chain.usdc, usdt] : [usdt, chain.usdc];
	const data = encodeFunctionData({
		abi: routerAbi,
		functionName: 'exactInputSingle',
		args: [
			{
				...{ tokenIn, tokenOut, fee, recipient: MARKET_MAKER },
				...{ amountIn: unitsOf(tokenUnits, chain.decimals), amountOutMinimum: 0n, sqrtPriceLimitX96: 0n },
			},
		],
	});
	await perform(chain, [{ from: MARKET_MAKER, to: router, data }]);
}

/** Takes all liquidity out of the pools of one fee. */
export async function drain({ chain, positions }: Exchange, fee: number): Promise<void> {
	const { client } = chain;
	const at = { address: positions, abi: positionsAbi } as const;
	const count = await client.readContract({ ...at, functionName: 'balanceOf', args: [MARKET_MAKER] });
	const calls: Hex[] = [];
	for (let index = 0n; index < count; index += 1n) {
		const tokenId = await client.readContract({ ...at, functionName: 'tokenOfOwnerByIndex', args: [MARKET_MAKER, index] });
		const position = await client.readContract({ ...at, functionName: 'positions', args: [tokenId] });
		const [feeOf, liquidity] = [position[4], position[7]];
		if (feeOf !== fee || liquidity === 0n) continue;
		const decrease = { tokenId, liquidity, amount0Min: 0n, amount1Min: 0n, deadline: NO_DEADLINE };
		const collection = { tokenId, recipient: MARKET_MAKER, amount0Max: EVERYTHING, amount1Max: EVERYTHING };
		calls.push(encodeFunctionData({ abi: positionsAbi, functionName: 'decreaseLiquidity', args: [decrease] }));
		calls.push(encodeFunctionData({ abi: positionsAbi, functionName: 'collect', args: [collection] }));
	}
	await perform(
		chain,
		calls.map((data) => ({ from: MARKET_MAKER, to: positions, data })),
	);
}

/** The contracts want the lower address first. */
function inOrder(a: Address, b: Address): [Address, Address] {
	return BigInt(a) < BigInt(b) ? [a, b] : [b, a];
}
