import {
	type Address,
	createPublicClient,
	custom,
	encodeAbiParameters,
	encodeEventTopics,
	getAbiItem,
	type Hash,
	type Hex,
	type PublicClient,
	pad,
	toHex,
} from 'viem';
import { describe, expect, it } from 'vitest';
import { fillEventsAbi } from '../../../src/bridge/across/abi.ts';
import { wide } from '../../../src/bridge/across/deposit.ts';
import { findFill } from '../../../src/bridge/across/fill.ts';
import { depositOf } from '../../../src/bridge/across/relay.ts';
import { TransientError } from '../../../src/errors.ts';

const POOL: Address = '0x5555555555555555555555555555555555555555';
const WALLET: Address = '0x1111111111111111111111111111111111111111';
const ZERO = pad('0x', { size: 32 });
const FILL_TX: Hash = pad('0xf1', { size: 32 });
const HEAD = 100_000;

const evidence = {
	originChainId: '1',
	depositId: '7',
	depositor: wide(WALLET),
	recipient: wide(WALLET),
	exclusiveRelayer: ZERO,
	inputToken: wide(POOL),
	outputToken: wide(POOL),
	inputAmount: '1000',
	outputAmount: '990',
	fillDeadline: '5000',
	exclusivityDeadline: '0',
	message: '0x',
	depositBlock: '5',
	seenAtMs: '0',
};
const deposit = depositOf(evidence);

function fillLog(outputAmount: bigint, blockNumber: number) {
	const event = getAbiItem({ abi: fillEventsAbi, name: 'FilledRelay' });
	const args = { originChainId: 1n, depositId: 7n, relayer: ZERO };
	const values = [
		deposit.inputToken,
		deposit.outputToken,
		1000n,
		outputAmount,
		1n,
		5000,
		0,
		ZERO,
		deposit.depositor,
		deposit.recipient,
		ZERO,
	];
	const info = { updatedRecipient: deposit.recipient, updatedMessageHash: ZERO, updatedOutputAmount: outputAmount, fillType: 0 };
	const data: Hex = encodeAbiParameters(
		event.inputs.filter((input) => !('indexed' in input)),
		[...values, info] as never,
	);
	const position = { blockHash: ZERO, logIndex: '0x0', transactionIndex: '0x0', transactionHash: FILL_TX, removed: false };
	return { ...position, blockNumber: toHex(blockNumber), address: POOL, topics: encodeEventTopics({ abi: [event], args }), data };
}

/** A node outside with one fill of 990 in block `filledIn`, that refuses log queries over more than 2,000 blocks. */
function node(filledIn: number, outputAmount = 990n) {
	const ranges: [number, number][] = [];
	const log = fillLog(outputAmount, filledIn);
	const request = async ({ method, params }: { method: string; params: readonly unknown[] }) => {
		if (method === 'eth_getTransactionReceipt') {
			if (params[0] !== FILL_TX) return null;
			return { blockNumber: toHex(filledIn), status: '0x1', logs: [log], transactionHash: FILL_TX, type: '0x2' };
		}
		const { fromBlock, toBlock, topics } = params[0] as { fromBlock: Hex; toBlock: Hex; topics: readonly Hex[] };
		const [from, to] = [Number(fromBlock), Number(toBlock)];
		if (to - from >= 2_000) throw new Error('the range is too long');
		if (topics[0] !== log.topics[0]) return [];
		ranges.push([from, to]);
		return filledIn >= from && filledIn <= to ? [log] : [];
	};
	const client: PublicClient = createPublicClient({ transport: custom({ request }, { retryCount: 0 }) });
	return { place: { client, pool: POOL, chainId: 10, finalityBlocks: 0 }, ranges };
}

const noHint = async () => null;

describe('the search for a fill', () => {
	it('finds a recent one with one query, and asks nobody else', async () => {
		const { place, ranges } = node(HEAD - 10);
		const hint = async () => {
			throw new Error('asked');
		};
		expect(await findFill(place, deposit, { head: BigInt(HEAD), hint })).toBe(FILL_TX);
		expect(ranges).toEqual([[98_001, 100_000]]);
	});

	it('takes a hinted transaction that holds the fill', async () => {
		const { place, ranges } = node(50);
		expect(await findFill(place, deposit, { head: BigInt(HEAD), hint: async () => FILL_TX })).toBe(FILL_TX);
		expect(ranges).toHaveLength(1);
	});

	it.each([
		['nothing', noHint],
		['a transaction that does not exist', async () => pad('0xbad', { size: 32 })],
	])('goes back to the first block when the hint is %s', async (_name, hint) => {
		const { place, ranges } = node(0);
		expect(await findFill(place, deposit, { head: BigInt(HEAD), hint })).toBe(FILL_TX);
		expect(ranges.at(-1)).toEqual([0, 0]);
		expect(ranges).toHaveLength(51);
	});

	it('does not take a fill of other relay data with the same ids, hinted or not', async () => {
		const { place } = node(HEAD - 10, 989n);
		const found = findFill(place, deposit, { head: BigInt(HEAD), hint: async () => FILL_TX });
		await expect(found).rejects.toBeInstanceOf(TransientError);
	});
});
