import { pad, toHex } from 'viem';
import { describe, expect, it } from 'vitest';
import { mintUsdc } from '../../sandbox/chains/chain.ts';
import type { RpcProxy } from '../../sandbox/chains/rpc-proxy.ts';
import { lookAtTokens } from '../../src/chain/token-look.ts';
import { TransientError } from '../../src/errors.ts';
import { flow, held, openClient, tokenStandPerFile } from './token-stand.ts';

const stand = tokenStandPerFile();

describe('a look at the tokens of a chain', () => {
	it('reads the head, and what is held there, in two requests when it is the first one', async () => {
		await stand().move('YES', 5n);
		stand().watch();
		const first = await stand().look();
		expect(stand().counts()).toEqual({ eth_call: 1, eth_getBlockByNumber: 1 });
		const { number, hash } = await stand().local.client.getBlock();
		expect(first).toEqual({
			...{ block: { number, hash }, takenBackFrom: null, movements: null, problems: [] },
			balances: [
				{ venue: '10/maker', asset: 'YES', amount: 5n },
				{ venue: '10/maker', asset: 'NO', amount: 0n },
			],
		});
	});

	it('is pinned to the head that was read, although more is mined before the balances are asked for', async () => {
		await stand().move('YES', 5n);
		let isMoved = false;
		const wait = async () => {
			if (!isMoved) await stand().move('YES', 7n);
			isMoved = true;
		};
		const client = openClient(stand().local.url);
		const first = await lookAtTokens({ ...client, call: (asked: never) => wait().then(() => client.call(asked)) } as typeof client, {
			venue: '10',
			positions: stand().both(),
			last: null,
			deepest: 8,
			usesMulticall: true,
			second: null,
		});
		expect([isMoved, held(first)]).toEqual([
			true,
			[
				['YES', 5n],
				['NO', 0n],
			],
		]);
		expect(held(await stand().look(first.block))).toEqual([
			['YES', 12n],
			['NO', 0n],
		]);
	});

	it('says what has moved since the last one, both ways, by transaction, and asks for no transfers at the same head', async () => {
		const before = await stand().look();
		const made = [
			await stand().move('YES', 20n),
			await stand().move('NO', 3n),
			await stand().move('YES', -4n),
			await stand().move('YES', 1n),
		];
		const after = await stand().look(before.block);
		expect([held(after), after.takenBackFrom, after.problems]).toEqual([
			[
				['YES', 17n],
				['NO', 3n],
			],
			null,
			[],
		]);
		expect(after.movements).toEqual([
			{ ...made[0], ...flow('YES', 20n, 0n) },
			{ ...made[1], ...flow('NO', 3n, 0n) },
			{ ...made[2], ...flow('YES', 0n, 4n) },
			{ ...made[3], ...flow('YES', 1n, 0n) },
		]);
		stand().watch();
		expect(await stand().look(after.block)).toEqual({ ...after, movements: [] });
		expect(stand().counts()).toEqual({ eth_call: 1, eth_getBlockByNumber: 1 });
	});

	it('is the same by requests of their own, of every kind of token', async () => {
		const before = await stand().look();
		await mintUsdc(stand().local, stand().account(), 11n);
		await stand().move('YES', 5n);
		await stand().local.client.setBalance({ address: stand().account(), value: 13n });
		await stand().mine(1);
		const positions = [
			...stand().both(),
			stand().position('USDC', { kind: 'erc20', address: stand().local.usdc }),
			stand().position('ETH', { kind: 'native' }),
		];
		const byOne = await stand().look(before.block, { positions });
		stand().watch();
		expect(await stand().look(before.block, { positions, usesMulticall: false })).toEqual(byOne);
		expect(stand().counts()).toMatchObject({ eth_call: 3, eth_getBalance: 1 });
		expect(held(byOne)).toEqual([
			['YES', 5n],
			['NO', 0n],
			['USDC', 11n],
			['ETH', 13n],
		]);
		expect(byOne.movements?.map(({ asset }) => asset).sort()).toEqual(['USDC', 'YES']);
	});
});

