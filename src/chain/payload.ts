/** What an effect says on chain: its hash, its exact approval, and the tags that lead from a transaction back to its owner, and from a purchase to its invoice. */
import { type Address, concat, encodeAbiParameters, encodeFunctionData, erc20Abi, type Hex, isHex, keccak256, size, slice } from 'viem';
import type { Payload } from '../leg/effect.ts';
import type { Amount } from '../money/amount.ts';

/** First four bytes of keccak256("ballast"): marks the trailing bytes of our calldata. */
const TAG_MARK = keccak256('0x62616c6c617374').slice(0, 10) as Hex;
const UUID_BYTES = 16;
const TAG_BYTES = 4 + UUID_BYTES;
/** First four bytes of keccak256("ballast invoice"): marks the invoice that a purchase pays, before the owner's tag. */
const INVOICE_MARK = keccak256('0x62616c6c61737420696e766f696365').slice(0, 10) as Hex;
const INVOICE_ID_BYTES = 32;
const INVOICE_BYTES = 4 + INVOICE_ID_BYTES;

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

/** Appends which invoice is paid; nothing for an id that is not 32 bytes. The owner's tag comes after it. */
export function nameInvoice(calldata: Hex, invoiceId: string): Hex {
	return isHex(invoiceId) && size(invoiceId) === INVOICE_ID_BYTES ? concat([calldata, INVOICE_MARK, invoiceId]) : calldata;
}

/** The invoice that tagged calldata pays, or null when it names none. */
export function invoiceOfCalldata(calldata: Hex): Hex | null {
	const own = untagged(calldata);
	const length = size(own);
	if (length < INVOICE_BYTES || slice(own, length - INVOICE_BYTES, length - INVOICE_ID_BYTES) !== INVOICE_MARK) return null;
	return slice(own, length - INVOICE_ID_BYTES);
}

/** The calldata without its owner's tag. */
export function untagged(calldata: Hex): Hex {
	return ownerOfCalldata(calldata) === null ? calldata : slice(calldata, 0, size(calldata) - TAG_BYTES);
}
