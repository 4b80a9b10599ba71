import { type Log, numberToHex, zeroHash } from 'viem';
import { describe, expect, it } from 'vitest';
import { readArrival } from '../../../src/bridge/binance/arrival.ts';
import { InvariantError, TransientError } from '../../../src/errors.ts';
import { fakeNode } from '../cctp-v2/fake-node.ts';
import { DEPOSIT_TX, endAt, NOW_MS, ORDER, STRANGER, TOKENS, transfer, WALLET, WITHDRAW_TX } from './account.ts';

const PROOF = {
	...{ depositTx: DEPOSIT_TX, seenAtMs: NOW_MS, credited: '100.123456', noticedAtMs: NOW_MS },
	...{ withdrawTx: WITHDRAW_TX, withdrawn: '100.12345678', withdrawFee: '0.1' },
};
/** What is to arrive: 100.02345678, as far as the token can say it. */
const NET = 100_023_456n;
const paid = (value: bigint, more: Parameters<typeof transfer>[0] = {}) =>
	transfer({ token: TOKENS[10] ?? zeroHash, from: STRANGER, to: WALLET, value, ...more });

function nodeWith(logs: readonly Log[]) {
	return fakeNode(({ method, params }) => {
		if (method !== 'eth_getTransactionReceipt' || params[0] !== WITHDRAW_TX) return null;
		const place = { transactionHash: WITHDRAW_TX, transactionIndex: '0x0', blockHash: zeroHash, blockNumber: '0x9' };
		const rows = logs.map((log, index) => ({ ...log, ...place, blockTimestamp: '0x1', logIndex: numberToHex(index) }));
		const gas = { cumulativeGasUsed: '0x1', gasUsed: '0x1', effectiveGasPrice: '0x1' };
		return {
			...place,
			...gas,
			status: '0x1',
			type: '0x2',
			from: STRANGER,
			to: TOKENS[10],
			contractAddress: null,
			logsBloom: '0x',
			logs: rows,
		};
	});
}

const arrival = (logs: readonly Log[], proof = PROOF, order = ORDER) => readArrival(order, nodeWith(logs).client, proof);

describe('what a withdrawal has brought', () => {
	it('is what the token says, whatever the exchange has said', async () => {
		const told = { venue: '10', transactionHash: WITHDRAW_TX, blockNumber: 9n };
		expect(await arrival([paid(NET)])).toEqual({ ...told, amount: NET });
		expect(await arrival([paid(NET - 5n)])).toEqual({ ...told, amount: NET - 5n });
	});

	it('is told apart from everything else that moves in the same transaction', async () => {
		const others = [paid(NET, { to: STRANGER }), paid(NET, { token: STRANGER })];
		expect(await arrival([...others, paid(7n)])).toMatchObject({ amount: 7n });
	});

	it('is the one that was to arrive, when the exchange pays several of ours at once', async () => {
		for (const logs of [
			[paid(1n), paid(NET), paid(3n)],
			[paid(NET), paid(NET)],
		])
			expect(await arrival(logs)).toMatchObject({ amount: NET });
	});

	it('is expected in the units of its own token', async () => {
		const order = { ...ORDER, destination: endAt('10', 18) };
		const net = 10_002_345_678n * 10n ** 10n;
		expect(await arrival([paid(1n), paid(net)], PROOF, order)).toMatchObject({ amount: net });
	});

	it.each<[string, Log[], RegExp]>([
		['brings nothing', [], /has brought nothing/],
		['brings another token', [paid(NET, { token: STRANGER })], /has brought nothing/],
		['pays somebody else', [paid(NET, { to: STRANGER })], /has brought nothing/],
		['brings several amounts, none of them ours', [paid(1n), paid(2n)], /has brought 1, 2, none of them 100023456/],
	])('stops everything when the transaction %s', async (_case, logs, problem) => {
		await expect(arrival(logs)).rejects.toThrow(InvariantError);
		await expect(arrival(logs)).rejects.toThrow(problem);
	});

	it('is not known while the chain does not know the transaction, or not any more', async () => {
		const unknown = arrival([], { ...PROOF, withdrawTx: DEPOSIT_TX });
		await expect(unknown).rejects.toThrow(TransientError);
		await expect(unknown).rejects.toThrow(/is not on 10/);
	});

	it('is not known while the chain cannot be asked', async () => {
		const { client } = fakeNode(() => {
			throw new Error('down');
		});
		const unread = readArrival(ORDER, client, PROOF);
		await expect(unread).rejects.toThrow(TransientError);
		await expect(unread).rejects.toThrow(/could not be read/);
	});
});
