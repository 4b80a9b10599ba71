import fc from 'fast-check';
import { type Hex, numberToHex, size, slice } from 'viem';
import { describe, expect, it } from 'vitest';
import { type BurnMessage, decodeMessage, encodeMessage, sameTransfer, withBody } from '../../../src/bridge/cctp-v2/codec.ts';
import { bodyOf } from './burns.ts';

/** Circle's message format, spelled out a second time: where each field begins, and how many bytes it has. */
const OFFSETS = {
	sourceDomain: [4, 4],
	destinationDomain: [8, 4],
	nonce: [12, 32],
	sender: [44, 32],
	recipient: [76, 32],
	destinationCaller: [108, 32],
	minFinalityThreshold: [140, 4],
	finalityThresholdExecuted: [144, 4],
	burnToken: [152, 32],
	mintRecipient: [184, 32],
	amount: [216, 32],
	messageSender: [248, 32],
	maxFee: [280, 32],
	feeExecuted: [312, 32],
	expirationBlock: [344, 32],
	hookData: [376, 0],
} as const satisfies Record<keyof BurnMessage, readonly [at: number, bytes: number]>;
const NAMES = Object.keys(OFFSETS) as (keyof BurnMessage)[];
const VERSIONS = [0, 148];
const BY_ATTESTERS: readonly (keyof BurnMessage)[] = ['nonce', 'finalityThresholdExecuted', 'feeExecuted', 'expirationBlock'];

const hexOf = (bytes: Uint8Array): Hex => `0x${Buffer.from(bytes).toString('hex')}`;
const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 }).map(hexOf);
const uint32 = fc.integer({ min: 0, max: 0xffff_ffff });
const uint256 = fc.bigInt(0n, 2n ** 256n - 1n);
const message: fc.Arbitrary<BurnMessage> = fc.record({
	sourceDomain: uint32,
	destinationDomain: uint32,
	nonce: bytes32,
	sender: bytes32,
	recipient: bytes32,
	destinationCaller: bytes32,
	minFinalityThreshold: uint32,
	finalityThresholdExecuted: uint32,
	burnToken: bytes32,
	mintRecipient: bytes32,
	amount: uint256,
	messageSender: bytes32,
	maxFee: uint256,
	feeExecuted: uint256,
	expirationBlock: uint256,
	hookData: fc.uint8Array({ maxLength: 64 }).map(hexOf),
});

/** The bytes of a field, by the table above. */
function bytesOf(encoded: Hex, name: keyof BurnMessage): Hex {
	const [at, bytes] = OFFSETS[name];
	const end = bytes === 0 ? size(encoded) : at + bytes;
	return at === end ? '0x' : slice(encoded, at, end);
}

function flipped(encoded: Hex, at: number, mask: number): Hex {
	const bytes = Buffer.from(encoded.slice(2), 'hex');
	bytes[at] = (bytes[at] ?? 0) ^ mask;
	return hexOf(bytes);
}

