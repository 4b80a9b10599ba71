import type { Hash } from 'viem';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { RELAYER, SOLVER } from '../../../sandbox/chains/accounts.ts';
import { InvariantError, TransientError } from '../../../src/errors.ts';
import type { HopOrder } from '../../../src/leg/order.ts';
import { amount } from '../../../src/money/amount.ts';
import { type Exchanges, openExchanges } from './exchanges.ts';

let exchanges: Exchanges;
beforeAll(async () => {
	exchanges = await openExchanges();
});
afterAll(() => exchanges.stop());
beforeEach(() => exchanges.remember());
afterEach(() => exchanges.takeBack());

describe('what was mined', () => {
	it('is refused when it is not what was ordered', async () => {
		const { swap, swapped } = exchanges;
		const { order, mined } = await swapped();
		const received = BigInt(swap.evidence(order, mined).received ?? 0);
		const differing: [Partial<HopOrder>, RegExp][] = [
			[{ send: amount(order.send - 1n) }, /has taken 1000000000 of USDT/],
			[{ send: amount(order.send + 1n) }, /exactly 1000000001/],
			[{ receive: amount(received + 1n) }, /at least/],
			[{ recipient: RELAYER.address }, /brought 0 of USDC/],
			[{ sender: RELAYER.address }, /has taken 0 of USDT/],
			[{ origin: order.destination }, /has taken 0/],
			[{ destination: order.origin }, /brought 0/],
		];
		for (const [changes, problem] of differing) {
			expect(() => swap.evidence({ ...order, ...changes }, mined)).toThrow(InvariantError);
			expect(() => swap.evidence({ ...order, ...changes }, mined)).toThrow(problem);
		}
		expect(() => swap.evidence(order, { ...mined, logs: [] })).toThrow(/has taken 0 of USDT and brought 0 of USDC/);
		expect(swap.evidence({ ...order, receive: amount(received) }, mined)).toMatchObject({ received: String(received) });
		const somebodyElses = { ...order, recipient: RELAYER.address };
		await expect(swap.verify(somebodyElses, swap.evidence(order, mined), null)).rejects.toThrow(InvariantError);
	});

	it('is refused when the pool ran dry on the way, and a part of what was sent stayed', async () => {
		const { uniswap, at, bridge, orderOf, purse } = exchanges;
		const { router, quoter } = uniswap.at('1');
		const coarse = bridge({ venues: { 1: { router, quoter, fees: [10_000] } } });
		await uniswap.openPool('1', { fee: 10_000, tokenUnits: '50000000' });
		const order = { ...(await orderOf('1', '1000', coarse)), receive: amount(1n) };
		const { to, data } = await coarse.send(order);
		await uniswap.drain('1', 10_000);
		await uniswap.openPool('1', { fee: 10_000, tokenUnits: '500' });
		await expect(coarse.send(order)).rejects.toThrow(/fee 10000: too little liquidity\)/);
		const before = await purse('1');
		// With far more gas than an estimate for the whole swap allows.
		const { transactionHash, blockNumber, logs } = await at('1').client.execute({ from: SOLVER.address, to, data });
		const { usdt } = await purse('1');
		expect(usdt < before.usdt && usdt > before.usdt - order.send).toBe(true);
		expect(() => coarse.evidence(order, { transactionHash, blockNumber, logs })).toThrow(InvariantError);
	});

	it('is unknown, and neither delivered nor lost, while the chain does not show it', async () => {
		const { swap, at, swapped } = exchanges;
		const { order, evidence } = await swapped();
		const { client, proxy } = at('1');
		for (const fate of ['error', 'error500', { result: {} }, { result: 'mined' }, { result: null }] as const) {
			proxy.fault = (method) => (method === 'eth_getTransactionReceipt' ? fate : 'pass');
			await expect(swap.verify(order, evidence, null)).rejects.toThrow(TransientError);
		}
		proxy.fault = () => 'pass';
		expect(await swap.verify(order, evidence, null)).toMatchObject({ amount: BigInt(evidence.received ?? 0) });
		await client.request({ method: 'anvil_reorg', params: [1, []] } as never);
		await expect(swap.verify(order, evidence, null)).rejects.toThrow(/not mined, or not any more/);
		await expect(swap.verify(order, evidence, null)).rejects.toThrow(TransientError);
	});

	it('is read from its own transaction, and from no other one that a node shows', async () => {
		const { swap, at, swapped } = exchanges;
		const [ours, other] = [await swapped(), await swapped()];
		const { client, proxy } = at('1');
		const receiptOf = (hash: Hash) => client.request({ method: 'eth_getTransactionReceipt', params: [hash] });
		const shown = await Promise.all([receiptOf(other.mined.transactionHash), receiptOf(ours.mined.transactionHash)]);
		for (const result of [shown[0], { ...shown[1], blockNumber: null }]) {
			proxy.fault = (method) => (method === 'eth_getTransactionReceipt' ? { result } : 'pass');
			await expect(swap.verify(ours.order, ours.evidence, null)).rejects.toThrow(TransientError);
		}
		await expect(swap.verify(ours.order, {}, null)).rejects.toThrow(InvariantError);
	});
});
