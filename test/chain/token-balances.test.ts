import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mintUsdc } from '../../sandbox/chains/chain.ts';
import { startAnvil } from '../../sandbox/servers/anvil.ts';
import type { Server } from '../../sandbox/servers/server.ts';
import { held, NOBODY, openClient, tokenStandPerFile } from './token-stand.ts';

const stand = tokenStandPerFile();
/** Of a client whose endpoint is never going to answer. */
const TIMEOUT_MS = 100;

/** A node of the same chain id that knows none of its blocks. */
let other: Server;
beforeAll(async () => {
	other = await startAnvil({ chainId: 10, blockSeconds: 0 });
});
afterAll(() => other.stop());

it('that are asked for one by one are all read, each where it belongs, however many they are', async () => {
	await stand().move('YES', 5n);
	const positions = Array.from({ length: 45 }, (_, index) => ({
		...stand().shares(index === 20 || index === 44 ? 'YES' : 'NO'),
		venue: `10/${index}`,
	}));
	const { balances, problems } = await stand().look(null, { positions, usesMulticall: false });
	expect([balances.map(({ venue }) => venue), problems]).toEqual([positions.map(({ venue }) => venue), []]);
	expect(balances.filter(({ amount }) => amount === 5n).map(({ venue }) => venue)).toEqual(['10/20', '10/44']);
	expect(stand().counts()).toMatchObject({ eth_call: 45 });
});

describe('what cannot be', () => {
	it.each([true, false])('is a token where no contract answers; one that refuses is only unread: multicall %s', async (usesMulticall) => {
		await stand().move('YES', 5n);
		const positions = [stand().shares('NO', NOBODY), stand().shares('YES'), stand().shares('NO', stand().local.usdc)];
		const { balances, problems } = await stand().look(null, { positions, usesMulticall });
		expect(balances).toEqual([{ venue: '10/maker', asset: 'YES', amount: 5n }]);
		expect(problems).toEqual([
			{ venue: '10/maker', asset: 'NO', problem: 'no contract answers there', isImpossible: true },
			{ venue: '10/maker', asset: 'NO', problem: expect.stringMatching(/refuses|revert/), isImpossible: false },
		]);
	});

	it.each([true, false])('is an answer without any data: multicall %s', async (usesMulticall) => {
		stand().watch((method) => (method === 'eth_call' ? { result: '0x' } : 'pass'));
		const { balances, problems } = await stand().look(null, { usesMulticall });
		expect([balances, problems.map(({ asset, isImpossible }) => [asset, isImpossible])]).toEqual([
			[],
			[
				['YES', true],
				['NO', true],
			],
		]);
	});

	it('is 2^128 base units, and one less can be', async () => {
		const usdc = [stand().position('USDC', { kind: 'erc20', address: stand().local.usdc })];
		await mintUsdc(stand().local, stand().account(), 2n ** 128n - 1n);
		for (const usesMulticall of [true, false])
			expect(await stand().look(null, { positions: usdc, usesMulticall })).toMatchObject({
				balances: [{ amount: 2n ** 128n - 1n }],
				problems: [],
			});
		await mintUsdc(stand().local, stand().account(), 1n);
		for (const usesMulticall of [true, false]) {
			const { balances, problems } = await stand().look(null, { positions: usdc, usesMulticall });
			expect([balances, problems]).toEqual([
				[],
				[{ venue: '10/maker', asset: 'USDC', problem: expect.stringMatching(/^3402\d+ /), isImpossible: true }],
			]);
		}
	});

	it('is two endpoints that differ in one block, token by token', async () => {
		await stand().move('NO', 5n);
		expect(await stand().look(null, { second: stand().second() })).toMatchObject({
			balances: [{ amount: 0n }, { amount: 5n }],
			problems: [],
		});
		stand().faultSecond((method) => (method === 'eth_call' ? 'lie' : 'pass'));
		const { block, ...said } = await stand().look(null, { second: stand().second() });
		expect(said.balances).toEqual([{ venue: '10/maker', asset: 'YES', amount: 0n }]);
		const problem = `two endpoints differ in block ${block.hash}: 5 and 12 base units`;
		expect(said.problems).toEqual([{ venue: '10/maker', asset: 'NO', problem, isImpossible: true }]);
		const byOne = await stand().look(null, { second: stand().second(), usesMulticall: false });
		expect([byOne.balances, byOne.problems.map(({ isImpossible }) => isImpossible)]).toEqual([[], [true, true]]);
	});

	it.each([true, false])('is not what a second endpoint does not know, or does not say: multicall %s', async (usesMulticall) => {
		await stand().move('YES', 5n);
		const alone = await stand().look(null, { usesMulticall });
		expect(await stand().look(null, { usesMulticall, second: openClient(other.url) })).toEqual(alone);
		for (const fault of ['error', 'error500', 'hang', { result: '0x' }] as const) {
			stand().faultSecond(() => fault);
			expect(await stand().look(null, { usesMulticall, second: stand().second(TIMEOUT_MS) })).toEqual(alone);
		}
		expect([held(alone), alone.problems]).toEqual([
			[
				['YES', 5n],
				['NO', 0n],
			],
			[],
		]);
	});
});
