/** What the contracts of a stub's chain answer: tokens of ERC-20, a collection of ERC-1155, and Multicall3, as of a block. */
import {
	type Address,
	decodeAbiParameters,
	encodeAbiParameters,
	encodeErrorResult,
	type Hex,
	pad,
	parseAbi,
	toFunctionSelector,
	toHex,
} from 'viem';
import { type Block, lower, type StubChain } from './stub-chain.ts';

/** Where Multicall3 stands on most chains. */
export const MULTICALL3: Address = '0xcA11bde05977b3631167028862bE2a173976CA11';

/** `data` is what the contract has said, as ABI-encoded error. */
export class Revert extends Error {
	readonly data: Hex;

	constructor(reason: string) {
		super(reason === '' ? 'execution reverted' : `execution reverted: ${reason}`);
		this.data = reason === '' ? '0x' : encodeErrorResult({ abi: ERROR, args: [reason] });
	}
}

interface Call {
	readonly chain: StubChain;
	readonly block: Block;
	/** In lower case. */
	readonly to: string;
	readonly data: Hex;
}

type Answer = (call: Call) => Hex;
type Contract = ReadonlyMap<string, Answer>;

const ERROR = parseAbi(['error Error(string)']);
const CALLS = [
	{
		type: 'tuple[]',
		components: [
			{ name: 'target', type: 'address' },
			{ name: 'allowFailure', type: 'bool' },
			{ name: 'callData', type: 'bytes' },
		],
	},
] as const;
const RESULTS = [
	{
		type: 'tuple[]',
		components: [
			{ name: 'success', type: 'bool' },
			{ name: 'returnData', type: 'bytes' },
		],
	},
] as const;
const HOLDERS_AND_IDS = [{ type: 'address[]' }, { type: 'uint256[]' }] as const;
const BALANCES = [{ type: 'uint256[]' }] as const;
/** So many blocks before its own a contract knows by their hashes. */
const KNOWN_HASHES = 256;

const erc20 = contract({
	'balanceOf(address)': (call) => uint(call.chain.balance({ token: call.to as Address, holder: addressAt(call, 0) }, call.block)),
	'decimals()': ({ chain, to }) => uint(tokenOf(chain, to)?.decimals ?? 0),
});

const erc1155 = contract({
	'balanceOf(address,uint256)': (call) => uint(heldOf(call, addressAt(call, 0), uintAt(call, 1))),
	'balanceOfBatch(address[],uint256[])': (call) => {
		const [holders, ids] = decoded(() => decodeAbiParameters(HOLDERS_AND_IDS, argumentsOf(call)));
		if (holders.length !== ids.length) throw new Revert('ERC1155: accounts and ids length mismatch');
		return encodeAbiParameters(BALANCES, [holders.map((holder, index) => heldOf(call, holder, ids[index] ?? 0n))]);
	},
});

const multicall3 = contract({
	'aggregate3((address,bool,bytes)[])': aggregate,
	'getEthBalance(address)': (call) => uint(call.chain.balance({ token: 'native', holder: addressAt(call, 0) }, call.block)),
	'getBlockNumber()': ({ block }) => uint(block.number),
	'getCurrentBlockTimestamp()': ({ block }) => uint(block.timestamp),
	'getChainId()': ({ chain }) => uint(chain.chainId),
	'getBlockHash(uint256)': (call) => hashKnownTo(call.block, uintAt(call, 0)),
	'getLastBlockHash()': ({ block }) => hashKnownTo(block, BigInt(block.number) - 1n),
});

/** ABI-encoded; empty where there is no contract, as a chain answers. Throws `Revert`. */
export function answerCall(call: Call): Hex {
	const found = contractAt(call.chain, call.to);
	if (found === null) return '0x';
	const answer = found.get(lower(call.data.slice(0, 10)));
	if (answer === undefined) throw new Revert('');
	return answer(call);
}

/** Not empty where there is a contract. */
export function codeAt(chain: StubChain, address: string): Hex {
	return contractAt(chain, lower(address)) === null ? '0x' : '0x60806040';
}

function contract(functions: Readonly<Record<string, Answer>>): Contract {
	return new Map(Object.entries(functions).map(([signature, answer]) => [toFunctionSelector(signature), answer]));
}

function contractAt(chain: StubChain, address: string): Contract | null {
	if (address === lower(MULTICALL3)) return multicall3;
	if (address === lower(chain.collection.address)) return erc1155;
	return tokenOf(chain, address) === undefined ? null : erc20;
}

function tokenOf({ tokens }: StubChain, address: string) {
	return tokens.find((token) => lower(token.address) === address);
}

/** One failure that is not allowed fails all. */
function aggregate(call: Call): Hex {
	const [calls] = decoded(() => decodeAbiParameters(CALLS, argumentsOf(call)));
	const results = calls.map(({ target, allowFailure, callData }) => {
		try {
			return { success: true, returnData: answerCall({ ...call, to: lower(target), data: callData }) };
		} catch (error) {
			if (!(error instanceof Revert)) throw error;
			if (!allowFailure) throw new Revert('Multicall3: call failed');
			return { success: false, returnData: error.data };
		}
	});
	return encodeAbiParameters(RESULTS, [results]);
}

function heldOf({ chain, block, to }: Call, holder: Address, id: bigint): bigint {
	return chain.balance({ token: to as Address, holder, id }, block);
}

/** As BLOCKHASH: of the blocks right before its own, zero of all others. */
function hashKnownTo(block: Block, number: bigint): Hex {
	const distance = BigInt(block.number) - number;
	if (distance < 1n || distance > KNOWN_HASHES) return uint(0);
	let found: Block | null = block;
	for (let steps = 0n; steps < distance; steps += 1n) found = found?.parent ?? null;
	return found?.hash ?? uint(0);
}

function uint(value: bigint | number): Hex {
	return pad(toHex(value));
}

function argumentsOf({ data }: Call): Hex {
	return `0x${data.slice(10)}`;
}

const SELECTOR_CHARS = 10;
const WORD_CHARS = 64;

function wordAt({ data }: Call, index: number): string {
	const start = SELECTOR_CHARS + index * WORD_CHARS;
	const word = data.slice(start, start + WORD_CHARS);
	if (word.length < WORD_CHARS) throw new Revert('');
	return word;
}

function addressAt(call: Call, index: number): Address {
	return `0x${wordAt(call, index).slice(-40)}`;
}

function uintAt(call: Call, index: number): bigint {
	return BigInt(`0x${wordAt(call, index)}`);
}

/** A contract reverts on arguments that it cannot read. */
function decoded<T>(decode: () => T): T {
	try {
		return decode();
	} catch {
		throw new Revert('');
	}
}
