import { decodeFunctionData } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { RELAYER, SOLVER, solverKey } from '../../../sandbox/chains/accounts.ts';
import type { QuoteRequest } from '../../../src/bridge/bridge.ts';
import { routerAbi } from '../../../src/bridge/swap/abi.ts';
import { PermanentError, TransientError } from '../../../src/errors.ts';
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

describe('a swap on real pools', () => {
	it.each([
		['1', 6],
		['56', 18],
	])('on %s, with %i decimals, takes exactly what was ordered and delivers at least what was promised', async (venue) => {
		const { swap, swapped, purse } = exchanges;
		const before = await purse(venue);
		const { order, mined, evidence } = await swapped(venue, '100000');
		expect(await swap.prove(order, evidence)).toEqual({ state: 'proven', evidence });
		expect(await swap.claim(order, evidence)).toEqual({ state: 'arrived' });
		const delivery = await swap.verify(order, evidence, null);
		const after = await purse(venue);
		expect(before.usdt - after.usdt).toBe(order.send);
		expect(delivery).toEqual({
			venue,
			amount: after.usdc - before.usdc,
			transactionHash: mined.transactionHash,
			blockNumber: mined.blockNumber,
		});
		expect(evidence.received).toBe(String(delivery.amount));
		expect(delivery.amount >= order.receive).toBe(true);
		// The pool takes 1 basis point, its price moves by about another one, and 10 are kept for what moves it until then.
		expect(Number((order.send * 100_000n) / order.receive) / 10 - 10_000).toBeCloseTo(11.6, 0);
		expect(delivery.amount - order.receive).toBeGreaterThan(order.send / 1_100n);
	});

	it('costs the adapter one call per pool for a quote and for a sending call, none for a proof, and one receipt', async () => {
		const { swap, swapped, asked } = exchanges;
		const { order, evidence } = await swapped();
		expect(asked('1')).toEqual({ eth_call: 4 });
		await swap.prove(order, evidence);
		await swap.claim(order, evidence);
		expect(asked('1')).toEqual({ eth_call: 4 });
		await swap.verify(order, evidence, null);
		expect(asked('1')).toEqual({ eth_call: 4, eth_getTransactionReceipt: 1 });
	});

	it('goes to the pool that gives most now, and asks the router for no less than was ordered', async () => {
		const { swap, uniswap, orderOf } = exchanges;
		await uniswap.openPool('1', { fee: 500, tokenUnits: '50000000' });
		const feeOf = async (order: HopOrder) => {
			const { functionName, args } = decodeFunctionData({ abi: routerAbi, data: (await swap.send(order)).data });
			expect(functionName).toBe('exactInputSingle');
			expect(args[0]).toMatchObject({ amountIn: order.send, amountOutMinimum: order.receive, recipient: SOLVER.address });
			return args[0].fee;
		};
		const order = await orderOf('1', '1000');
		expect(await feeOf(order)).toBe(100);
		await uniswap.trade('1', { sell: 'USDT', tokenUnits: '5000000' });
		expect(await feeOf(order)).toBe(500);
	});

	it('is refused before it is sent when a rival has pushed the rate below what is ordered', async () => {
		const { swap, uniswap, orderOf } = exchanges;
		const order = await orderOf('1', '1000');
		await uniswap.trade('1', { sell: 'USDT', tokenUnits: '2000000' });
		await expect(swap.send(order)).rejects.toThrow(PermanentError);
		await expect(swap.send(order)).rejects.toThrow(/the rate has fallen/);
		const again = await orderOf('1', '1000');
		expect(again.receive < order.receive).toBe(true);
		expect(await swap.send(again)).toMatchObject({ chainId: 1, to: uniswap.at('1').router, value: 0n });
	});

	it('reverts and moves nothing when the rival comes between signing and mining', async () => {
		const { swap, uniswap, at, orderOf, purse } = exchanges;
		const { client } = at('1');
		const order = await orderOf('1', '1000');
		const { to, data } = await swap.send(order);
		const nonce = await client.getTransactionCount({ address: SOLVER.address });
		const fees = { maxFeePerGas: 10n ** 11n, maxPriorityFeePerGas: 10n ** 9n };
		const raw = await privateKeyToAccount(solverKey()).signTransaction({
			chainId: 1,
			type: 'eip1559',
			to,
			data,
			nonce,
			gas: 1_000_000n,
			...fees,
		});
		await uniswap.trade('1', { sell: 'USDT', tokenUnits: '2000000' });
		const before = await purse('1');
		const hash = await client.sendRawTransaction({ serializedTransaction: raw });
		expect((await client.waitForTransactionReceipt({ hash })).status).toBe('reverted');
		expect(await purse('1')).toEqual(before);
	});

	it('is mined within the slippage, and delivers what the pool still gives', async () => {
		const { swap, uniswap, orderOf, mine } = exchanges;
		const order = await orderOf('1', '1000');
		await uniswap.trade('1', { sell: 'USDT', tokenUnits: '400000' });
		const evidence = swap.evidence(order, await mine(order));
		const { amount: delivered } = await swap.verify(order, evidence, null);
		expect(delivered >= order.receive && delivered < order.receive + order.send / 1_000n).toBe(true);
	});

	it('delivers more than was promised as it is', async () => {
		const { swap, uniswap, requestOf, orderOf, mine, purse } = exchanges;
		const order = await orderOf('1', '1000');
		await uniswap.trade('1', { sell: 'USDC', tokenUnits: '5000000' });
		const before = await purse('1');
		const evidence = swap.evidence(order, await mine(order));
		const { amount: delivered } = await swap.verify(order, evidence, null);
		expect(delivered > order.send).toBe(true);
		expect((await purse('1')).usdc - before.usdc).toBe(delivered);
		// A rate better than one for one is promised as one for one.
		expect(await swap.quote(requestOf('1', '1000'))).toMatchObject({ feeBps: '0', receive: 999_999_998n });
	});
});

