import fc from 'fast-check';
import { erc20Abi, keccak256 } from 'viem';
import { describe, expect, it } from 'vitest';
import { lookAt, receiptOrNull } from '../../src/chain/look.ts';
import type { RpcRequest } from '../../src/chain/quorum-facts.ts';
import { TransientError } from '../../src/errors.ts';
import { HANGS, HASH, HOLDER, hex, RAW, receiptAt, refusal, rpcError, stand } from './quorum-nodes.ts';

describe('a fact', () => {
	it('is what most endpoints say, whatever one of three makes up, and wherever it stands', async () => {
		const lies = fc.record({
			liar: fc.nat(2),
			method: fc.constantFrom('eth_getBalance', 'eth_getTransactionCount', 'eth_getTransactionReceipt', 'eth_getLogs', 'eth_call'),
			lie: fc.oneof(
				fc.constant(null),
				fc.bigInt(0n, 2n ** 200n).map(hex),
				fc.constant([]),
				fc.nat(200).map(receiptAt),
				fc.jsonValue(),
				fc.constant(new Error('no')),
			),
		});
		await fc.assert(
			fc.asyncProperty(lies, async ({ liar, method, lie }) => {
				const { client, nodes } = stand(3);
				const node = nodes[liar];
				if (node !== undefined) node.says = (request) => (request.method === method ? lie : undefined);
				expect(await client.getBalance({ address: HOLDER })).toBe(1_100n);
				expect(await client.getTransactionCount({ address: HOLDER })).toBe(9);
				expect((await receiptOrNull(client, HASH))?.blockNumber).toBe(90n);
				expect(await client.getLogs({ fromBlock: 1n, toBlock: 100n })).toHaveLength(1);
				expect(await client.readContract({ address: HOLDER, abi: erc20Abi, functionName: 'totalSupply' })).toBe(7n);
			}),
			{ numRuns: 200 },
		);
	});

	it('needs as many equal answers as ever when endpoints are missing: nothing is zero, and nothing absent', async () => {
		const { client, first, second, third } = stand(3);
		first.says = second.says = () => new Error('down');
		third.says = ({ method }) => (method === 'eth_getTransactionReceipt' ? null : undefined);
		const looks: Promise<unknown>[] = [
			client.getBalance({ address: HOLDER }),
			client.getBlockNumber(),
			receiptOrNull(client, HASH),
			client.getLogs({ fromBlock: 1n, toBlock: 2n }),
		];
		for (const look of looks) {
			const error = await refusal(lookAt({ name: 'it', chainId: 10 }, () => look));
			expect(error).toBeInstanceOf(TransientError);
			expect(error.message).toMatch(/no 2 of 3 endpoints agree/);
		}
		second.says = () => undefined;
		expect(await client.getBalance({ address: HOLDER })).toBe(1_100n);
	});

	it('is absent only when enough endpoints say that it is', async () => {
		const { client, first, second, third } = stand(3);
		const none = ({ method }: RpcRequest) => (method === 'eth_getTransactionReceipt' ? null : undefined);
		first.says = none;
		expect(await receiptOrNull(client, HASH)).not.toBeNull();
		third.says = none;
		expect(await receiptOrNull(client, HASH)).toBeNull();
		second.says = ({ method }) => (method === 'eth_getTransactionReceipt' ? new Error('down') : undefined);
		expect(await receiptOrNull(client, HASH)).toBeNull();
		third.says = () => undefined;
		expect(await refusal(receiptOrNull(client, HASH))).toMatchObject({ name: 'NoAgreementError' });
	});

	it('is asked of as many as are needed, and of the others only when these do not suffice', async () => {
		const { client, third, second, asked } = stand(3);
		await client.getBlockNumber();
		await receiptOrNull(client, HASH);
		await client.getLogs({ fromBlock: 1n, toBlock: 100n });
		expect([asked('eth_getTransactionReceipt'), asked('eth_getLogs')]).toEqual([
			[1, 1, 0],
			[1, 1, 0],
		]);
		second.says = () => new Error('down');
		await receiptOrNull(client, HASH);
		expect(third.asked.at(-1)?.method).toBe('eth_getTransactionReceipt');
	});

	it('does not wait for an endpoint that hangs', async () => {
		const { client, first } = stand(3, { patienceMs: 5 });
		first.says = () => HANGS;
		expect(await client.getBalance({ address: HOLDER })).toBe(1_100n);
	});

	it('holds nothing that only some nodes say, in whatever order they say it', async () => {
		const { client, first, second } = stand(3);
		const { logs, ...rest } = receiptAt(90);
		first.says = ({ method }) => (method === 'eth_getTransactionReceipt' ? { l1Fee: '0x1', ...rest, logs } : undefined);
		second.says = ({ method }) =>
			method === 'eth_getTransactionReceipt' ? { logs, ...rest, to: HOLDER.toUpperCase().replace('X', 'x') } : undefined;
		const receipt = await receiptOrNull(client, HASH);
		expect(receipt).toMatchObject({ blockNumber: 90n, status: 'success' });
		expect(receipt).not.toHaveProperty('l1Fee');
	});

	it('that a call is refused needs agreement too, and keeps its reason', async () => {
		const { client, first, second } = stand(3);
		const reverted = ({ method }: RpcRequest) => (method === 'eth_call' ? rpcError(3, 'execution reverted', '0xdeadbeef') : undefined);
		const supply = () => client.readContract({ address: HOLDER, abi: erc20Abi, functionName: 'totalSupply' });
		first.says = reverted;
		expect(await supply()).toBe(7n);
		second.says = reverted;
		expect((await refusal(supply())).message).toMatch(/0xdeadbeef/);
	});
});