describe('a chain that takes blocks back', () => {
	it.each([
		[0, 'by another block at the same height'],
		[1, 'by the block that follows'],
		[3, 'some blocks later'],
	])('is seen %i blocks above (%s), and what is left is read again from as deep as blocks may be taken back', async (above) => {
		const kept = await stand().move('YES', 100n);
		const before = await stand().look();
		const gone = await stand().move('YES', 10n);
		const seen = await stand().look(before.block);
		expect([held(seen), seen.movements]).toEqual([
			[
				['YES', 110n],
				['NO', 0n],
			],
			[{ ...gone, ...flow('YES', 10n, 0n) }],
		]);
		await stand().reorganise(1);
		if (above > 0) await stand().mine(above);
		const first = seen.block.number - 7n;
		stand().watch();
		const after = await stand().look(seen.block);
		expect([after.takenBackFrom, held(after), after.problems]).toEqual([
			first,
			[
				['YES', 100n],
				['NO', 0n],
			],
			[],
		]);
		expect(after.block).toMatchObject({ number: seen.block.number + BigInt(above) });
		expect(after.movements).toEqual([{ ...kept, ...flow('YES', 100n, 0n) }]);
		expect(stand().ranges().at(-1)).toBe(`${first}-${after.block.number}`);
		expect(await stand().look(after.block)).toEqual({ ...after, takenBackFrom: null, movements: [] });
	});

	it('takes back at least the last block, and none below the first one', async () => {
		const { block } = await stand().look();
		const gone = { ...block, hash: pad('0x1') };
		await stand().mine(1);
		expect(await stand().look(gone, { deepest: 0 })).toMatchObject({ takenBackFrom: block.number });
		expect(await stand().look(gone, { deepest: 1 })).toMatchObject({ takenBackFrom: block.number });
		expect(await stand().look(gone, { deepest: 1_000_000 })).toMatchObject({ takenBackFrom: 0n });
	});

	it('has taken nothing back when its head is below the last one: that is a node which lags', async () => {
		const { block } = await stand().look();
		stand().watch();
		const older = await stand().look({ number: block.number + 1n, hash: pad('0x1') });
		expect(older).toMatchObject({ block, takenBackFrom: null, movements: [] });
		expect(stand().counts()).not.toHaveProperty('eth_getLogs');
	});
});

describe('a chain that does not answer', () => {
	it('is no look when it does not say its head, or whether the last one is still there', async () => {
		const { block } = await stand().look();
		await stand().mine(3);
		stand().watch((method) => (method === 'eth_getBlockByNumber' ? 'error' : 'pass'));
		await expect(stand().look(block)).rejects.toThrow(TransientError);
		stand().watch((method, [number]) => (method === 'eth_getBlockByNumber' && number === toHex(block.number) ? 'error' : 'pass'));
		await expect(stand().look(block)).rejects.toThrow(TransientError);
	});

	it('is a look without transfers when only they fail, and blocks that were taken back are seen all the same', async () => {
		const before = await stand().look();
		await stand().move('YES', 5n);
		const failing: RpcProxy['fault'] = (method) => (method === 'eth_getLogs' ? 'error' : 'pass');
		stand().watch(failing);
		const after = await stand().look(before.block);
		expect([held(after), after.movements, after.takenBackFrom]).toEqual([
			[
				['YES', 5n],
				['NO', 0n],
			],
			null,
			null,
		]);
		await stand().reorganise(1);
		stand().watch(failing);
		const again = await stand().look(after.block);
		expect([held(again), again.movements, again.takenBackFrom]).toEqual([
			[
				['YES', 0n],
				['NO', 0n],
			],
			null,
			after.block.number - 7n,
		]);
	});

	it.each([true, false])(
		'is a look at transfers alone when only balances fail, which are unread and not impossible: multicall %s',
		async (usesMulticall) => {
			const before = await stand().look();
			const made = await stand().move('YES', 5n);
			stand().watch((method) => (method === 'eth_call' ? 'error' : 'pass'));
			const { balances, problems, movements } = await stand().look(before.block, { usesMulticall });
			expect([balances, movements]).toEqual([[], [{ ...made, ...flow('YES', 5n, 0n) }]]);
			expect(problems).toEqual(
				['YES', 'NO'].map((asset) => ({ venue: '10/maker', asset, problem: expect.stringContaining('told to fail'), isImpossible: false })),
			);
		},
	);
});