describe('a pair', () => {
	it('is not served without a pool, or with drained ones', async () => {
		const { swap, uniswap, bridge, requestOf, orderOf } = exchanges;
		const { router, quoter } = uniswap.at('1');
		const unknown = bridge({ venues: { 1: { router, quoter, fees: [3_000, 10_000] } } });
		await expect(unknown.quote(requestOf('1', '1000'))).rejects.toThrow(PermanentError);
		await expect(unknown.quote(requestOf('1', '1000'))).rejects.toThrow(/no pool on 1 swaps .*fee 3000: .*; fee 10000: /);
		const order = await orderOf('1', '1000');
		await uniswap.drain('1');
		await expect(swap.quote(requestOf('1', '1000'))).rejects.toThrow(PermanentError);
		await expect(swap.send(order)).rejects.toThrow(PermanentError);
	});

	it('is not served for more than the pools hold, of which they would take a part', async () => {
		const { swap, requestOf } = exchanges;
		await expect(swap.quote(requestOf('1', '60000000'))).rejects.toThrow(PermanentError);
		await expect(swap.quote(requestOf('1', '60000000'))).rejects.toThrow(/fee 100: too little liquidity/);
		expect(await swap.quote(requestOf('1', '40000000'))).toMatchObject({ maximum: 40_000_000_000_000n });
	});

	it('is two assets at one configured venue', async () => {
		const { swap, requestOf, asked } = exchanges;
		const request = requestOf('1', '1000');
		const order = { ...request, receive: amount(1n), seconds: 15, sender: SOLVER.address };
		const { origin, destination } = request;
		const wrong: [Partial<QuoteRequest>, RegExp][] = [
			[{ destination: requestOf('56', '1').destination }, /stays at its venue/],
			[{ destination: { ...destination, chainId: 10 } }, /stays at its venue/],
			[{ destination: { ...destination, venue: '56' } }, /stays at its venue/],
			[{ destination: { ...destination, asset: 'USDT' } }, /between two assets/],
			[{ destination: { ...destination, token: origin.token } }, /between two assets/],
			[
				{ origin: { ...origin, venue: '10', chainId: 10 }, destination: { ...destination, venue: '10', chainId: 10 } },
				/bridges\.swap\.venues\.10/,
			],
			[{ send: amount(0n) }, /nothing is to be swapped/],
			[{ send: amount(3n) }, /too little/],
		];
		for (const [changes, problem] of wrong) {
			await expect(swap.quote({ ...request, ...changes })).rejects.toThrow(PermanentError);
			await expect(swap.quote({ ...request, ...changes })).rejects.toThrow(problem);
		}
		for (const [changes] of wrong.slice(0, -1)) await expect(swap.send({ ...order, ...changes })).rejects.toThrow(PermanentError);
		expect(asked('1')).toEqual({ eth_call: 4 });
	});

	it('is spent by the router of its venue, which is all that may be called', async () => {
		const { swap, uniswap, orderOf } = exchanges;
		const order = await orderOf('1', '1000');
		const { router, usdt } = uniswap.at('1');
		expect(swap.claims).toBe(false);
		expect(swap.spend(order)).toEqual({ token: usdt, spender: router, amount: order.send });
		expect(swap.contracts('1')).toEqual([router]);
		expect(swap.contracts('10')).toEqual([]);
	});
});

describe('a node that fails', () => {
	it('leaves the price unknown, and nothing is sent', async () => {
		const { swap, at, requestOf, orderOf } = exchanges;
		const order = await orderOf('1', '1000');
		for (const fate of ['error', 'error500', 'hang', { result: '0x' }, { result: '0x1234' }, { result: null }] as const) {
			at('1').proxy.fault = (method) => (method === 'eth_call' ? fate : 'pass');
			await expect(swap.quote(requestOf('1', '1000'))).rejects.toThrow(TransientError);
		}
		await expect(swap.send(order)).rejects.toThrow(TransientError);
	});

	it('or a quoter that is none, is told with its address', async () => {
		const { uniswap, bridge, requestOf } = exchanges;
		const { router } = uniswap.at('1');
		const wrong = bridge({ venues: { 1: { router, quoter: RELAYER.address, fees: [100] } } });
		await expect(wrong.quote(requestOf('1', '1000'))).rejects.toThrow(new RegExp(`no contract at ${RELAYER.address}`));
	});
});

describe('a quote', () => {
	it('leaves as much room as the settings say, and takes as long', async () => {
		const { swap, uniswap, bridge, requestOf } = exchanges;
		const { router, quoter } = uniswap.at('1');
		const careful = bridge({ slippageBps: '100', venues: { 1: { router, quoter, fees: [100], seconds: 40 } } });
		const [usual, lower] = await Promise.all([swap, careful].map((each) => each.quote(requestOf('1', '1000'))));
		expect([usual, lower]).toMatchObject([{ seconds: 15, validUntilMs: 30_007 }, { seconds: 40 }]);
		// 90 basis points more of 1000 tokens are 9.
		const difference = (usual?.receive ?? 0n) - (lower?.receive ?? 0n);
		expect(difference > 8_990_000n && difference < 9_010_000n).toBe(true);
	});
});
