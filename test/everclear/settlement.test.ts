import {
	type Address,
	createPublicClient,
	custom,
	encodeAbiParameters,
	encodeEventTopics,
	erc20Abi,
	type Hex,
	type Log,
	numberToHex,
	type PublicClient,
	pad,
} from 'viem';
import { describe, expect, it } from 'vitest';
import { settledAbi } from '../../src/everclear/abi.ts';
import { findSettlements, readPayment } from '../../src/everclear/settlement.ts';
import { hubAmount } from '../../src/money/amount.ts';

const SPOKE: Address = '0x5555555555555555555555555555555555555555';
const OTHER: Address = '0x6666666666666666666666666666666666666666';
const TOKEN: Address = '0x2222222222222222222222222222222222222222';
const WALLET: Address = '0x1111111111111111111111111111111111111111';
const id = (n: number): Hex => pad(numberToHex(n), { size: 32 });
const TX = id(99);

interface Written {
	readonly address: Address;
	readonly topics: readonly unknown[];
	readonly data: Hex;
}

const uint = (value: bigint) => encodeAbiParameters([{ type: 'uint256' }], [value]);

function paid(units: bigint, { token = TOKEN, to = WALLET } = {}): Written {
	const topics = encodeEventTopics({ abi: erc20Abi, eventName: 'Transfer', args: { from: SPOKE, to } });
	return { address: token, topics, data: uint(units) };
}

function settled(intentId: Hex, { emitter = SPOKE, units = 0n } = {}): Written {
	const topics = encodeEventTopics({ abi: settledAbi, eventName: 'Settled', args: { _intentId: intentId } });
	const types = [{ type: 'address' }, { type: 'address' }, { type: 'uint256' }] as const;
	return { address: emitter, topics, data: encodeAbiParameters(types, [WALLET, TOKEN, units]) };
}

/** The logs of one transaction, in this order. */
function logs(...written: readonly Written[]): Log[] {
	return written.map(({ topics, ...rest }, logIndex) => ({
		...rest,
		...{
			topics: topics as [Hex, ...Hex[]],
			logIndex,
			blockHash: TX,
			blockNumber: 1n,
			transactionHash: TX,
			transactionIndex: 0,
			removed: false,
		},
	}));
}

describe('a payment of the hub', () => {
	const payee = { intentId: id(1), owed: hubAmount(100n * 10n ** 18n), wallet: WALLET, token: TOKEN, decimals: 6 };
	const amount = (tokens: bigint) => tokens * 10n ** 6n;

	it.each([
		['stands before its event', logs(paid(amount(100n)), settled(id(1))), amount(100n)],
		[
			'comes from any contract, as the spoke behind a fee adapter is not configured',
			logs(paid(amount(100n)), settled(id(1), { emitter: OTHER })),
			amount(100n),
		],
		[
			'is what the token has transferred, whatever the event says',
			logs(paid(amount(99n)), settled(id(1), { units: amount(100n) })),
			amount(99n),
		],
		[
			'is the one before its event in a batch',
			logs(paid(amount(90n)), settled(id(2)), paid(amount(100n)), settled(id(1)), paid(amount(95n)), settled(id(3))),
			amount(100n),
		],
		['with the discount deducted is all there is', logs(paid(amount(97n)), settled(id(1))), amount(97n)],
		['of half of what is owed is taken', logs(paid(amount(50n)), settled(id(1))), amount(50n)],
		[
			'behind a forged event of the same intent is found',
			logs(settled(id(1), { emitter: OTHER }), paid(amount(100n)), settled(id(1))),
			amount(100n),
		],
	])('%s', (_name, given, expected) => {
		expect(readPayment(given, payee)).toBe(expected);
	});

	it.each([
		['an event alone, as when the transfer has failed', logs(settled(id(1)))],
		['an event of another intent', logs(paid(amount(100n)), settled(id(2)))],
		["another intent's payment in the same batch", logs(paid(amount(100n)), settled(id(2)), settled(id(1)))],
		['a payment behind the event', logs(settled(id(1)), paid(amount(100n)))],
		['a transfer to somebody else', logs(paid(amount(100n), { to: OTHER }), settled(id(1)))],
		['a transfer of another token', logs(paid(amount(100n), { token: OTHER }), settled(id(1)))],
		['dust with the event behind it, as anybody can write it', logs(paid(1n), settled(id(1), { emitter: OTHER }))],
		['less than half of what is owed', logs(paid(amount(50n) - 1n), settled(id(1)))],
		['a transfer without an event', logs(paid(amount(100n)))],
		['no logs', logs()],
	])('is not concluded from %s', (_name, given) => {
		expect(readPayment(given, payee)).toBeNull();
	});

	it('is measured in the decimals of its own venue', () => {
		const wide = { ...payee, decimals: 18 };
		expect(readPayment(logs(paid(100n * 10n ** 18n), settled(id(1))), wide)).toBe(100n * 10n ** 18n);
		expect(readPayment(logs(paid(amount(100n)), settled(id(1))), wide)).toBeNull();
	});
});

describe('the search for settlements', () => {
	function node(answer: () => unknown): { client: PublicClient; asked: unknown[] } {
		const asked: unknown[] = [];
		const request = async ({ params }: { params?: unknown }) => {
			asked.push(params);
			return answer();
		};
		return { client: createPublicClient({ transport: custom({ request }, { retryCount: 0 }) }), asked };
	}

	it('asks once for all intents, by topic and for exactly the range', async () => {
		const found = logs(settled(id(2))).map((log) => ({ ...log, blockNumber: '0x7', logIndex: '0x0', transactionIndex: '0x0' }));
		const { client, asked } = node(() => found);
		const sightings = await findSettlements(client, { intentIds: [id(1), id(2)], fromBlock: 5n, toBlock: 9n });
		expect(sightings).toEqual([{ intentId: id(2), tx: TX }]);
		const [topic] = encodeEventTopics({ abi: settledAbi, eventName: 'Settled' });
		expect(asked).toEqual([[{ fromBlock: '0x5', toBlock: '0x9', topics: [topic, [id(1), id(2)]] }]]);
	});

	it('that fails has found nothing out, and says so', async () => {
		const { client } = node(() => {
			throw new Error('too many results');
		});
		await expect(findSettlements(client, { intentIds: [id(1)], fromBlock: 5n, toBlock: 9n })).rejects.toThrow();
	});
});
