/** The calls that read a chain's positions: the same at every look, so they are encoded once, and many of them are one request. */
import { type Address, decodeFunctionResult, encodeFunctionData, erc20Abi, type Hex, multicall3Abi, parseAbi } from 'viem';
import type { ChainPosition } from '../inventory/venue.ts';
import { type Amount, amount } from '../money/amount.ts';

/** ERC-1155 counts by holder and id: https://eips.ethereum.org/EIPS/eip-1155. */
const erc1155Abi = parseAbi(['function balanceOf(address account, uint256 id) view returns (uint256)']);
/** viem's own list of Multicall3's functions leaves this one out. */
const blockNumberAbi = parseAbi(['function getBlockNumber() view returns (uint256)']);

/** Positions in one request, which public nodes still answer. What is more goes into another one. */
const CHUNK = 400;
const WORD_DIGITS = 66;

/** One request: the block's number as contracts see it, and the balances of some positions in a row. */
export interface BalanceCalls {
	/** The place of the first of them among all positions. */
	readonly first: number;
	readonly count: number;
	readonly data: Hex;
}

const known = new WeakMap<readonly ChainPosition[], readonly BalanceCalls[]>();

export function callsFor(positions: readonly ChainPosition[], multicall3: Address): readonly BalanceCalls[] {
	const calls = known.get(positions) ?? encode(positions, multicall3);
	known.set(positions, calls);
	return calls;
}

function encode(positions: readonly ChainPosition[], multicall3: Address): BalanceCalls[] {
	const number = { target: multicall3, callData: encodeFunctionData({ abi: blockNumberAbi, functionName: 'getBlockNumber' }) };
	const chunks: BalanceCalls[] = [];
	for (let first = 0; first < positions.length; first += CHUNK) {
		const some = positions.slice(first, first + CHUNK);
		const calls = [number, ...some.map((position) => callOf(position, multicall3))].map((call) => ({ ...call, allowFailure: true }));
		const data = encodeFunctionData({ abi: multicall3Abi, functionName: 'aggregate3', args: [calls] });
		chunks.push({ first, count: some.length, data });
	}
	return chunks;
}

function callOf({ token, holder }: ChainPosition, multicall3: Address): { target: Address; callData: Hex } {
	switch (token.kind) {
		case 'native':
			return { target: multicall3, callData: encodeFunctionData({ abi: multicall3Abi, functionName: 'getEthBalance', args: [holder] }) };
		case 'erc20':
			return { target: token.address, callData: encodeFunctionData({ abi: erc20Abi, functionName: 'balanceOf', args: [holder] }) };
		case 'erc1155':
			return {
				target: token.address,
				callData: encodeFunctionData({ abi: erc1155Abi, functionName: 'balanceOf', args: [holder, token.id] }),
			};
	}
}

interface Answered {
	/** What contracts take for the block's number. */
	readonly number: bigint;
	/** Base units by position, or why there are none. */
	readonly answers: readonly (Amount | string)[];
}

/** Throws when it is no answer to these calls. */
export function readAnswer(data: Hex, { count }: BalanceCalls): Answered {
	const [number, ...results] = decodeFunctionResult({ abi: multicall3Abi, functionName: 'aggregate3', data });
	const at = number === undefined ? 'nothing' : unitsOf(number);
	if (typeof at === 'string') throw new TypeError(`the multicall does not know its block: ${at}`);
	if (results.length !== count) throw new TypeError(`the multicall answered for ${results.length} of ${count} positions`);
	return { number: at, answers: results.map(unitsOf) };
}

function unitsOf({ success, returnData }: { readonly success: boolean; readonly returnData: Hex }): Amount | string {
	if (!success) return `the contract refuses: ${returnData}`;
	return returnData.length < WORD_DIGITS ? 'no contract answers there' : amount(BigInt(returnData.slice(0, WORD_DIGITS)));
}
