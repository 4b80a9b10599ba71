import fc from 'fast-check';
import { concat, type Hex, pad, size } from 'viem';
import { describe, expect, it } from 'vitest';
import { findAttested } from '../../../src/bridge/cctp-v2/attested.ts';
import type { SeenMessage } from '../../../src/bridge/cctp-v2/iris.ts';
import { attested, emitted, NONCE, SIGNATURES, STRANGER } from './burns.ts';

const EMITTED = emitted();
const ready = (changes: Partial<SeenMessage> = {}): SeenMessage => ({
	message: attested(),
	attestation: SIGNATURES,
	status: 'complete',
	delayReason: null,
	...changes,
});
const unready = (changes: Partial<SeenMessage> = {}): SeenMessage =>
	ready({ message: '0x', attestation: 'PENDING', status: 'pending_confirmations', ...changes });
const found = {
	state: 'attested',
	attestation: { message: attested(), attestation: SIGNATURES, nonce: NONCE, feeExecuted: 130_000n, expirationBlock: 5_000n },
};
/** Somebody else's burn in the same transaction, of more. */
const other = ready({ message: attested({ amount: 7_000_000_000n, nonce: pad('0x78', { size: 32 }) }) });

describe('our message', () => {
	it('is found by its content, wherever it stands among others', () => {
		fc.assert(
			fc.property(
				fc.shuffledSubarray([other, unready(), ready(), ready({ message: attested({ messageSender: pad(STRANGER) }) })]),
				(list) => {
					const isThere = list.some(({ message }) => message === attested());
					expect(findAttested(list, EMITTED).state).toBe(isThere ? 'attested' : 'pending');
					if (isThere) expect(findAttested(list, EMITTED)).toEqual(found);
				},
			),
		);
	});

	it('is found in upper case too, and once when it is listed twice', () => {
		const upper = ready({ message: `0x${attested().slice(2).toUpperCase()}`, attestation: `0x${SIGNATURES.slice(2).toUpperCase()}` });
		expect(findAttested([upper, ready()], EMITTED)).toEqual(found);
	});

	it('may cost up to what the burn allows, and not a base unit more', () => {
		expect(findAttested([ready({ message: attested({ feeExecuted: 200_000n }) })], EMITTED)).toMatchObject({ state: 'attested' });
		expect(findAttested([ready({ message: attested({ feeExecuted: 200_001n }) })], EMITTED)).toMatchObject({
			state: 'pending',
			note: expect.stringContaining('an attestation that cannot be ours'),
		});
	});

	it('is waited for when any byte of it that attesters do not fill in was changed', () => {
		fc.assert(
			fc.property(fc.nat(size(EMITTED) - 1), fc.integer({ min: 1, max: 255 }), (at, mask) => {
				const bytes = Buffer.from(attested().slice(2), 'hex');
				bytes[at] = (bytes[at] ?? 0) ^ mask;
				const changed = ready({ message: `0x${bytes.toString('hex')}` });
				const filledIn = (at >= 12 && at < 44) || (at >= 144 && at < 148) || (at >= 312 && at < 376);
				const sight = findAttested([changed], EMITTED);
				if (!filledIn)
					expect(sight).toMatchObject({ state: 'pending', note: 'is not among the 1 messages that Iris shows of its transaction' });
			}),
		);
	});

	it.each<[string, SeenMessage]>([
		['says that it is pending', ready({ status: 'pending_confirmations' })],
		['is the word PENDING', ready({ attestation: 'PENDING' })],
		['is null', ready({ attestation: null })],
		['is left out', { message: attested(), status: 'complete' }],
		['is empty', ready({ attestation: '0x' })],
		['is not made of whole signatures', ready({ attestation: SIGNATURES.slice(0, -2) })],
		['ends within a byte', ready({ attestation: SIGNATURES.slice(0, -1) })],
		['is no hex', ready({ attestation: `0x${'zz'.repeat(65)}` })],
	])('is waited for while its attestation %s', (_case, seen) => {
		expect(findAttested([seen], EMITTED)).toMatchObject({ state: 'pending', isDelayed: false });
	});

	it('may be signed by any number of attesters', () => {
		fc.assert(
			fc.property(fc.integer({ min: 1, max: 20 }), (signers) => {
				const attestation: Hex = concat(Array.from({ length: signers }, () => pad('0x5a', { size: 65 })));
				expect(findAttested([ready({ attestation })], EMITTED)).toMatchObject({ state: 'attested', attestation: { attestation } });
			}),
		);
	});

	it('is noted as what Iris says of it while nobody can tell whose it is', () => {
		expect(findAttested([], EMITTED)).toEqual({ state: 'pending', note: 'was not seen by Iris yet', isDelayed: false });
		expect(findAttested([unready()], EMITTED)).toEqual({ state: 'pending', note: 'is pending_confirmations', isDelayed: false });
		expect(findAttested([other, unready({ delayReason: 'insufficient_fee' })], EMITTED)).toEqual({
			state: 'pending',
			note: 'is pending_confirmations, delayed: insufficient_fee',
			isDelayed: true,
		});
	});
});
