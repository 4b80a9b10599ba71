import { type Address, encodeAbiParameters, getAddress, pad, zeroAddress } from 'viem';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Block } from '../../bench/inventory/stub-chain.ts';
import { type LocalChain, mintUsdc, startChain } from '../../sandbox/chains/chain.ts';
import { type ConditionalTokens, deployConditionalTokens } from '../../sandbox/conditional-tokens/deploy.ts';
import { type Market, merge, prepareMarket, split } from '../../sandbox/conditional-tokens/market.ts';
import { transferBatch } from '../../sandbox/conditional-tokens/tokens.ts';
import { createClients } from '../../src/chain/clients.ts';
import { type Movement, readMovements } from '../../src/chain/transfers.ts';
import { TransientError } from '../../src/errors.ts';
import type { ChainPosition } from '../../src/inventory/venue.ts';
import { firstOf, type StubStand, standPerTest } from './stub-stand.ts';

const NOBODY = getAddress('0x70997970C51812dc3A010C7d01b50e0d17dc79C8');

let stand: StubStand;
const { stand: standNow, watched } = standPerTest();
beforeEach(() => {
	stand = standNow();
});
const ofKind = (kind: ChainPosition['token']['kind']) => watched().filter(({ token }) => token.kind === kind);

function read(positions = watched(), fromBlock = 2n): Promise<Movement[]> {
	return readMovements(stand.client, { venue: '10', positions, fromBlock, toBlock: BigInt(stand.chain.head().number) });
}

/** Position, incoming and outgoing. */
const shown = (movements: readonly Movement[]) =>
	movements.map(({ venue, asset, incoming, outgoing }) => [`${asset}@${venue}`, incoming, outgoing]);

/** Of the first token, or of the first id. */
function move(what: 'T0' | 'ID0', ends: { from: Address; to: Address }, amount: bigint) {
	const { tokens, collection } = stand.chain;
	return what === 'T0'
		? { token: firstOf(tokens).address, ...ends, amount }
		: { token: collection.address, id: firstOf(collection.ids), ...ends, amount };
}

/** The node answers with these, whatever it was asked for. */
function nodeSays(logs: readonly unknown[]): void {
	stand.proxy.fault = (method) => (method === 'eth_getLogs' ? { result: logs } : 'pass');
}

const where = ({ number, hash }: Block) => ({ blockNumber: BigInt(number), blockHash: hash });

const batchOf = (ids: readonly bigint[], values: readonly bigint[]) =>
	encodeAbiParameters([{ type: 'uint256[]' }, { type: 'uint256[]' }], [ids, values]);

