import { type Hex, type Log, numberToHex, pad } from 'viem';
import { describe, expect, it } from 'vitest';
import { attestedBurnOf } from '../../../src/bridge/cctp-v2/evidence.ts';
import { deliveryOf, findReceived } from '../../../src/bridge/cctp-v2/mint.ts';
import { InvariantError, TransientError } from '../../../src/errors.ts';
import {
	attested,
	BURN_BLOCK,
	bodyOf,
	MESSENGERS,
	MINT_TX,
	messageReceived,
	mined,
	mintAndWithdraw,
	NONCE,
	ORDER,
	proofWith,
	STRANGER,
	TOKENS,
	TRANSMITTERS,
	transfer,
	WALLET,
} from './burns.ts';
import { fakeNode } from './fake-node.ts';

const BURN = attestedBurnOf(proofWith());
const [transmitter, messenger] = [TRANSMITTERS[10] as Hex, MESSENGERS[10] as Hex];
const PLACE = { client: fakeNode(() => null).client, chainId: 10, transmitter, messenger, finalityBlocks: 0 };
const delivery = (logs: readonly Log[]) => deliveryOf(ORDER, PLACE, { burn: BURN, mined: mined(MINT_TX, logs) });

const feeTransfer = transfer({ to: STRANGER, value: 130_000n });
const REGULAR = [transfer(), feeTransfer, mintAndWithdraw(), messageReceived()];
/** Another burn of ours, of as much, delivered in the same transaction for another fee. */
const OTHER_NONCE = pad('0x78', { size: 32 });
const OTHER = [
	transfer({ value: 999_900_000n }),
	mintAndWithdraw({ amount: 999_900_000n, feeCollected: 100_000n }),
	messageReceived({ nonce: OTHER_NONCE, messageBody: bodyOf(attested({ feeExecuted: 100_000n })) }),
];

describe('what has arrived', () => {
	it('is what the messenger says it has minted, and the token has transferred', () => {
		expect(delivery(REGULAR)).toEqual({ venue: '10', amount: 999_870_000n, transactionHash: MINT_TX, blockNumber: BURN_BLOCK });
	});

	it('is told apart from other messages of the same transaction by their order', () => {
		expect(delivery([...OTHER, ...REGULAR]).amount).toBe(999_870_000n);
		expect(delivery([...REGULAR, ...OTHER]).amount).toBe(999_870_000n);
		const other = deliveryOf(ORDER, PLACE, { burn: { ...BURN, nonce: OTHER_NONCE }, mined: mined(MINT_TX, [...REGULAR, ...OTHER]) });
		expect(other.amount).toBe(999_900_000n);
	});

	it('is the last mint before the message was received', () => {
		const earlier = mintAndWithdraw({ amount: 1n, mintRecipient: STRANGER });
		expect(delivery([earlier, ...REGULAR]).amount).toBe(999_870_000n);
	});

	it('counts with the fee that was really taken, when another attestation of the message was delivered', () => {
		const received = messageReceived({
			finalityThresholdExecuted: 2_000,
			messageBody: bodyOf(attested({ feeExecuted: 0n, expirationBlock: 0n })),
		});
		const logs = [transfer({ value: ORDER.send }), mintAndWithdraw({ amount: ORDER.send, feeCollected: 0n }), received];
		expect(delivery(logs).amount).toBe(ORDER.send);
	});

	it.each<[string, Log[], RegExp]>([
		['received nothing', [transfer(), mintAndWithdraw()], /has not received message/],
		['received another message', [transfer(), mintAndWithdraw(), messageReceived({ nonce: OTHER_NONCE })], /has not received message/],
		['received it elsewhere', [transfer(), mintAndWithdraw(), messageReceived({}, STRANGER)], /has not received message/],
		['received it from another domain', [transfer(), mintAndWithdraw(), messageReceived({ sourceDomain: 6 })], /has not received message/],
		[
			'received it from another sender',
			[transfer(), mintAndWithdraw(), messageReceived({ sender: pad(STRANGER) })],
			/has not received message/,
		],
		[
			'received another transfer',
			[transfer(), mintAndWithdraw(), messageReceived({ messageBody: bodyOf(attested({ amount: 5n })) })],
			/has not received message/,
		],
		['minted nothing', [transfer(), messageReceived()], /has minted nothing/],
		['minted elsewhere', [transfer(), mintAndWithdraw({}, STRANGER), messageReceived()], /has minted nothing/],
		['minted before another message', [transfer(), mintAndWithdraw(), ...OTHER.slice(2), messageReceived()], /has minted nothing/],
		['minted afterwards', [messageReceived(), transfer(), mintAndWithdraw()], /has minted nothing/],
		['minted for somebody else', [transfer(), mintAndWithdraw({ mintRecipient: STRANGER }), messageReceived()], /mint went to 0x2222/],
		['minted another token', [transfer(), mintAndWithdraw({ mintToken: TOKENS[1] }), messageReceived()], /has minted 0x/],
		[
			'minted less',
			[transfer(), mintAndWithdraw({ amount: 999_869_999n }), messageReceived()],
			/a fee of 130000, where 1000000000 was burned/,
		],
		['transferred nothing', [feeTransfer, mintAndWithdraw(), messageReceived()], /has not transferred the 999870000/],
		['transferred from somebody', [transfer({ from: STRANGER }), mintAndWithdraw(), messageReceived()], /has not transferred/],
		['transferred less than was minted', [transfer({ value: 999_869_999n }), mintAndWithdraw(), messageReceived()], /has not transferred/],
		['transferred another token', [transfer({}, STRANGER), mintAndWithdraw(), messageReceived()], /has not transferred/],
		['transferred it for another message', [transfer(), ...OTHER, mintAndWithdraw(), messageReceived()], /has not transferred/],
	])('is nothing when the transaction has %s', (_case, logs, problem) => {
		expect(() => delivery(logs)).toThrow(InvariantError);
		expect(() => delivery(logs)).toThrow(problem);
	});
});

