/** Of Uniswap's periphery, as far as we use it. */
import { parseAbi } from 'viem';

/** QuoterV2 swaps, reads what came out, and reverts its own swap: only ever to be called, never sent. */
export const quoterAbi = parseAbi([
	'struct QuoteParams { address tokenIn; address tokenOut; uint256 amountIn; uint24 fee; uint160 sqrtPriceLimitX96; }',
	'function quoteExactInputSingle(QuoteParams params) returns (uint256 amountOut, uint160 sqrtPriceX96After, uint32 initializedTicksCrossed, uint256 gasEstimate)',
]);

/** SwapRouter02, which has no deadline: what must come out is what bounds a transaction that is mined late. */
export const routerAbi = parseAbi([
	'struct ExactInputSingleParams { address tokenIn; address tokenOut; uint24 fee; address recipient; uint256 amountIn; uint256 amountOutMinimum; uint160 sqrtPriceLimitX96; }',
	'function exactInputSingle(ExactInputSingleParams params) payable returns (uint256 amountOut)',
]);
