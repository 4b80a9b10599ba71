/** Outcome tokens as ERC-1155 tokens: who has how many, and transfers. Values are base units of the collateral. */
import { type Address, encodeFunctionData, type TransactionReceipt } from 'viem';
import type { LocalChain } from '../chains/chain.ts';
import { conditionalTokensAbi as abi } from './abi.ts';
import { act, type ConditionalTokens } from './deploy.ts';

interface Parties {
	/** Any account, whether the node has a key of it or not. */
	readonly from: Address;
	readonly to: Address;
}

export interface Transfer extends Parties {
	readonly id: bigint;
	readonly value: bigint;
}

export interface BatchTransfer extends Parties {
	readonly tokens: readonly { readonly id: bigint; readonly value: bigint }[];
}

export interface Holding {
	readonly owner: Address;
	readonly id: bigint;
}

/** A TransferSingle. Throws when the sender has less, or the receiver is a contract that does not take such tokens. */
export function transfer(
	chain: LocalChain,
	{ address }: ConditionalTokens,
	{ from, to, id, value }: Transfer,
): Promise<TransactionReceipt> {
	const data = encodeFunctionData({ abi, functionName: 'safeTransferFrom', args: [from, to, id, value, '0x'] });
	return act(chain, { from, to: address, data });
}

/** One TransferBatch of all tokens in their order. Throws as a single transfer does. */
export function transferBatch(
	chain: LocalChain,
	{ address }: ConditionalTokens,
	{ from, to, tokens }: BatchTransfer,
): Promise<TransactionReceipt> {
	const [ids, values] = [tokens.map(({ id }) => id), tokens.map(({ value }) => value)];
	const data = encodeFunctionData({ abi, functionName: 'safeBatchTransferFrom', args: [from, to, ids, values, '0x'] });
	return act(chain, { from, to: address, data });
}

/** In the order of the holdings, by one `balanceOfBatch`. Throws when an owner is the zero address. */
export function tokenBalances(
	{ client }: LocalChain,
	{ address }: ConditionalTokens,
	holdings: readonly Holding[],
): Promise<readonly bigint[]> {
	const args = [holdings.map(({ owner }) => owner), holdings.map(({ id }) => id)] as const;
	return client.readContract({ address, abi, functionName: 'balanceOfBatch', args });
}
