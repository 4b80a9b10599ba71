/**
 * The bytes of a message: where they are read and filled in. The sandbox has its own reader, because one borrowed from the product
 * could never show that the product reads wrongly.
 */
import { type Address, concatHex, getAddress, type Hex, hexToBigInt, numberToHex, size, slice } from 'viem';

/** Where the parts begin; those of the burn are counted from the start of the message. */
const SOURCE_DOMAIN = 4;
const DESTINATION_DOMAIN = 8;
const NONCE = 12;
const SENDER = 44;
const RECIPIENT = 76;
const DESTINATION_CALLER = 108;
const MIN_FINALITY = 140;
const FINALITY_EXECUTED = 144;
const BODY = 148;
const BURN_TOKEN = BODY + 4;
const MINT_RECIPIENT = BODY + 36;
const AMOUNT = BODY + 68;
const MESSAGE_SENDER = BODY + 100;
const MAX_FEE = BODY + 132;
const FEE_EXECUTED = BODY + 164;
const EXPIRATION_BLOCK = BODY + 196;
const HOOK_DATA = BODY + 228;

const uint32 = (message: Hex, at: number): number => Number(hexToBigInt(slice(message, at, at + 4)));
const uint256 = (message: Hex, at: number): bigint => hexToBigInt(slice(message, at, at + 32));
const address = (message: Hex, at: number): Address => getAddress(slice(message, at + 12, at + 32));

/** What the attesters fill in. */
interface Filled {
	readonly nonce: Hex;
	readonly finality: number;
	/** Base units. */
	readonly fee: bigint;
	/** Of the destination; 0 when it never expires. */
	readonly expirationBlock: bigint;
}

/** The emitted message of a burn with its four gaps filled in. */
export function fill(sent: Hex, { nonce, finality, fee, expirationBlock }: Filled): Hex {
	return concatHex([
		slice(sent, 0, NONCE),
		nonce,
		slice(sent, SENDER, FINALITY_EXECUTED),
		numberToHex(finality, { size: 4 }),
		slice(sent, BODY, FEE_EXECUTED),
		numberToHex(fee, { size: 32 }),
		numberToHex(expirationBlock, { size: 32 }),
		...(size(sent) > HOOK_DATA ? [slice(sent, HOOK_DATA)] : []),
	]);
}

export const isBurn = (message: Hex): boolean => size(message) >= HOOK_DATA;

export const filledIn = (message: Hex): Filled => ({
	nonce: slice(message, NONCE, NONCE + 32),
	finality: uint32(message, FINALITY_EXECUTED),
	fee: uint256(message, FEE_EXECUTED),
	expirationBlock: uint256(message, EXPIRATION_BLOCK),
});

/** Of the message of a burn, be it filled in or not. */
export const burnOf = (message: Hex) => ({
	destinationDomain: uint32(message, DESTINATION_DOMAIN),
	sender: address(message, SENDER),
	minFinality: uint32(message, MIN_FINALITY),
	/** Base units. */
	amount: uint256(message, AMOUNT),
	/** Base units. */
	maxFee: uint256(message, MAX_FEE),
});

/** As the API spells a message out: every number as text. Null when it is too short for a burn. */
export function spellOut(message: Hex) {
	if (!isBurn(message)) return null;
	return {
		sourceDomain: `${uint32(message, SOURCE_DOMAIN)}`,
		destinationDomain: `${uint32(message, DESTINATION_DOMAIN)}`,
		nonce: slice(message, NONCE, NONCE + 32),
		sender: address(message, SENDER),
		recipient: address(message, RECIPIENT),
		destinationCaller: address(message, DESTINATION_CALLER),
		minFinalityThreshold: `${uint32(message, MIN_FINALITY)}`,
		finalityThresholdExecuted: `${uint32(message, FINALITY_EXECUTED)}`,
		messageBody: slice(message, BODY),
		decodedMessageBody: {
			burnToken: address(message, BURN_TOKEN),
			mintRecipient: address(message, MINT_RECIPIENT),
			amount: `${uint256(message, AMOUNT)}`,
			messageSender: address(message, MESSAGE_SENDER),
			maxFee: `${uint256(message, MAX_FEE)}`,
			feeExecuted: `${uint256(message, FEE_EXECUTED)}`,
			expirationBlock: `${uint256(message, EXPIRATION_BLOCK)}`,
			hookData: size(message) > HOOK_DATA ? slice(message, HOOK_DATA) : '0x',
		},
	};
}
