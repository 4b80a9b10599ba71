import { pad } from 'viem';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Iris, SeenMessage } from '../../../src/bridge/cctp-v2/iris.ts';
import { type Look, proveBurn } from '../../../src/bridge/cctp-v2/prove.ts';
import { chainAt } from '../../../src/bridge/cctp-v2/settings.ts';
import { lookAgainIn } from '../../../src/bridge/look-again.ts';
import { BusyError, InvariantError, TransientError } from '../../../src/errors.ts';
import type { Evidence } from '../../../src/leg/order.ts';
import { attested, BURN_TX, EVIDENCE, MESSENGERS, ORDER, proofWith, SETTINGS, SIGNATURES, TRANSMITTERS } from './burns.ts';
import { fakeNode, revert, TRUE } from './fake-node.ts';

const ready = (message = attested(), attestation: string = SIGNATURES): SeenMessage => ({
	message,
	attestation,
	status: 'complete',
	delayReason: null,
});
const unready: SeenMessage = { message: '0x', attestation: 'PENDING', status: 'pending_confirmations', delayReason: null };
const delayed: SeenMessage = { ...unready, delayReason: 'insufficient_allowance_available' };
const STANDARD = { ...EVIDENCE, threshold: '2000' };

let shown: readonly SeenMessage[] | Error;
/** What the destination says to the message; null when it takes it. */
let refusal: Error | null;
let burnReceipt: object | null;
let accepts: boolean;
/** Questions to Iris, to the destination and to the origin, in order. */
let asked: string[];

const iris: Iris = {
	fees: async () => ({ fast: null, standard: null }),
	allowance: async () => {
		throw new Error('not asked');
	},
	messages: async (domain, hash) => {
		asked.push(`messages ${domain} ${hash}`);
		if (shown instanceof Error) throw shown;
		return shown;
	},
	reattest: async (nonce) => {
		asked.push(`reattest ${Number(nonce)}`);
		return accepts;
	},
};
const here = fakeNode(() => {
	asked.push('destination');
	if (refusal !== null) throw refusal;
	return TRUE;
}).client;
const origin = fakeNode(({ method }) => {
	asked.push(`origin ${method}`);
	return burnReceipt;
}).client;

beforeEach(() => {
	shown = [];
	refusal = null;
	burnReceipt = { blockNumber: '0x64', status: '0x1', logs: [], transactionHash: BURN_TX, type: '0x2' };
	accepts = true;
	asked = [];
});

function prove(evidence: Evidence, nowMs = 0) {
	const place = { client: here, chainId: 10, transmitter: TRANSMITTERS[10] ?? '0x', messenger: MESSENGERS[10] ?? '0x', finalityBlocks: 0 };
	const look: Look = { iris, here: place, origin: { client: origin, chainId: 1, chain: chainAt(SETTINGS, '1') }, nowMs };
	return proveBurn(look, ORDER, evidence);
}

describe('a look at a burn', () => {
	it('proves it with the message that Iris shows, and keeps all of its evidence, by one question', async () => {
		shown = [ready()];
		expect(await prove(EVIDENCE)).toEqual({ state: 'proven', evidence: proofWith() });
		expect(proofWith()).toMatchObject({ ...EVIDENCE, message: attested(), feeExecuted: '130000', expirationBlock: '5000' });
		expect(asked).toEqual([`messages 0 ${BURN_TX}`]);
	});

	it.each([
		['was not seen', [], 'was not seen by Iris yet'],
		['is not ready', [unready], 'is pending_confirmations'],
		['is another one', [ready(attested({ amount: 1n }))], 'is not among the 1 messages'],
		['costs more than is allowed', [ready(attested({ feeExecuted: 200_001n }))], 'cannot be ours'],
	])('waits while the message %s, and says so, by one question', async (_case, messages, note) => {
		shown = messages;
		expect(await prove(EVIDENCE)).toMatchObject({ state: 'pending', note: expect.stringContaining(note) });
		expect(asked).toHaveLength(1);
	});

	const FAST = { expectedMs: 20_000, latestMs: 60_000 };
	const SLOW = { expectedMs: 1_000_000, latestMs: 300_000 };
	it.each([
		['fast', EVIDENCE, unready, FAST],
		['standard', STANDARD, unready, SLOW],
		// A delayed one is waited for like a standard one.
		['delayed', EVIDENCE, delayed, SLOW],
	])('comes again when the message of a %s one is likely to be there', async (_mode, evidence, message, usual) => {
		shown = [message];
		for (const waitedMs of [0, 8_000, 20_000, 440_000, 86_400_000]) {
			const lookAgainMs = lookAgainIn({ ...usual, waitedMs });
			expect(await prove({ ...evidence, sentAtMs: '5' }, 5 + waitedMs)).toMatchObject({ state: 'pending', lookAgainMs });
		}
	});

	it('is unknown, not pending, when Iris does not answer, and leaves it alone for as long as it wants', async () => {
		for (const error of [new TransientError('down'), new BusyError('enough', 42)]) {
			shown = error;
			await expect(prove(EVIDENCE)).rejects.toBe(error);
		}
	});

	it('does not believe a clock that has gone back', async () => {
		expect(await prove({ ...EVIDENCE, sentAtMs: '1000000' }, 0)).toEqual(await prove(EVIDENCE, 0));
	});

	it('takes nothing but its own evidence', async () => {
		await expect(prove({ ...EVIDENCE, emitted: 'x' })).rejects.toBeInstanceOf(InvariantError);
		await expect(prove({ ...EVIDENCE, attestation: '0x' })).rejects.toBeInstanceOf(InvariantError);
		expect(asked).toEqual([]);
	});
});

