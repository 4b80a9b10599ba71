import { toHex, zeroAddress } from 'viem';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Block } from '../../bench/inventory/stub-chain.ts';
import { CHUNK_BLOCKS } from '../../src/chain/look.ts';
import { lookAtTokens, type TokenLook } from '../../src/chain/token-look.ts';
import type { ChainPosition } from '../../src/inventory/venue.ts';
import { type Asked, firstOf, type StubStand, standPerTest } from './stub-stand.ts';

const MOST_CHUNKS = 50;
const DEEPEST = 32;

let stand: StubStand;
const { stand: standNow, watched } = standPerTest();
beforeEach(() => {
	stand = standNow();
});

/** Both ids in both accounts. */
const shares = () => watched().filter(({ token }) => token.kind === 'erc1155');

function look(last: TokenLook['block'] | null = null, positions: readonly ChainPosition[] = shares()): Promise<TokenLook> {
	return lookAtTokens(stand.client, { venue: '10', positions, last, deepest: DEEPEST, usesMulticall: true, second: null });
}

/** So many base units of the first id come to the wallet, and one of them goes on to the other account. */
function move(amount: bigint): Block {
	const { chain, wallet, funder } = stand;
	const what = { token: chain.collection.address, id: firstOf(chain.collection.ids) };
	return chain.transfer({ ...what, from: zeroAddress, to: wallet, amount }, { ...what, from: wallet, to: funder, amount: 1n });
}

function mineUpTo(height: number): void {
	while (stand.chain.head().number < height) stand.chain.mine();
}

function moveFiveTimes(amount: bigint): void {
	for (let block = 0; block < 5; block += 1) move(amount);
}

/** The node says that its head is that high, where nothing has happened since. */
async function raiseHead(number: number): Promise<void> {
	const block = await stand.client.request({ method: 'eth_getBlockByNumber', params: ['latest', false] });
	const raised = { ...block, number: toHex(number) };
	const { fault } = stand.proxy;
	stand.proxy.fault = (method, params) => {
		const decided = fault(method, params);
		return method === 'eth_getBlockByNumber' && ['latest', raised.number].includes(`${params[0]}`) ? { result: raised } : decided;
	};
	stand.asked();
}

const isLogs = ({ method }: Asked) => method === 'eth_getLogs';
const rangesOf = (asked: readonly Asked[]) =>
	asked.filter(isLogs).map(({ params }) => {
		const [{ fromBlock, toBlock }] = params as [{ fromBlock: string; toBlock: string }];
		return `${BigInt(fromBlock)}-${BigInt(toBlock)}`;
	});

const keyOf = ({ venue, asset }: { venue: string; asset: string }) => `${asset}@${venue}`;
const heldIn = ({ balances }: TokenLook) => new Map(balances.map((each) => [keyOf(each), each.amount]));

/** What the transfers of a look come to, by position. */
function netOf({ movements }: TokenLook): Map<string, bigint> {
	const net = new Map<string, bigint>();
	for (const each of movements ?? []) net.set(keyOf(each), (net.get(keyOf(each)) ?? 0n) + each.incoming - each.outgoing);
	return net;
}

function expectToAddUp(after: TokenLook, before: TokenLook): void {
	for (const [key, units] of heldIn(after)) expect(units - (heldIn(before).get(key) ?? 0n), key).toBe(netOf(after).get(key) ?? 0n);
}

describe('a gap between two looks', () => {
	it('is asked for in one go: after block 1,000, at 1,012, the transfers of 1,001 to 1,012', async () => {
		mineUpTo(999);
		move(5n);
		const before = await look();
		move(7n);
		mineUpTo(1_011);
		move(11n);
		stand.asked();
		const after = await look(before.block);
		expect([before.block.number, after.block.number]).toEqual([1_000n, 1_012n]);
		expect(new Set(rangesOf(stand.asked()))).toEqual(new Set(['1001-1012']));
		expect(new Set(after.movements?.map(({ blockNumber }) => blockNumber))).toEqual(new Set([1_001n, 1_012n]));
		expect([...netOf(after)]).toEqual([
			['ID0@10', 16n],
			['ID0@10/funder', 2n],
		]);
	});

	it('is read in pieces, and not at all when there are too many: then only the balances count', async () => {
		const { block } = await look();
		move(5n);
		const chunk = Number(CHUNK_BLOCKS);
		const most = Number(block.number) + MOST_CHUNKS * chunk;
		await raiseHead(most);
		const whole = await look(block);
		const ranges = [...new Set(rangesOf(stand.asked()))];
		expect(ranges).toHaveLength(MOST_CHUNKS);
		expect([ranges[0], ranges.at(-1)]).toEqual([`${block.number + 1n}-${Number(block.number) + chunk}`, `${most - chunk + 1}-${most}`]);
		expect(netOf(whole)).toEqual(
			new Map([
				['ID0@10', 4n],
				['ID0@10/funder', 1n],
			]),
		);
		await raiseHead(most + 1);
		const tooLong = await look(block);
		expect([tooLong.movements, tooLong.takenBackFrom, rangesOf(stand.asked())]).toEqual([null, null, []]);
		expect(heldIn(tooLong)).toEqual(heldIn(whole));
	});
});

describe('a reorganisation in the middle of a look', () => {
	const places = [2, 3, 4, 5, 6].flatMap((request) => [1, 3, 9].map((depth) => ({ request, depth })));
	it.each(places)(
		'of $depth blocks at request $request brings no transfers of another chain than the balances',
		async ({ request, depth }) => {
			const first = await look();
			moveFiveTimes(10n);
			const before = await look(first.block);
			moveFiveTimes(100n);
			const { number, hash } = stand.chain.head();
			let happened = 0;
			stand.onRequest(request, () => {
				happened += 1;
				stand.chain.reorganise(depth);
				move(1_000n);
				return undefined;
			});
			const meanwhile = await look(before.block);
			expect([happened, meanwhile.block]).toEqual([1, { number: BigInt(number), hash }]);
			if (meanwhile.movements !== null) expectToAddUp(meanwhile, meanwhile.takenBackFrom === null ? before : first);
			expect([...meanwhile.balances, ...meanwhile.problems]).toHaveLength(shares().length);
			expect(meanwhile.problems.filter(({ isImpossible }) => isImpossible)).toEqual([]);
			// Whatever it was, the next look sees that its head is gone.
			const after = await look(meanwhile.block);
			expect([after.takenBackFrom, after.problems]).toEqual([meanwhile.block.number - BigInt(DEEPEST) + 1n, []]);
			expect(after.movements?.length).toBeGreaterThan(0);
			expectToAddUp(after, first);
		},
	);
});