describe('the bytes of a burn message', () => {
	it('hold every field where Circle puts it, and nothing else', () => {
		fc.assert(
			fc.property(message, (each) => {
				const encoded = encodeMessage(each);
				for (const name of NAMES) {
					const value = each[name];
					const bytes = OFFSETS[name][1];
					expect(bytesOf(encoded, name), name).toBe(typeof value === 'string' ? value : numberToHex(value, { size: bytes }));
				}
				for (const at of VERSIONS) expect(slice(encoded, at, at + 4)).toBe('0x00000001');
				expect(size(encoded)).toBe(376 + size(each.hookData));
			}),
		);
	});

	it.each(NAMES)('change nowhere but in %s when it alone changes, and it alone is read differently', (name) => {
		fc.assert(
			fc.property(message, message, (one, other) => {
				const changed = encodeMessage({ ...one, [name]: other[name] });
				for (const each of NAMES) expect(bytesOf(changed, each), each).toBe(bytesOf(encodeMessage(each === name ? other : one), each));
				expect(decodeMessage(changed)).toEqual({ ...one, [name]: other[name] });
			}),
			{ numRuns: 30 },
		);
	});

	it('are read back as they were written, hook data included', () => {
		fc.assert(fc.property(message, (each) => void expect(decodeMessage(encodeMessage(each))).toEqual(each)));
	});

	it('may be written in upper case', () => {
		fc.assert(
			fc.property(message, (each) => {
				const upper = `0x${encodeMessage(each).slice(2).toUpperCase()}` as Hex;
				expect(decodeMessage(upper)).toEqual(each);
				expect(sameTransfer(encodeMessage(each), upper)).toBe(true);
			}),
		);
	});

	it('are refused when they are too few, of another version, or no bytes', () => {
		fc.assert(
			fc.property(message, fc.nat(375), fc.constantFrom(...VERSIONS), uint32, (each, length, at, version) => {
				const encoded = encodeMessage(each);
				expect(() => decodeMessage(encoded.slice(0, 2 + 2 * length) as Hex)).toThrow(`has ${length} bytes`);
				fc.pre(version !== 1);
				const other = `${encoded.slice(0, 2 + 2 * at)}${numberToHex(version, { size: 4 }).slice(2)}${encoded.slice(10 + 2 * at)}` as Hex;
				expect(() => decodeMessage(other)).toThrow(`${at === 0 ? 'version' : 'bodyVersion'} is ${version}, not 1`);
			}),
		);
		for (const wrong of ['0x0', 'PENDING', '']) expect(() => decodeMessage(wrong as Hex)).toThrow('is not hex');
	});

	it('do not hold values that do not fit their fields', () => {
		const [each] = fc.sample(message, 1);
		if (each === undefined) throw new Error('no message');
		expect(() => encodeMessage({ ...each, sourceDomain: 2 ** 32 })).toThrow();
		expect(() => encodeMessage({ ...each, amount: 2n ** 256n })).toThrow();
		expect(() => encodeMessage({ ...each, sender: '0x11' })).toThrow('sender has 1 bytes, not 32');
	});
});

describe('an attested message', () => {
	it('is the transfer that was emitted, whatever the attesters have filled in', () => {
		fc.assert(
			fc.property(message, message, (one, other) => {
				const filled = Object.fromEntries(BY_ATTESTERS.map((name) => [name, other[name]]));
				expect(sameTransfer(encodeMessage(one), encodeMessage({ ...one, ...filled }))).toBe(true);
			}),
		);
	});

	it('is another transfer when any other byte differs', () => {
		const filledIn = (at: number) => BY_ATTESTERS.some((name) => at >= OFFSETS[name][0] && at < OFFSETS[name][0] + OFFSETS[name][1]);
		fc.assert(
			fc.property(message, fc.nat(), fc.integer({ min: 1, max: 255 }), (each, place, mask) => {
				const encoded = encodeMessage(each);
				const at = place % size(encoded);
				expect(sameTransfer(encoded, flipped(encoded, at, mask))).toBe(filledIn(at));
			}),
			{ numRuns: 1_000 },
		);
	});

	it('is another transfer when it is longer, shorter, or no message at all', () => {
		fc.assert(
			fc.property(message, fc.integer({ min: 1, max: 400 }), (each, cut) => {
				const encoded = encodeMessage(each);
				const shorter = encoded.slice(0, Math.max(2, encoded.length - 2 * cut)) as Hex;
				for (const wrong of [shorter, `${encoded}00`, `${encoded}0`, '0x', 'PENDING', `${encoded.slice(0, -1)}g`] as Hex[]) {
					expect(sameTransfer(encoded, wrong)).toBe(false);
					expect(sameTransfer(wrong, encoded)).toBe(false);
				}
			}),
		);
	});

	it('is not even itself when it is no burn message', () => {
		for (const wrong of ['0x', 'PENDING', numberToHex(1, { size: 375 })] as Hex[]) expect(sameTransfer(wrong, wrong)).toBe(false);
	});

	it('is put together from the header of one message and the body of another', () => {
		fc.assert(
			fc.property(message, message, (one, other) => {
				const mixed = withBody(encodeMessage(one), bodyOf(encodeMessage(other)));
				expect(bodyOf(mixed)).toBe(bodyOf(encodeMessage(other)));
				expect(slice(mixed, 0, 148)).toBe(slice(encodeMessage(one), 0, 148));
			}),
		);
	});
});
