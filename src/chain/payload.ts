/** What an effect says on chain: its hash, its exact approval, and the tag that leads from a transaction back to its owner. */
import { type Address, concat, encodeAbiParameters, encodeFunctionData, erc20Abi, type Hex, keccak256, size, slice } from 'viem';
import type { Payload } from '../leg/effect.ts';
import type { Amount } from '../money/amount.ts';

/** First four bytes of keccak256("ballast"): marks the trailing bytes of our calldata. */
const TAG_MARK = keccak256('0x62616c6c617374').slice(0, 10) as Hex;
const UUID_BYTES = 16;
const TAG_BYTES = 4 + UUID_BYTES;

/** Binds everything that decides what the transaction does; fees and nonce are free. Equal hashes mean equal acts. */
export function payloadHash(chainId: number, { target, calldata, value }: Pick<Payload, 'target' | 'calldata' | 'value'>): Hex {
	return keccak256(
		encodeAbiParameters(
			[{ type: 'uint256' }, { type: 'address' }, { type: 'uint256' }, { type: 'bytes' }],
			[BigInt(chainId), target, value, calldata],
		),
	);
}

export function approveCalldata(spender: Address, amount: Amount): Hex {
	return encodeFunctionData({ abi: erc20Abi, functionName: 'approve', args: [spender, amount] });
}

/** Appends the owner's id. ABI decoders ignore bytes after the arguments, so the call means the same with and without it. */
export function tagCalldata(calldata: Hex, ownerId: string): Hex {
	return concat([calldata, TAG_MARK, `0x${ownerId.replaceAll('-', '')}`]);
}

/** The owner's id in the trailing bytes of our own calldata, or null when there is none. */
export function ownerOfCalldata(calldata: Hex): string | null {
	const length = size(calldata);
	if (length < TAG_BYTES || slice(calldata, length - TAG_BYTES, length - UUID_BYTES) !== TAG_MARK) return null;
	const hex = slice(calldata, length - UUID_BYTES).slice(2);
	return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** The calldata without its tag. */
export function untagged(calldata: Hex): Hex {
	return ownerOfCalldata(calldata) === null ? calldata : slice(calldata, 0, size(calldata) - TAG_BYTES);
}