describe('what moves', () => {
	it('is asked for in two requests where there are tokens of one kind, in three with both, and in none where there is only the coin', async () => {
		const { chain, wallet, funder } = stand;
		chain.transfer(move('T0', { from: wallet, to: NOBODY }, 1n), move('ID0', { from: NOBODY, to: funder }, 0n));
		for (const [positions, count] of [
			[ofKind('erc20'), 2],
			[ofKind('erc1155'), 2],
			[ofKind('native'), 0],
			[watched(), 3],
			[watched().slice(0, 1), 2],
			[[], 0],
		] as const) {
			await read(positions);
			expect(stand.asked().map(({ method }) => method)).toEqual(Array(count).fill('eth_getLogs'));
		}
	});

	it.each(['T0', 'ID0'] as const)(
		'is seen in both directions, and at both ends of what goes from one account of ours to the other: %s',
		async (what) => {
			const { chain, wallet, funder } = stand;
			const into = chain.transfer(move(what, { from: zeroAddress, to: wallet }, 5n));
			const out = chain.transfer(move(what, { from: wallet, to: NOBODY }, 3n));
			const between = chain.transfer(move(what, { from: wallet, to: funder }, 2n));
			const movements = await read();
			expect(shown(movements)).toEqual([
				[`${what}@10`, 5n, 0n],
				[`${what}@10`, 0n, 3n],
				[`${what}@10`, 0n, 2n],
				[`${what}@10/funder`, 2n, 0n],
			]);
			expect(movements).toMatchObject([into, out, between, between].map(where));
			const hashes = [into, out, between, between].map(({ logs }) => firstOf(logs).transactionHash);
			expect(movements.map(({ transactionHash }) => transactionHash)).toEqual(hashes);
		},
	);

	it.each(['T0', 'ID0'] as const)('from an account to itself has moved nothing: %s', async (what) => {
		const { chain, wallet } = stand;
		chain.transfer(move(what, { from: wallet, to: wallet }, 5n));
		expect(await read()).toEqual([]);
	});

	it('by several events of one transaction is one sum for each direction, whichever question has found them', async () => {
		const { chain, wallet, funder } = stand;
		const { logs } = chain.transfer(
			move('T0', { from: wallet, to: funder }, 5n),
			move('T0', { from: NOBODY, to: wallet }, 0n),
			move('T0', { from: zeroAddress, to: wallet }, 7n),
			move('T0', { from: zeroAddress, to: wallet }, 11n),
			move('ID0', { from: wallet, to: NOBODY }, 13n),
			move('ID0', { from: wallet, to: NOBODY }, 17n),
		);
		const { transactionHash } = firstOf(logs);
		nodeSays(logs.map((each) => ({ ...each, transactionHash })));
		expect(shown(await read())).toEqual([
			['T0@10', 18n, 5n],
			['T0@10/funder', 5n, 0n],
			['ID0@10', 0n, 30n],
		]);
	});

	it('by several transactions of one block stays apart', async () => {
		const { chain, wallet } = stand;
		chain.transfer(move('T0', { from: zeroAddress, to: wallet }, 7n), move('T0', { from: zeroAddress, to: wallet }, 11n));
		expect(shown(await read())).toEqual([
			['T0@10', 7n, 0n],
			['T0@10', 11n, 0n],
		]);
	});

	it('that nobody watches is left out: another id, token or account', async () => {
		const { chain, wallet, funder } = stand;
		const [, other, third] = chain.tokens;
		chain.transfer(
			{ ...move('ID0', { from: zeroAddress, to: wallet }, 5n), id: chain.collection.ids[2] },
			{ ...move('T0', { from: zeroAddress, to: wallet }, 5n), token: third?.address ?? 'native' },
			move('T0', { from: zeroAddress, to: NOBODY }, 5n),
			move('ID0', { from: zeroAddress, to: NOBODY }, 5n),
			{ ...move('T0', { from: zeroAddress, to: funder }, 5n), token: other?.address ?? 'native' },
		);
		expect(shown(await read())).toEqual([['T1@10/funder', 5n, 0n]]);
		const wanted = watched().filter(({ venue, asset }) => !(venue === '10/funder' && asset === 'T1'));
		expect(await read(wanted)).toEqual([]);
	});

	it('is that of the blocks that were asked for, both ends included', async () => {
		const { chain, wallet } = stand;
		const made = [1n, 2n, 3n, 4n].map((units) => chain.transfer(move('T0', { from: zeroAddress, to: wallet }, units)));
		const [fromBlock, toBlock] = [BigInt(made[1]?.number ?? 0), BigInt(made[2]?.number ?? 0)];
		const movements = await readMovements(stand.client, { venue: '10', positions: watched(), fromBlock, toBlock });
		expect(movements.map(({ incoming }) => incoming)).toEqual([2n, 3n]);
	});

	it('is unknown when one of the questions fails', async () => {
		stand.chain.transfer(move('T0', { from: zeroAddress, to: stand.wallet }, 5n));
		await read();
		const questions = stand.asked().map(({ params }) => JSON.stringify(params));
		expect(new Set(questions).size).toBe(3);
		for (const question of questions) {
			stand.proxy.fault = (_, params) => (JSON.stringify(params) === question ? 'error' : 'pass');
			await expect(read()).rejects.toThrow(TransientError);
		}
	});
});

