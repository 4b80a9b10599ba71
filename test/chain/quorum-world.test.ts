import { erc20Abi, type PublicClient } from 'viem';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { INVOICE_OWNERS, SOLVER } from '../../sandbox/chains/accounts.ts';
import { CHAINS, type LocalChain, mintUsdc, startChain } from '../../sandbox/chains/chain.ts';
import { MULTICALL3 } from '../../sandbox/chains/client.ts';
import type { RpcFaultRule } from '../../sandbox/chains/rpc-proxy.ts';
import { readBalances, readHead } from '../../src/chain/balances.ts';
import { createClients } from '../../src/chain/clients.ts';
import { receiptOrNull } from '../../src/chain/look.ts';
import { lookAtNonce } from '../../src/chain/receipts.ts';
import { readMovements } from '../../src/chain/transfers.ts';
import { TransientError } from '../../src/errors.ts';

let chain: LocalChain;

beforeAll(async () => {
	chain = await startChain({ ...CHAINS[0], blockSeconds: 0, endpoints: 3 });
	await mintUsdc(chain, SOLVER.address, 500n);
}, 60_000);
afterAll(() => chain.stop());
afterEach(() => {
	for (const proxy of chain.proxies) {
		proxy.fault = () => 'pass';
		proxy.counts.clear();
	}
});

const TIMEOUT_MS = 1_000;

function clientOf(places: readonly number[] = [0, 1, 2]): PublicClient {
	const rpcUrls = chain.proxies.filter((_, index) => places.includes(index)).map(({ url }) => url);
	const { chainId, name } = chain;
	return createClients(new Map([['1', { chainId, name, rpcUrls, pollMs: 50, multicall3: MULTICALL3 }]]), TIMEOUT_MS).client('1');
}

const misbehave = (place: number, fault: RpcFaultRule): void => {
	const proxy = chain.proxies[place];
	if (proxy !== undefined) proxy.fault = fault;
};

const place = () => ({ venue: '1', holder: SOLVER.address, token: { kind: 'erc20', address: chain.usdc }, decimals: 6 }) as const;

/** Throws what was thrown, or the reason why a balance is not known. */
async function balances(client: PublicClient) {
	const positions = ['USDC', 'USDC again'].map((asset) => ({ ...place(), asset }));
	const head = await readHead(client, '1');
	const { balances: read, unread } = await readBalances(client, { venue: '1', positions, head, settled: 0 });
	for (const { problem } of unread) throw new TransientError(problem);
	return read;
}

const cameIn = async (client: PublicClient) =>
	readMovements(client, { venue: '1', positions: [{ ...place(), asset: 'USDC' }], fromBlock: 0n, toBlock: await client.getBlockNumber() });

async function sent() {
	const hash = await chain.client.send({ from: INVOICE_OWNERS[0]?.address ?? SOLVER.address, to: SOLVER.address, value: 1n });
	await chain.client.mine({ blocks: 1 });
	return chain.client.mined(hash);
}

describe('with one endpoint', () => {
	it('each question is one call, and the chain id one more', async () => {
		const client = clientOf([0]);
		const [proxy] = chain.proxies;
		await client.getBlockNumber();
		await client.getBalance({ address: SOLVER.address });
		await client.getBlock();
		expect(Object.fromEntries(proxy?.counts ?? [])).toEqual({
			eth_chainId: 1,
			eth_blockNumber: 1,
			eth_getBalance: 1,
			eth_getBlockByNumber: 1,
		});
	});
});

describe('with three endpoints', () => {
	it('one that lies is told apart from the others by no reading: balances, what came in, nonces and receipts are the chain’s', async () => {
		const { transactionHash: hash, from } = await sent();
		const nonce = BigInt(await chain.client.getTransactionCount({ address: from })) - 1n;
		const query = { signer: from, nonce, hashes: [hash], finalityBlocks: 0 };
		const [honest, arrived] = [await balances(clientOf()), await cameIn(clientOf())];
		expect(honest).toMatchObject([{ amount: 500n }, { amount: 500n }]);
		expect(arrived).toMatchObject([{ incoming: 500n, outgoing: 0n }]);
		for (const place of [0, 1, 2]) {
			misbehave(place, () => 'lie');
			const client = clientOf();
			expect(await balances(client)).toEqual(honest);
			expect(await cameIn(client)).toEqual(arrived);
			expect(await lookAtNonce({ client, ...query })).toMatchObject({ state: 'mined' });
			expect(await client.getTransactionCount({ address: from })).toBe(Number(nonce) + 1);
			expect(await client.getBalance({ address: SOLVER.address })).toBe(await chain.client.getBalance({ address: SOLVER.address }));
			misbehave(place, () => 'pass');
		}
	});

	it('the liar would be believed alone, and stops everything where two must agree', async () => {
		const { transactionHash: hash } = await sent();
		misbehave(0, () => 'lie');
		expect(await receiptOrNull(clientOf([0]), hash)).toBeNull();
		expect(await balances(clientOf([0]))).not.toEqual(await balances(clientOf([1])));
		expect(await cameIn(clientOf([0]))).not.toEqual(await cameIn(clientOf([1])));
		await expect(balances(clientOf([0, 1]))).rejects.toThrow(TransientError);
		await expect(receiptOrNull(clientOf([0, 1]), hash)).rejects.toThrow(/no 2 of 2 endpoints agree/);
	});

	it('one that lags by a block takes part, one that lags by many is left out', async () => {
		await chain.client.mine({ blocks: 60 });
		const head = await chain.client.getBlockNumber({ cacheTime: 0 });
		misbehave(0, () => ({ lagBlocks: 1 }));
		expect(await clientOf([0, 1]).getBlockNumber()).toBe(head - 1n);
		expect(await balances(clientOf([0, 1]))).toMatchObject([{ amount: 500n, blockNumber: head - 1n }, {}]);
		misbehave(0, () => ({ lagBlocks: 50 }));
		expect(await clientOf().getBlockNumber()).toBe(head);
		expect(await balances(clientOf())).toMatchObject([{ amount: 500n, blockNumber: head }, {}]);
		await expect(clientOf([0, 1]).getBlockNumber()).rejects.toThrow(/endpoints agree/);
	});

	it('no endpoint alone is enough when the other two are gone, and any second one is', async () => {
		misbehave(1, () => 'error500');
		misbehave(2, () => 'hang');
		const client = clientOf();
		await expect(balances(client)).rejects.toThrow(TransientError);
		misbehave(2, () => 'pass');
		expect(await balances(client)).toMatchObject([{ amount: 500n }, {}]);
	});

	it('a transaction reaches the node through the one endpoint that is left', async () => {
		misbehave(0, () => 'error500');
		misbehave(1, () => 'hang');
		const { usdc } = chain;
		const request = {
			to: usdc,
			nonce: 0,
			gas: 100_000n,
			maxFeePerGas: 10n ** 10n,
			maxPriorityFeePerGas: 1n,
			chainId: 1,
			type: 'eip1559',
		} as const;
		const raw = await SOLVER.signTransaction({ ...request, data: '0x18160ddd' });
		const hash = await clientOf().sendRawTransaction({ serializedTransaction: raw });
		await chain.client.mine({ blocks: 1 });
		expect(await chain.client.mined(hash)).toMatchObject({ from: SOLVER.address.toLowerCase() });
		expect(await clientOf([2]).readContract({ address: usdc, abi: erc20Abi, functionName: 'totalSupply' })).toBeGreaterThan(500n);
	});
});
