/** The parts of Uniswap's contracts that the sandbox itself calls and reads. */
import { parseAbi } from 'viem';

export const factoryAbi = parseAbi([
	'function enableFeeAmount(uint24 fee, int24 tickSpacing)',
	'function getPool(address tokenA, address tokenB, uint24 fee) view returns (address pool)',
]);

export const positionsAbi = parseAbi([
	'struct Opening { address token0; address token1; uint24 fee; int24 tickLower; int24 tickUpper; uint256 amount0Desired; uint256 amount1Desired; uint256 amount0Min; uint256 amount1Min; address recipient; uint256 deadline; }',
	'struct Decrease { uint256 tokenId; uint128 liquidity; uint256 amount0Min; uint256 amount1Min; uint256 deadline; }',
	'struct Collection { uint256 tokenId; address recipient; uint128 amount0Max; uint128 amount1Max; }',
	'function createAndInitializePoolIfNecessary(address token0, address token1, uint24 fee, uint160 sqrtPriceX96) payable returns (address pool)',
	'function mint(Opening params) payable returns (uint256 tokenId, uint128 liquidity, uint256 amount0, uint256 amount1)',
	'function decreaseLiquidity(Decrease params) payable returns (uint256 amount0, uint256 amount1)',
	'function collect(Collection params) payable returns (uint256 amount0, uint256 amount1)',
	'function balanceOf(address owner) view returns (uint256)',
	'function tokenOfOwnerByIndex(address owner, uint256 index) view returns (uint256)',
	'function positions(uint256 tokenId) view returns (uint96 nonce, address operator, address token0, address token1, uint24 fee, int24 tickLower, int24 tickUpper, uint128 liquidity, uint256 feeGrowthInside0LastX128, uint256 feeGrowthInside1LastX128, uint128 tokensOwed0, uint128 tokensOwed1)',
]);

export const routerAbi = parseAbi([
	'struct Swap { address tokenIn; address tokenOut; uint24 fee; address recipient; uint256 amountIn; uint256 amountOutMinimum; uint160 sqrtPriceLimitX96; }',
	'function exactInputSingle(Swap params) payable returns (uint256 amountOut)',
	'function factory() view returns (address)',
]);

export const proxyAbi = parseAbi(['function implementation() view returns (address)', 'function changeAdmin(address newAdmin)']);
