/** The calls that read a chain's positions: the same at every look, so they are encoded once, and many of them are one request. */
import { type Address, encodeFunctionData, erc20Abi, type Hex, multicall3Abi, parseAbi } from 'viem';
import type { ChainPosition } from '../inventory/venue.ts';
import { type Amount, amount } from '../money/amount.ts';

/** ERC-1155 counts by holder and id: https://eips.ethereum.org/EIPS/eip-1155. */
const erc1155Abi = parseAbi(['function balanceOf(address account, uint256 id) view returns (uint256)']);
/** viem's own list of Multicall3's functions leaves this one out. */
const blockNumberAbi = parseAbi(['function getBlockNumber() view returns (uint256)']);

/** Positions in one request, which public nodes still answer. What is more goes into another one. */
const CHUNK = 400;
const WORD_BYTES = 32;
const NO_CONTRACT: Unread = { problem: 'no contract answers there', isEmpty: true };

/** One request: the block's number as contracts see it, and the balances of some positions in a row. */
export interface BalanceCalls {
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
		chunks.push({ count: some.length, data });
	}
	return chunks;
}

export function callOf({ token, holder }: ChainPosition, multicall3: Address): { target: Address; callData: Hex } {
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

/** Why a balance is not known. */
export interface Unread {
	readonly problem: string;
	/** Whether the answer had no room for a balance, as where there is no contract: such a token cannot be there. */
	readonly isEmpty: boolean;
}

/** Base units, or why there are none. */
export type Answer = Amount | Unread;

interface Answered {
	/** What contracts take for the block's number. */
	readonly number: bigint;
	/** By position. */
	readonly answers: readonly Answer[];
}

/** Throws when it is no answer to these calls. */
export function readAnswer(data: Hex, { count }: BalanceCalls): Answered {
	const results = resultsOf(data);
	if (results.length !== count + 1) throw new TypeError(`the multicall answered for ${results.length - 1} of ${count} positions`);
	const [at, ...answers] = results;
	if (typeof at !== 'bigint') throw new TypeError(`the multicall does not know its block: ${at?.problem}`);
	return { number: at, answers };
}

/**
 * What `aggregate3` returns: `(bool success, bytes returnData)[]`, laid out as https://docs.soliditylang.org/en/latest/abi-spec.html says: places in
 * bytes, counted from where the array's or the tuple's own words begin. A general decoder takes ten times as long.
 */
function resultsOf(data: Hex): Answer[] {
	const array = numberAt(data, 0);
	const places = array + WORD_BYTES;
	return Array.from({ length: numberAt(data, array) }, (_, index) => {
		const tuple = places + numberAt(data, places + index * WORD_BYTES);
		const bytes = tuple + numberAt(data, tuple + WORD_BYTES);
		return unitsOf(data, { isSuccess: numberAt(data, tuple) === 1, first: bytes + WORD_BYTES, length: numberAt(data, bytes) });
	});
}

interface Returned {
	readonly isSuccess: boolean;
	/** Where its bytes begin. */
	readonly first: number;
	/** In bytes. */
	readonly length: number;
}

function unitsOf(data: Hex, { isSuccess, first, length }: Returned): Answer {
	if (!isSuccess) return { problem: `the contract refuses: 0x${data.slice(digitOf(first), digitOf(first + length))}`, isEmpty: false };
	return length < WORD_BYTES ? NO_CONTRACT : amount(BigInt(wordAt(data, first)));
}

/** What one call of `balanceOf` has returned. */
export function balanceIn(data: Hex): Answer {
	return data.length < digitOf(WORD_BYTES) ? NO_CONTRACT : amount(BigInt(wordAt(data, 0)));
}

const digitOf = (byte: number) => 2 + 2 * byte;

/** Throws when there is no such word. */
function wordAt(data: Hex, byte: number): Hex {
	const word = data.slice(digitOf(byte), digitOf(byte + WORD_BYTES));
	if (word.length < 2 * WORD_BYTES) throw new TypeError(`the multicall's answer ends before byte ${byte + WORD_BYTES}`);
	return `0x${word}`;
}

/** A place or a length, neither of which is longer than what was answered. Throws when it is. */
function numberAt(data: Hex, byte: number): number {
	const value = Number(wordAt(data, byte));
	if (value > data.length) throw new TypeError(`the multicall's answer says ${value} at byte ${byte}, more than there is`);
	return value;
}
