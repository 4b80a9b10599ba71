/**
 * Markets with two outcomes and USDC as collateral: one base unit of it is split into one of each outcome, and both merge back into it.
 * Amounts are base units of USDC on the chain. Those who act send calls of their own: an account whose nonces the product counts should
 * be given tokens by somebody else's transfer instead.
 */
import { type Address, encodeFunctionData, type Hex, type TransactionReceipt, zeroHash } from 'viem';
import { usdcAbi } from '../chains/abi.ts';
import type { LocalChain } from '../chains/chain.ts';
import { conditionalTokensAbi as abi } from './abi.ts';
import { act, type ConditionalTokens, MARKET_OPERATOR } from './deploy.ts';

const OUTCOMES = 2n;
/** Sets of outcomes as bits: the first one, and the second one. */
const INDEX_SETS = [1n, 2n] as const;

export interface Market extends ConditionalTokens {
	readonly oracle: Address;
	readonly questionId: Hex;
	readonly conditionId: Hex;
	/** The ERC-1155 ids of the first and of the second outcome: hashes that fill all 256 bits. */
	readonly positionIds: readonly [bigint, bigint];
}

export interface Question {
	/** Who says how it ends; `MARKET_OPERATOR` unless told otherwise. */
	readonly oracle?: Address;
	readonly questionId: Hex;
}

export interface Stake {
	/** Any account, whether the node has a key of it or not. */
	readonly holder: Address;
	readonly amount: bigint;
}

/** Throws when this oracle has been asked this question before. */
export async function prepareMarket(
	chain: LocalChain,
	{ address }: ConditionalTokens,
	{ oracle = MARKET_OPERATOR, questionId }: Question,
): Promise<Market> {
	const { client, usdc } = chain;
	const question = [oracle, questionId, OUTCOMES] as const;
	const data = encodeFunctionData({ abi, functionName: 'prepareCondition', args: question });
	await act(chain, { from: MARKET_OPERATOR, to: address, data });
	const conditionId = await client.readContract({ address, abi, functionName: 'getConditionId', args: question });
	const positionOf = async (indexSet: bigint) => {
		const collection = await client.readContract({
			...{ address, abi, functionName: 'getCollectionId' },
			args: [zeroHash, conditionId, indexSet],
		});
		return client.readContract({ address, abi, functionName: 'getPositionId', args: [usdc, collection] });
	};
	const positionIds = await Promise.all([positionOf(INDEX_SETS[0]), positionOf(INDEX_SETS[1])]);
	return { address, oracle, questionId, conditionId, positionIds };
}

/** Turns the holder's USDC into as much of both outcomes: a TransferBatch from nobody. Throws when the holder has less USDC. */
export async function split(chain: LocalChain, market: Market, { holder, amount }: Stake): Promise<TransactionReceipt> {
	const approve = encodeFunctionData({ abi: usdcAbi, functionName: 'approve', args: [market.address, amount] });
	await act(chain, { from: holder, to: chain.usdc, data: approve });
	const data = encodeFunctionData({ abi, functionName: 'splitPosition', args: partition(chain, market, amount) });
	return act(chain, { from: holder, to: market.address, data });
}

/** Turns as much of both outcomes back into USDC: a TransferBatch to nobody. Throws when the holder has less of one of them. */
export function merge(chain: LocalChain, market: Market, { holder, amount }: Stake): Promise<TransactionReceipt> {
	const data = encodeFunctionData({ abi, functionName: 'mergePositions', args: partition(chain, market, amount) });
	return act(chain, { from: holder, to: market.address, data });
}

/** The oracle says how the market ends: [1n, 0n] when the first outcome has come true. Throws when it has said so before. */
export function reportPayouts(chain: LocalChain, market: Market, payouts: readonly [bigint, bigint]): Promise<TransactionReceipt> {
	const data = encodeFunctionData({ abi, functionName: 'reportPayouts', args: [market.questionId, payouts] });
	return act(chain, { from: market.oracle, to: market.address, data });
}

/** Turns all that the holder has of both outcomes into what they pay: a TransferSingle to nobody for each. Throws before the report. */
export function redeem(chain: LocalChain, market: Market, holder: Address): Promise<TransactionReceipt> {
	const args = [chain.usdc, zeroHash, market.conditionId, INDEX_SETS] as const;
	const data = encodeFunctionData({ abi, functionName: 'redeemPositions', args });
	return act(chain, { from: holder, to: market.address, data });
}

function partition({ usdc }: LocalChain, { conditionId }: Market, amount: bigint) {
	return [usdc, zeroHash, conditionId, INDEX_SETS, amount] as const;
}