describe('the search for a delivery', () => {
	const HEAD = 5_000;

	/** A node outside on which the message was received in block `receivedIn`; it refuses log queries over more than 2,000 blocks. */
	function node(receivedIn: number, receipt: 'there' | 'missing' = 'there') {
		const ranges: [number, number][] = [];
		const blockNumber = numberToHex(receivedIn);
		const position = {
			blockNumber,
			blockHash: MINT_TX,
			transactionHash: MINT_TX,
			logIndex: '0x0',
			transactionIndex: '0x0',
			removed: false,
		};
		const log = { ...messageReceived({ caller: WALLET }), ...position };
		const logsIn = ({ fromBlock, toBlock, topics, address }: { fromBlock: Hex; toBlock: Hex; topics: Hex[]; address: Hex }) => {
			const [from, to] = [Number(fromBlock), Number(toBlock)];
			ranges.push([from, to]);
			if (to - from >= 2_000) throw new Error('the range is too long');
			const isAsked = topics[2] === NONCE && address === transmitter && receivedIn >= from && receivedIn <= to;
			return isAsked ? [log] : [];
		};
		const { client } = fakeNode(({ method, params }) => {
			if (method === 'eth_blockNumber') return numberToHex(HEAD);
			if (method === 'eth_getLogs') return logsIn(params[0] as Parameters<typeof logsIn>[0]);
			return receipt === 'there' ? { blockNumber, status: '0x1', logs: [log], transactionHash: params[0], type: '0x2' } : null;
		});
		return { place: { ...PLACE, client }, ranges };
	}

	it('asks for its nonce in the newest blocks first, and shows the whole transaction', async () => {
		const { place, ranges } = node(HEAD - 1);
		const found = await findReceived(place, BURN);
		expect(found).toMatchObject({ transactionHash: MINT_TX, blockNumber: BigInt(HEAD - 1) });
		expect(found.logs.map(({ address, data }) => ({ address, data }))).toEqual([{ address: transmitter, data: messageReceived().data }]);
		expect(ranges).toEqual([[3_001, 5_000]]);
	});

	it('goes back to the first block', async () => {
		const { place, ranges } = node(0);
		expect((await findReceived(place, BURN)).blockNumber).toBe(0n);
		expect(ranges).toEqual([
			[3_001, 5_000],
			[1_001, 3_000],
			[0, 1_000],
		]);
	});

	it.each([
		['shows no such event', node(HEAD + 1)],
		['has lost the transaction', node(HEAD, 'missing')],
	])('is to be repeated when the node %s', async (_case, { place }) => {
		await expect(findReceived(place, BURN)).rejects.toBeInstanceOf(TransientError);
	});
});
