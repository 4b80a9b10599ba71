/**
 * The bytes of a CCTP V2 burn message: a header of 148 bytes, a body of 228, and hook data. The chain emits it with four fields zero
 * that the attesters fill in, so that its hash identifies nothing, and only all other bytes tell which transfer it is. Pure.
 */
import { concat, type Hex, hexToBigInt, hexToNumber, isHex, numberToHex, size, slice } from 'viem';

/** Of the message format and of the body's: CCTP V2 calls both of them 1. */
const VERSION = 1;
const HEADER_BYTES = 148;
const BODY_BYTES = 228;

/** Accounts and tokens are 32 bytes in lower case, amounts base units of the burned token. */
export interface BurnMessage {
	readonly sourceDomain: number;
	readonly destinationDomain: number;
	/** Zero until attested. */
	readonly nonce: Hex;
	readonly sender: Hex;
	readonly recipient: Hex;
	/** Zero when anybody may deliver it. */
	readonly destinationCaller: Hex;
	readonly minFinalityThreshold: number;
	/** Zero until attested. */
	readonly finalityThresholdExecuted: number;
	readonly burnToken: Hex;
	readonly mintRecipient: Hex;
	readonly amount: bigint;
	readonly messageSender: Hex;
	readonly maxFee: bigint;
	/** Zero until attested. */
	readonly feeExecuted: bigint;
	/** A block of the destination; zero until attested, and when it never expires. */
	readonly expirationBlock: bigint;
	readonly hookData: Hex;
}

interface Field {
	readonly name: keyof BurnMessage | 'version' | 'bodyVersion';
	/** From the start of the message. */
	readonly at: number;
	readonly kind: 'uint32' | 'bytes32' | 'uint256';
	readonly isAttested?: true;
}

/** In the order of the bytes, without a gap; the hook data follow. */
const FIELDS: readonly Field[] = [
	{ name: 'version', at: 0, kind: 'uint32' },
	{ name: 'sourceDomain', at: 4, kind: 'uint32' },
	{ name: 'destinationDomain', at: 8, kind: 'uint32' },
	{ name: 'nonce', at: 12, kind: 'bytes32', isAttested: true },
	{ name: 'sender', at: 44, kind: 'bytes32' },
	{ name: 'recipient', at: 76, kind: 'bytes32' },
	{ name: 'destinationCaller', at: 108, kind: 'bytes32' },
	{ name: 'minFinalityThreshold', at: 140, kind: 'uint32' },
	{ name: 'finalityThresholdExecuted', at: 144, kind: 'uint32', isAttested: true },
	{ name: 'bodyVersion', at: HEADER_BYTES, kind: 'uint32' },
	{ name: 'burnToken', at: HEADER_BYTES + 4, kind: 'bytes32' },
	{ name: 'mintRecipient', at: HEADER_BYTES + 36, kind: 'bytes32' },
	{ name: 'amount', at: HEADER_BYTES + 68, kind: 'uint256' },
	{ name: 'messageSender', at: HEADER_BYTES + 100, kind: 'bytes32' },
	{ name: 'maxFee', at: HEADER_BYTES + 132, kind: 'uint256' },
	{ name: 'feeExecuted', at: HEADER_BYTES + 164, kind: 'uint256', isAttested: true },
	{ name: 'expirationBlock', at: HEADER_BYTES + 196, kind: 'uint256', isAttested: true },
];
const SIZES = { uint32: 4, bytes32: 32, uint256: 32 } as const;
const HOOK_DATA_AT = HEADER_BYTES + BODY_BYTES;

/** The bytes in lower case. Throws `RangeError` when bytes do not fit their field, and viem's `IntegerOutOfRangeError` for a number. */
export function encodeMessage(message: BurnMessage): Hex {
	const values = { ...message, version: VERSION, bodyVersion: VERSION };
	const parts = FIELDS.map(({ name, kind }) => {
		const value = values[name];
		if (typeof value !== 'string') return numberToHex(value, { size: SIZES[kind] });
		if (size(value) !== SIZES[kind]) throw new RangeError(`the message's ${name} has ${size(value)} bytes, not ${SIZES[kind]}`);
		return value;
	});
	return concat([...parts, message.hookData]).toLowerCase() as Hex;
}

/** Throws `RangeError` when the bytes are too few for a burn message, or of another version. */
export function decodeMessage(message: Hex): BurnMessage {
	if (!isHex(message) || message.length % 2 !== 0) throw new RangeError('the message is not hex');
	const length = size(message);
	if (length < HOOK_DATA_AT) throw new RangeError(`the message has ${length} bytes, and a burn message has ${HOOK_DATA_AT} at least`);
	const fields = Object.fromEntries(FIELDS.map(({ name, at, kind }) => [name, fieldOf(slice(message, at, at + SIZES[kind]), kind)]));
	for (const name of ['version', 'bodyVersion']) {
		if (fields[name] !== VERSION) throw new RangeError(`the message's ${name} is ${fields[name]}, not ${VERSION}`);
	}
	const { version, bodyVersion, ...known } = fields;
	// The table above names every field of the type, with the kind that it has there.
	return { ...known, hookData: length === HOOK_DATA_AT ? '0x' : slice(message, HOOK_DATA_AT).toLowerCase() } as unknown as BurnMessage;
}

/** Whether both are one transfer: every byte equal but those that the attesters fill in. Bytes of another form are no transfer at all. */
export function sameTransfer(emitted: Hex, attested: Hex): boolean {
	const [one, other] = [blanked(emitted), blanked(attested)];
	return one !== null && one === other;
}

/** The message of which a receiving contract shows the body alone, its header being that of another message. */
export function withBody(message: Hex, body: Hex): Hex {
	return concat([slice(message, 0, HEADER_BYTES), body]);
}

function fieldOf(bytes: Hex, kind: Field['kind']): Hex | number | bigint {
	switch (kind) {
		case 'uint32':
			return hexToNumber(bytes);
		case 'uint256':
			return hexToBigInt(bytes);
		case 'bytes32':
			return bytes.toLowerCase() as Hex;
	}
}

/** The text without what the attesters fill in; null when it is no burn message. */
function blanked(message: Hex): string | null {
	if (!isHex(message) || message.length % 2 !== 0 || size(message) < HOOK_DATA_AT) return null;
	const text = message.slice(2).toLowerCase();
	let from = 0;
	let rest = '';
	for (const { at, kind } of FIELDS.filter(({ isAttested }) => isAttested)) {
		rest += text.slice(2 * from, 2 * at);
		from = at + SIZES[kind];
	}
	return rest + text.slice(2 * from);
}
