import { createPublicClient, custom, decodeFunctionData, encodeFunctionResult, type Hex, type PublicClient, RpcRequestError } from 'viem';
import { describe, expect, it } from 'vitest';
import { quoterAbi } from '../../../src/bridge/swap/abi.ts';
import { bestOffer, type Pair } from '../../../src/bridge/swap/exchange.ts';
import { PermanentError, TransientError } from '../../../src/errors.ts';
import { amount } from '../../../src/money/amount.ts';

const ROUTER = '0x1111111111111111111111111111111111111111';
const QUOTER = '0x2222222222222222222222222222222222222222';
const LOW = '0x3333333333333333333333333333333333333333';
const HIGH = '0x4444444444444444444444444444444444444444';
const PAIR: Pair = { origin: { token: LOW, decimals: 6 }, destination: { token: HIGH, decimals: 6 } };
const ONE_TO_ONE = 2n ** 96n;

type Answer = (data: Hex) => unknown;

/** A node that answers the calls for the fees one after the other. */
function offerFor(pair: Pair, answers: readonly Answer[]) {
	let next = 0;
	const request = async ({ method, params }: { method: string; params: [{ data: Hex }] }) => {
		expect(method).toBe('eth_call');
		return answers[next++]?.(params[0].data);
	};
	const client = createPublicClient({ transport: custom({ request }, { retryCount: 0 }) }) as PublicClient;
	const fees = answers.map((_, index) => 100 * (index + 1));
	return bestOffer({ venue: '1', client, router: ROUTER, quoter: QUOTER, fees }, pair, amount(1_000n));
}

const offer = (...answers: Answer[]) => offerFor(PAIR, answers);

const gives =
	(out: bigint, sqrtPriceAfter = ONE_TO_ONE): Answer =>
	() =>
		encodeFunctionResult({ abi: quoterAbi, functionName: 'quoteExactInputSingle', result: [out, sqrtPriceAfter, 1, 80_000n] });

const says =
	(code: number, message: string, data?: Hex): Answer =>
	() => {
		throw new RpcRequestError({ body: {}, error: { code, message, ...(data !== undefined && { data }) }, url: 'http://node.test' });
	};

/** `Error("LOK")`, as a pool says that has no price yet. */
const LOCKED =
	'0x08c379a0000000000000000000000000000000000000000000000000000000000000002000000000000000000000000000000000000000000000000000000000000000034c4f4b0000000000000000000000000000000000000000000000000000000000';

describe('the best offer', () => {
	it('is the pool that gives most, whatever its fee', async () => {
		expect(await offer(gives(998n), gives(999n), gives(997n))).toEqual({ fee: 200, out: 999n });
	});

	it.each([
		[6, 6, 1n, 2n],
		[6, 18, 1_000_000n, 2n],
		[18, 6, 1n, 2_000_000n],
		[6, 7, 3n, 2n],
		[7, 6, 1n, 6n],
	])('is looked for down to about a quarter of one for one: from %i decimals to %i', async (from, to, factor, divisor) => {
		let limit = 0n;
		const notes: Answer = (data) => {
			limit = decodeFunctionData({ abi: quoterAbi, data }).args[0].sqrtPriceLimitX96;
			return gives(999n)(data);
		};
		await offerFor({ origin: { token: LOW, decimals: from }, destination: { token: HIGH, decimals: to } }, [notes]);
		expect(limit).toBe((ONE_TO_ONE * factor) / divisor);
		// The same pool seen from its other side: there the price rises as far.
		await offerFor({ origin: { token: HIGH, decimals: to }, destination: { token: LOW, decimals: from } }, [notes]);
		const oneForOne = (ONE_TO_ONE * factor * 2n) / divisor;
		expect(limit - oneForOne * 2n <= 2n).toBe(true);
		expect(limit > oneForOne).toBe(true);
	});

	it.each([
		['reverts with data', says(3, 'execution reverted: LOK', LOCKED)],
		['reverts without a word', says(3, 'execution reverted', '0x')],
		['reverts, as other nodes say it', says(-32_000, 'execution reverted')],
		['gives nothing', gives(0n)],
		['runs dry', gives(1_200n, ONE_TO_ONE / 2n)],
	])('leaves a pool out that %s', async (_name, answer) => {
		expect(await offer(answer, gives(999n))).toEqual({ fee: 200, out: 999n });
		const refused = offer(answer, answer);
		await expect(refused).rejects.toThrow(PermanentError);
		await expect(refused).rejects.toThrow(/fee 100: .+; fee 200: .+/);
	});

	it.each([
		['an internal error', says(-32_603, 'internal error')],
		['a refusal to serve', says(-32_005, 'limit exceeded')],
		['an error of its own', says(-32_000, 'header not found')],
		['no data, as where no contract is', () => '0x'],
		['nothing', () => null],
		['something short', () => '0x1234'],
		['something else', () => ({ amountOut: '999' })],
	])('is unknown when the node answers one of the calls with %s', async (_name, answer) => {
		await expect(offer(gives(999n), answer)).rejects.toThrow(TransientError);
	});
});
