/** A burn from chain 1 to chain 10 as its contracts and its attesters would show it, any part of it changed. */
import {
	type Abi,
	type AbiEvent,
	type Address,
	concat,
	encodeAbiParameters,
	encodeEventTopics,
	erc20Abi,
	getAbiItem,
	getAddress,
	type Hex,
	type Log,
	pad,
	zeroAddress,
	zeroHash,
} from 'viem';
import { messengerAbi, transmitterAbi } from '../../../src/bridge/cctp-v2/abi.ts';
import { type BurnMessage, decodeMessage, encodeMessage } from '../../../src/bridge/cctp-v2/codec.ts';
import { settings } from '../../../src/bridge/cctp-v2/settings.ts';
import type { MinedCall } from '../../../src/leg/call.ts';
import type { Evidence, HopOrder } from '../../../src/leg/order.ts';
import { amount } from '../../../src/money/amount.ts';

export const WALLET: Address = '0x1111111111111111111111111111111111111111';
export const STRANGER: Address = '0x2222222222222222222222222222222222222222';
const contract = (number: Hex): Address => getAddress(pad(number, { size: 20 }));
export const TOKENS: Readonly<Record<string, Address>> = { 1: contract('0xa1'), 10: contract('0xa2') };
export const MESSENGERS: Readonly<Record<string, Address>> = { 1: contract('0xb1'), 10: contract('0xb2') };
export const TRANSMITTERS: Readonly<Record<string, Address>> = { 1: contract('0xc1'), 10: contract('0xc2') };
export const BURN_TX: Hex = pad('0x01', { size: 32 });
export const MINT_TX: Hex = pad('0x02', { size: 32 });
export const NONCE: Hex = pad('0x77', { size: 32 });
export const SIGNATURES: Hex = concat([pad('0x5a', { size: 65 }), pad('0x5b', { size: 65 })]);
export const BURN_BLOCK = 100n;

export const SETTINGS = settings.parse({
	apiUrl: 'http://iris.test',
	chains: {
		1: { domain: 0, tokenMessenger: MESSENGERS[1], messageTransmitter: TRANSMITTERS[1], fastSeconds: 20, standardSeconds: 1_000 },
		10: { domain: 2, tokenMessenger: MESSENGERS[10], messageTransmitter: TRANSMITTERS[10], standardSeconds: 900 },
	},
});

export const endOf = (venue: '1' | '10') => ({
	venue,
	chainId: Number(venue),
	asset: 'USDC',
	token: TOKENS[venue] ?? zeroAddress,
	decimals: 6,
});

/** 1,000 USDC, of which 0.2 may be lost. */
export const ORDER: HopOrder = {
	origin: endOf('1'),
	destination: endOf('10'),
	send: amount(1_000_000_000n),
	receive: amount(999_800_000n),
	seconds: 20,
	sender: WALLET,
	recipient: WALLET,
};

const BURN: BurnMessage = {
	sourceDomain: 0,
	destinationDomain: 2,
	nonce: zeroHash,
	sender: pad(MESSENGERS[1] ?? zeroAddress),
	recipient: pad(MESSENGERS[10] ?? zeroAddress),
	destinationCaller: zeroHash,
	minFinalityThreshold: 1_000,
	finalityThresholdExecuted: 0,
	burnToken: pad(TOKENS[1] ?? zeroAddress),
	mintRecipient: pad(WALLET),
	amount: 1_000_000_000n,
	messageSender: pad(WALLET),
	maxFee: 200_000n,
	feeExecuted: 0n,
	expirationBlock: 0n,
	hookData: '0x',
};

/** As the chain emits it. */
export const emitted = (changes: Partial<BurnMessage> = {}): Hex => encodeMessage({ ...BURN, ...changes });

/** As the attesters fill it in, for a fee of 0.13 USDC. */
export const attested = (changes: Partial<BurnMessage> = {}): Hex =>
	emitted({ nonce: NONCE, finalityThresholdExecuted: 1_000, feeExecuted: 130_000n, expirationBlock: 5_000n, ...changes });

export const EVIDENCE: Evidence = {
	sourceDomain: '0',
	destinationDomain: '2',
	transactionHash: BURN_TX,
	burnBlock: String(BURN_BLOCK),
	threshold: '1000',
	emitted: emitted(),
	sentAtMs: '0',
};

export function proofWith(changes: Partial<BurnMessage> = {}, attestation: Hex = SIGNATURES): Evidence {
	const message = attested(changes);
	const { nonce, feeExecuted, expirationBlock } = decodeMessage(message);
	return { ...EVIDENCE, message, attestation, nonce, feeExecuted: String(feeExecuted), expirationBlock: String(expirationBlock) };
}

type Args = Readonly<Record<string, unknown>>;

/** A log with nothing but what the event says: more is not stored of it. */
function logOf(address: Address | undefined, event: AbiEvent, args: Args): Log {
	const topics = encodeEventTopics({ abi: [event], eventName: event.name, args } as never);
	const open = event.inputs.filter(({ indexed }) => indexed !== true);
	const data = encodeAbiParameters(open, open.map(({ name }) => args[name ?? '']) as never);
	return { address: address ?? zeroAddress, topics, data } as unknown as Log;
}

const eventOf = (abi: Abi, name: string): AbiEvent => getAbiItem({ abi, name }) as AbiEvent;

export const messageSent = (message: Hex, contract = TRANSMITTERS[1]): Log =>
	logOf(contract, eventOf(transmitterAbi, 'MessageSent'), { message });

export const depositForBurn = (changes: Args = {}, contract = MESSENGERS[1]): Log =>
	logOf(contract, eventOf(messengerAbi, 'DepositForBurn'), {
		burnToken: TOKENS[1],
		amount: BURN.amount,
		depositor: WALLET,
		mintRecipient: BURN.mintRecipient,
		destinationDomain: BURN.destinationDomain,
		destinationTokenMessenger: BURN.recipient,
		destinationCaller: zeroHash,
		maxFee: BURN.maxFee,
		minFinalityThreshold: BURN.minFinalityThreshold,
		hookData: '0x',
		...changes,
	});

export const transfer = (changes: Args = {}, contract = TOKENS[10]): Log =>
	logOf(contract, eventOf(erc20Abi, 'Transfer'), { from: zeroAddress, to: WALLET, value: 999_870_000n, ...changes });

export const mintAndWithdraw = (changes: Args = {}, contract = MESSENGERS[10]): Log =>
	logOf(contract, eventOf(messengerAbi, 'MintAndWithdraw'), {
		mintRecipient: WALLET,
		amount: 999_870_000n,
		mintToken: TOKENS[10],
		feeCollected: 130_000n,
		...changes,
	});

export const messageReceived = (changes: Args = {}, contract = TRANSMITTERS[10]): Log =>
	logOf(contract, eventOf(transmitterAbi, 'MessageReceived'), {
		caller: STRANGER,
		sourceDomain: 0,
		nonce: NONCE,
		sender: BURN.sender,
		finalityThresholdExecuted: 1_000,
		messageBody: bodyOf(attested()),
		...changes,
	});

/** A header has 148 bytes. */
export const bodyOf = (message: Hex): Hex => `0x${message.slice(2 + 2 * 148)}`;

export const mined = (transactionHash: Hex, logs: readonly Log[]): MinedCall => ({ transactionHash, blockNumber: BURN_BLOCK, logs });