describe('an event that is not what the standard says', () => {
	it('makes everything unknown, and never zero', async () => {
		const { chain, wallet } = stand;
		const { logs } = chain.transfer(move('T0', { from: zeroAddress, to: wallet }, 5n), move('ID0', { from: zeroAddress, to: wallet }, 5n));
		const [single, multi] = logs;
		const topics = (count: number) => ({ topics: single?.topics.slice(0, count) });
		const batch = '0x4a39dc06d4c0dbc64b70af90fd698a233a518aa5d07e595d983b8c0526c8f7fb';
		const wrong: [unknown, unknown][] = [
			[single, { data: '0x' }],
			[single, { data: `0x01${pad('0x5').slice(2)}` }],
			[single, { data: 'five' }],
			[single, topics(2)],
			[single, topics(1)],
			[single, { blockNumber: null }],
			[single, { transactionHash: null }],
			[single, { logIndex: null }],
			[single, { address: '0x12' }],
			[multi, { data: '0x' }],
			[multi, { data: pad('0x5') }],
			[multi, { topics: multi?.topics.slice(0, 3) }],
			[multi, { topics: [batch, ...(multi?.topics.slice(1) ?? [])] }],
			[multi, { topics: [batch, ...(multi?.topics.slice(1) ?? [])], data: batchOf([1n, 2n], [3n]) }],
		];
		for (const [log, change] of wrong) {
			nodeSays([...logs, { ...(log as object), logIndex: '0x9', ...(change as object) }]);
			const failure = await read().catch((error: unknown) => error);
			expect(failure, JSON.stringify(change)).toBeInstanceOf(TransientError);
		}
		nodeSays(logs);
		expect(await read()).toHaveLength(2);
		stand.proxy.fault = () => ({ result: null });
		await expect(read()).rejects.toThrow(TransientError);
	});
});

describe('a batch of a real contract of outcome tokens', () => {
	const SHARE = 10n ** 6n;
	const [alice, bob] = [getAddress(pad('0xa11ce', { size: 20 })), getAddress(pad('0xb0b', { size: 20 }))];
	let local: LocalChain;
	let tokens: ConditionalTokens;
	let market: Market;
	beforeAll(async () => {
		local = await startChain({ chainId: 10, name: 'optimism', decimals: 6, blockSeconds: 0 });
		tokens = await deployConditionalTokens(local);
		market = await prepareMarket(local, tokens, { questionId: `0x${'11'.repeat(32)}` });
	});
	afterAll(() => local.stop());

	it('is seen token by token, the same one twice as one sum, and so is what is made of collateral and turned back into it', async () => {
		const multicall3 = getAddress('0xcA11bde05977b3631167028862bE2a173976CA11');
		const chain = { chainId: 10, name: 'ten', rpcUrls: [local.proxy.url], pollMs: 50, multicall3 };
		const client = createClients(new Map([['10', chain]])).client('10');
		const [yes, no] = market.positionIds;
		const of = (name: string, holder: Address, id: bigint): ChainPosition[] => [
			{
				venue: `10/${name}`,
				asset: id === yes ? 'YES' : 'NO',
				holder,
				decimals: 6,
				token: { kind: 'erc1155', address: tokens.address, id },
			},
		];
		const usdc: ChainPosition = {
			...{ venue: '10/alice', asset: 'USDC', holder: alice, decimals: 6 },
			token: { kind: 'erc20', address: local.usdc },
		};
		const positions = [usdc, ...[yes, no].flatMap((id) => [...of('alice', alice, id), ...of('bob', bob, id)])];
		await mintUsdc(local, alice, 40n * SHARE);
		const made = await split(local, market, { holder: alice, amount: 40n * SHARE });
		const moved = await transferBatch(local, tokens, {
			...{ from: alice, to: bob },
			tokens: [
				{ id: yes, value: 5n * SHARE },
				{ id: no, value: 7n * SHARE },
				{ id: yes, value: 11n },
			],
		});
		const read = (blockNumber: bigint) => readMovements(client, { venue: '10', positions, fromBlock: blockNumber, toBlock: blockNumber });
		const bySplit = await read(made.blockNumber);
		expect(shown(bySplit).sort()).toEqual([
			['NO@10/alice', 40n * SHARE, 0n],
			['USDC@10/alice', 0n, 40n * SHARE],
			['YES@10/alice', 40n * SHARE, 0n],
		]);
		const byBatch = await read(moved.blockNumber);
		expect(shown(byBatch).sort()).toEqual([
			['NO@10/alice', 0n, 7n * SHARE],
			['NO@10/bob', 7n * SHARE, 0n],
			['YES@10/alice', 0n, 5n * SHARE + 11n],
			['YES@10/bob', 5n * SHARE + 11n, 0n],
		]);
		const gone = await merge(local, market, { holder: alice, amount: 3n });
		expect(shown(await read(gone.blockNumber)).sort()).toEqual([
			['NO@10/alice', 0n, 3n],
			['USDC@10/alice', 3n, 0n],
			['YES@10/alice', 0n, 3n],
		]);
		expect(new Set(byBatch.map(({ transactionHash }) => transactionHash))).toEqual(new Set([moved.transactionHash]));
	});
});
