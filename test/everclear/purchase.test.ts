import {
	type Address,
	encodeAbiParameters,
	encodeEventTopics,
	encodeFunctionData,
	getAbiItem,
	type Hex,
	type Log,
	pad,
	zeroAddress,
} from 'viem';
import { describe, expect, it } from 'vitest';
import { InvariantError } from '../../src/errors.ts';
import { feeAdapterEventsAbi, intentAddedV1Abi, intentAddedV2Abi, newIntentAbi } from '../../src/everclear/abi.ts';
import { checkIntentCall } from '../../src/everclear/intent-call.ts';
import { readPurchase } from '../../src/everclear/purchase.ts';
import { amount } from '../../src/money/amount.ts';

const SPOKE: Address = '0x5555555555555555555555555555555555555555';
const OTHER: Address = '0x6666666666666666666666666666666666666666';
const TOKEN: Address = '0x2222222222222222222222222222222222222222';
const WALLET: Address = '0x1111111111111111111111111111111111111111';
const ID = pad('0x9', { size: 32 });

const common = {
	initiator: pad(WALLET, { size: 32 }),
	receiver: pad(WALLET, { size: 32 }),
	inputAsset: pad(TOKEN, { size: 32 }),
	outputAsset: pad('0x', { size: 32 }),
	origin: 10,
	nonce: 3n,
	timestamp: 1,
	ttl: 0,
	amount: 5n * 10n ** 18n,
	destinations: [1, 56],
	data: '0x',
} as const;

function log(address: Address, topics: readonly unknown[], data: Hex): Log {
	const position = { blockHash: ID, blockNumber: 1n, logIndex: 0, transactionHash: ID, transactionIndex: 0, removed: false };
	return { ...position, address, data, topics: topics as [Hex, ...Hex[]] };
}

function added(version: 'v1' | 'v2', address: Address, intentId: Hex = ID): Log {
	const abi = version === 'v1' ? intentAddedV1Abi : intentAddedV2Abi;
	const [, queueIdx, intent] = getAbiItem({ abi, name: 'IntentAdded' }).inputs;
	const topics = encodeEventTopics({ abi: intentAddedV2Abi, eventName: 'IntentAdded', args: { intentId } }).slice(1);
	const topic =
		version === 'v1'
			? '0xefe68281645929e2db845c5b42e12f7c73485fb5f18737b7b29379da006fa5f7'
			: '0x80eb6c87e9da127233fe2ecab8adf29403109adc6bec90147df35eeee0745991';
	return log(address, [topic, ...topics], encodeAbiParameters([queueIdx, intent], [1n, { ...common, maxFee: 0, amountOutMin: 0n }]));
}

function fees(address: Address): Log {
	const topics = encodeEventTopics({ abi: feeAdapterEventsAbi, eventName: 'IntentWithFeesAdded', args: { intentId: ID, initiator: ID } });
	return log(address, topics, encodeAbiParameters([{ type: 'uint256' }, { type: 'uint256' }], [0n, 0n]));
}

describe('a mined purchase', () => {
	it.each(['v1', 'v2'] as const)('is read from the event of generation %s', (version) => {
		expect(readPurchase([added(version, SPOKE)], SPOKE)).toEqual({ intentId: ID, amount: 5n * 10n ** 18n, destinations: ['1', '56'] });
	});

	it('through the fee adapter is the intent that the adapter names', () => {
		const foreign = added('v2', OTHER, pad('0x8', { size: 32 }));
		expect(readPurchase([added('v2', OTHER), foreign, fees(SPOKE)], SPOKE).intentId).toBe(ID);
	});

	it.each([
		['no intent', []],
		["somebody else's intent", [added('v2', OTHER)]],
		["somebody else's intent and adapter", [added('v2', OTHER), fees(OTHER)]],
		['two intents', [added('v2', SPOKE), added('v2', SPOKE, pad('0x8', { size: 32 }))]],
	])('with %s stops everything', (_name, logs) => {
		expect(() => readPurchase(logs, SPOKE)).toThrow(InvariantError);
	});
});

describe("the API's call", () => {
	const expected = { spoke: SPOKE, inputAsset: TOKEN, wallet: WALLET, amount: amount(5_000_000n), destinations: ['56', '1'] };
	const terms = {
		destinations: [1, 56],
		receiver: WALLET,
		inputAsset: TOKEN,
		outputAsset: zeroAddress as Address,
		amount: 5_000_000n,
		maxFee: 0,
		ttl: 0,
		data: '0x' as Hex,
	};

	function call(changes: Partial<typeof terms> = {}, fee?: bigint) {
		const { destinations, receiver, inputAsset, outputAsset, amount: units, maxFee, ttl, data } = { ...terms, ...changes };
		const args = [destinations, receiver, inputAsset, outputAsset, units, maxFee, ttl, data] as const;
		const encoded =
			fee === undefined
				? encodeFunctionData({ abi: newIntentAbi, functionName: 'newIntent', args })
				: encodeFunctionData({ abi: newIntentAbi, functionName: 'newIntent', args: [...args, { fee, deadline: 99n, sig: '0x12' }] });
		return { chainId: 10, to: SPOKE, data: encoded, value: 0n };
	}

	it.each([
		['the spoke', call(), '0x4a943d21'],
		['the fee adapter', call({}, 0n), '0xb4c20477'],
	])('to %s is accepted when it says what was asked for', (_name, made, selector) => {
		expect(made.data.slice(0, 10)).toBe(selector);
		expect(() => checkIntentCall(made, expected)).not.toThrow();
	});

	it.each([
		['another receiver', call({ receiver: OTHER }), /receiver/],
		['another asset', call({ inputAsset: OTHER }), /input asset/],
		['one unit more', call({ amount: 5_000_001n }), /amount/],
		['one unit less', call({ amount: 4_999_999n }), /amount/],
		['a maximum fee', call({ maxFee: 1 }), /maximum fee/],
		['a time to live', call({ ttl: 1 }), /time to live/],
		['calldata', call({ data: '0x12' }), /calldata/],
		['another destination', call({ destinations: [1, 137] }), /destinations/],
		['a destination less', call({ destinations: [1] }), /destinations/],
		['an output asset', call({ outputAsset: OTHER }), /output asset/],
		['a fee in tokens', call({}, 1n), /fee of 1/],
		['another contract', { ...call(), to: OTHER }, /it calls/],
		['native value', { ...call(), value: 1n }, /native/],
		['another function', { ...call(), data: '0xa9059cbb' as Hex }, /no newIntent/],
		['half of its arguments', { ...call(), data: call().data.slice(0, 200) as Hex }, /no newIntent/],
	])('with %s is not signed', (_name, made, problem) => {
		expect(() => checkIntentCall(made, expected)).toThrow(InvariantError);
		expect(() => checkIntentCall(made, expected)).toThrow(problem);
	});
});