describe('a burn that is long overdue', () => {
	const LATE_MS = 3 * 20_000 + 60_000;

	it('is looked for on its own chain, and waited for while it is there', async () => {
		expect(await prove(EVIDENCE, LATE_MS)).toMatchObject({ state: 'pending' });
		expect(asked).toHaveLength(1);
		const overdue = await prove(EVIDENCE, LATE_MS + 1);
		expect(overdue).toMatchObject({ state: 'pending', note: expect.not.stringContaining('reorganisation') });
		expect(asked.slice(1)).toEqual([`messages 0 ${BURN_TX}`, 'origin eth_getTransactionReceipt']);
	});

	it('is said to be gone when a reorganisation has taken it, and still waited for', async () => {
		burnReceipt = null;
		const gone = {
			state: 'pending',
			note: expect.stringMatching(/not seen by Iris yet; the burn is not on its chain any more: a reorganisation/),
		};
		expect(await prove(EVIDENCE, LATE_MS + 1)).toMatchObject(gone);
	});

	it('is overdue later when it is not fast, or delayed', async () => {
		const standardMs = 3 * 1_000_000 + 60_000;
		shown = [delayed];
		await prove(EVIDENCE, standardMs);
		await prove(STANDARD, standardMs);
		expect(asked).toHaveLength(2);
		await prove(STANDARD, standardMs + 1);
		expect(asked.at(-1)).toBe('origin eth_getTransactionReceipt');
	});
});

describe('a proof that the destination has refused', () => {
	/** As for a fast transfer that has just been sent. */
	const SOON_MS = lookAgainIn({ waitedMs: 0, expectedMs: 20_000, latestMs: 60_000 });
	const EXPIRED = revert('Message expired and must be re-signed');
	const held = proofWith();

	it('is replaced by a new one as soon as Iris shows it', async () => {
		refusal = EXPIRED;
		const anew = attested({ finalityThresholdExecuted: 2_000, expirationBlock: 0n });
		shown = [ready(anew)];
		expect(await prove(held)).toEqual({ state: 'proven', evidence: proofWith({ finalityThresholdExecuted: 2_000, expirationBlock: 0n }) });
		expect(asked).toHaveLength(1);
	});

	it('is replaced when only its signatures are others', async () => {
		const others = pad('0x99', { size: 130 });
		shown = [ready(attested(), others)];
		expect(await prove(held)).toEqual({ state: 'proven', evidence: proofWith({}, others) });
		expect(asked).toHaveLength(1);
	});

	it('is attested anew when it has expired and Iris shows nothing else, from any process', async () => {
		refusal = EXPIRED;
		shown = [ready()];
		const pending = await prove(held, 86_400_000);
		expect(pending).toMatchObject({
			state: 'pending',
			lookAgainMs: SOON_MS,
			note: expect.stringMatching(/has expired, and is to be attested anew/),
		});
		expect(asked).toEqual([`messages 0 ${BURN_TX}`, 'destination', 'reattest 119']);
	});

	it('is waited for when Iris does not attest it anew, or has it in work', async () => {
		refusal = EXPIRED;
		shown = [ready()];
		accepts = false;
		expect(await prove(held)).toMatchObject({ state: 'pending', note: expect.stringMatching(/Iris does not attest it anew yet/) });
		shown = [unready];
		expect(await prove(held, 86_400_000)).toMatchObject({ state: 'pending', lookAgainMs: SOON_MS });
	});

	it('is waited for when its signatures are refused, and nobody is asked for new ones', async () => {
		refusal = revert('Invalid signature: not attester');
		shown = [ready()];
		expect(await prove(held)).toMatchObject({
			state: 'pending',
			note: expect.stringMatching(/the destination refuses: Invalid signature/),
		});
		expect(asked).toEqual([`messages 0 ${BURN_TX}`, 'destination']);
	});

	it.each([
		['takes it after all', null],
		['has it already', revert('Nonce already used')],
		['is paused', revert('Pausable: paused')],
	])('proves the burn as before when the destination %s', async (_case, says) => {
		refusal = says;
		shown = [ready()];
		expect(await prove(held)).toEqual({ state: 'proven', evidence: held });
	});

	it('is unknown when the destination cannot be asked', async () => {
		refusal = new Error('down');
		shown = [ready()];
		await expect(prove(held)).rejects.toBeInstanceOf(TransientError);
	});
});
