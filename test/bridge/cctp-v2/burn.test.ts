import { decodeFunctionData, type Log, pad, zeroHash } from 'viem';
import { describe, expect, it } from 'vitest';
import { messengerAbi } from '../../../src/bridge/cctp-v2/abi.ts';
import { burnCall, readBurn } from '../../../src/bridge/cctp-v2/burn.ts';
import { pairOf } from '../../../src/bridge/cctp-v2/settings.ts';
import { InvariantError } from '../../../src/errors.ts';
import type { HopOrder } from '../../../src/leg/order.ts';
import { amount } from '../../../src/money/amount.ts';
import {
	BURN_TX,
	depositForBurn,
	emitted,
	MESSENGERS,
	messageSent,
	mined,
	ORDER,
	SETTINGS,
	STRANGER,
	TOKENS,
	TRANSMITTERS,
} from './burns.ts';

const PAIR = pairOf(SETTINGS, ORDER);
const read = (logs: readonly Log[], order: HopOrder = ORDER) => readBurn(order, PAIR, mined(BURN_TX, logs));
const REGULAR = [messageSent(emitted()), depositForBurn()];

describe('the burning call', () => {
	it.each([
		['fast', 1_000],
		['standard', 2_000],
	] as const)('burns exactly what is ordered, for the recipient, %s, and lets anybody deliver', (mode, threshold) => {
		const call = burnCall(ORDER, PAIR, { maxFee: amount(200_000n), mode });
		expect(call).toMatchObject({ chainId: 1, to: MESSENGERS[1], value: 0n });
		expect(decodeFunctionData({ abi: messengerAbi, data: call.data })).toEqual({
			functionName: 'depositForBurn',
			args: [ORDER.send, 2, pad(ORDER.recipient), TOKENS[1], zeroHash, 200_000n, threshold],
		});
	});
});

describe('the evidence of a burn', () => {
	it('is its transaction and the message that it has emitted, as text', () => {
		expect(read(REGULAR)).toEqual({
			sourceDomain: '0',
			destinationDomain: '2',
			transactionHash: BURN_TX,
			burnBlock: '100',
			threshold: '1000',
			emitted: emitted(),
		});
		const standard = [messageSent(emitted({ minFinalityThreshold: 2_000 })), depositForBurn({ minFinalityThreshold: 2_000 })];
		expect(read(standard)).toMatchObject({ threshold: '2000' });
	});

	it('is read among logs of other contracts', () => {
		expect(read([messageSent(emitted(), STRANGER), ...REGULAR, depositForBurn({}, STRANGER)])).toEqual(read(REGULAR));
	});

	it.each<[string, Partial<Parameters<typeof emitted>[0]>]>([
		['sourceDomain', { sourceDomain: 3 }],
		['destinationDomain', { destinationDomain: 6 }],
		['nonce', { nonce: pad('0x1') }],
		['sender', { sender: pad(STRANGER) }],
		['recipient', { recipient: pad(STRANGER) }],
		['destinationCaller', { destinationCaller: pad(STRANGER) }],
		['minFinalityThreshold', { minFinalityThreshold: 1_500 }],
		['finalityThresholdExecuted', { finalityThresholdExecuted: 1_000 }],
		['burnToken', { burnToken: pad(STRANGER) }],
		['mintRecipient', { mintRecipient: pad(STRANGER) }],
		['amount', { amount: 1_000_000_001n }],
		['messageSender', { messageSender: pad(STRANGER) }],
		['maxFee', { maxFee: 200_001n }],
		['feeExecuted', { feeExecuted: 1n }],
		['expirationBlock', { expirationBlock: 1n }],
		['hookData', { hookData: '0x00' }],
	])('is refused when the message has another %s than is ordered', (field, changes) => {
		const reading = () => read([messageSent(emitted(changes)), depositForBurn()]);
		expect(reading).toThrow(InvariantError);
		expect(reading).toThrow(`its ${field} is`);
	});

	it.each([
		['destinationDomain', { destinationDomain: 6 }],
		['recipient', { destinationTokenMessenger: pad(STRANGER) }],
		['destinationCaller', { destinationCaller: pad(STRANGER) }],
		['minFinalityThreshold', { minFinalityThreshold: 2_000 }],
		['burnToken', { burnToken: STRANGER }],
		['mintRecipient', { mintRecipient: pad(STRANGER) }],
		['amount', { amount: 1n }],
		['messageSender', { depositor: STRANGER }],
		['maxFee', { maxFee: 1n }],
		['hookData', { hookData: '0x00' }],
	])('is refused when the event has another %s than the message', (field, changes) => {
		const reading = () => read([messageSent(emitted()), depositForBurn(changes)]);
		expect(reading).toThrow(InvariantError);
		expect(reading).toThrow(`its ${field} is`);
	});

	it.each<[string, Log[], RegExp]>([
		['there is no message', [depositForBurn()], /0 messages/],
		['there is no burn', [messageSent(emitted())], /0 burns/],
		['there are two', [...REGULAR, ...REGULAR], /2 messages/],
		['one message has two burns', [...REGULAR, depositForBurn()], /2 burns/],
		['the message is of another transmitter', [messageSent(emitted(), TRANSMITTERS[10]), depositForBurn()], /0 messages/],
		['the burn is of another messenger', [messageSent(emitted()), depositForBurn({}, MESSENGERS[10])], /0 burns/],
		[
			'it asks for another finality than ours',
			[messageSent(emitted({ minFinalityThreshold: 1_500 })), depositForBurn({ minFinalityThreshold: 1_500 })],
			/its minFinalityThreshold is 1500/,
		],
		['the message is no burn message', [messageSent('0x1234'), depositForBurn()], /has 2 bytes/],
	])('is refused when %s', (_case, logs, problem) => {
		expect(() => read(logs)).toThrow(InvariantError);
		expect(() => read(logs)).toThrow(problem);
	});
});