describe('what one endpoint may answer alone', () => {
	it('is an estimate: the next one is asked when it fails', async () => {
		const { client, first, asked } = stand(3);
		expect(await client.getGasPrice()).toBe(7n);
		expect(asked('eth_gasPrice')).toEqual([1, 0, 0]);
		first.says = () => new Error('down');
		expect(await client.getGasPrice()).toBe(7n);
		expect(asked('eth_gasPrice')).toEqual([2, 1, 0]);
	});

	it('is not that a simulation is refused', async () => {
		const { client, first, second } = stand(3);
		const refuses = ({ method }: RpcRequest) =>
			method === 'eth_estimateGas' ? rpcError(3, 'execution reverted', '0xdeadbeef') : undefined;
		first.says = refuses;
		expect(await client.estimateGas({ account: HOLDER, to: HOLDER })).toBe(7n);
		second.says = refuses;
		expect((await refusal(client.estimateGas({ account: HOLDER, to: HOLDER }))).message).toMatch(/reverted/);
	});
});

describe('a signed transaction', () => {
	it('goes to every endpoint, and one that takes it is enough', async () => {
		const { client, first, second, asked } = stand(3);
		first.says = () => new Error('down');
		second.says = () => HANGS;
		expect(await client.sendRawTransaction({ serializedTransaction: RAW })).toBe(keccak256(RAW));
		expect(asked('eth_sendRawTransaction')).toEqual([1, 1, 1]);
	});

	it('that is known already is accepted', async () => {
		const { client, nodes } = stand(3);
		for (const node of nodes) node.says = () => rpcError(-32_000, 'already known');
		expect(await client.sendRawTransaction({ serializedTransaction: RAW })).toBe(keccak256(RAW));
	});

	it('that nobody takes is refused in the words of the first', async () => {
		const { client, nodes } = stand(3);
		for (const node of nodes) node.says = () => rpcError(-32_000, 'nonce too low');
		expect((await refusal(client.sendRawTransaction({ serializedTransaction: RAW }))).message).toMatch(/nonce too low/);
	});
});
