import fc from 'fast-check';
import { decodeFunctionData, parseAbi, toHex, zeroAddress } from 'viem';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readBalances, readHead } from '../../src/chain/balances.ts';
import { readMovements } from '../../src/chain/transfers.ts';
import { resolveConfig } from '../../src/config/load.ts';
import { parseConfigFile } from '../../src/config/read-file.ts';
import type { ChainPosition } from '../../src/inventory/venue.ts';
import { type Asked, callsOf, type StubStand, startStubStand } from './stub-stand.ts';

const MOST = 2n ** 256n - 1n;
const erc1155Abi = parseAbi(['function balanceOf(address account, uint256 id) view returns (uint256)']);

let stand: StubStand;
beforeEach(async () => {
	stand = await startStubStand();
});
afterEach(() => stand.stop());

/** Of two tokens with these ids, as a file says it that somebody has written by hand. */
function positionsOf(one: bigint, other: bigint): readonly ChainPosition[] {
	const { wallet, chain } = stand;
	const shares = `token: erc1155, address: "${chain.collection.address}", chain: "10", decimals: 6, holders: [wallet]`;
	const text = `
wallet: "${wallet}"
chains: { 10: { name: ten, rpcUrls: ["http://127.0.0.1:10"], finalityBlocks: 2 } }
assets: {}
everclear: { apiUrl: "http://127.0.0.1:9", spokes: {} }
inventory:
  watch:
    - { asset: ONE, id: "${one}", ${shares} }
    - { asset: OTHER, id: "${toHex(other)}", ${shares} }
`;
	return resolveConfig(parseConfigFile(text, 'test.yaml')).inventory.positions.get('10') ?? [];
}

/** What a node was asked for. */
const idsIn = (asked: Asked) => callsOf(asked).map(({ callData }) => decodeFunctionData({ abi: erc1155Abi, data: callData }).args[1]);

/** Two that are the same in their lower bits, or in none. */
const pair = fc
	.record({
		bits: fc.constantFrom(0n, 53n, 64n, 128n, 255n),
		low: fc.bigInt(0n, MOST),
		one: fc.bigInt(0n, MOST),
		other: fc.bigInt(0n, MOST),
	})
	.map(({ bits, low, one, other }) => {
		const [mask, high] = [(1n << bits) - 1n, (id: bigint) => ((id << bits) & MOST) | (low & ((1n << bits) - 1n))];
		return { same: mask, one: high(one), other: high(other) };
	})
	.filter(({ one, other }) => one !== other);

it('a token id is whole from the file to the calls, and back from the events, and is no other one with the same lower bits', async () => {
	const { wallet, chain } = stand;
	const { address: token } = chain.collection;
	let minted = 0n;
	await fc.assert(
		fc.asyncProperty(pair, async ({ same, one, other }) => {
			expect(one & same).toBe(other & same);
			const positions = positionsOf(one, other);
			expect(positions.map((each) => each.token)).toEqual([one, other].map((id) => ({ kind: 'erc1155', address: token, id })));
			const before = [one, other].map((id) => chain.balance({ token, holder: wallet, id }));
			minted += 2n;
			const units = [minted, minted + 1n] as const;
			const made = { token, from: zeroAddress, to: wallet };
			chain.transfer({ ...made, id: one, amount: units[0] }, { ...made, id: other, amount: units[1] });
			const at = await readHead(stand.client, '10');
			stand.asked();
			const { balances, unread } = await readBalances(stand.client, { venue: '10', positions, head: at, settled: 0 });
			expect(stand.asked().map(idsIn)).toEqual([[one, other]]);
			expect([unread, balances.map(({ amount }) => amount)]).toEqual([[], before.map((held, index) => held + (units[index] ?? 0n))]);
			const range = { fromBlock: at.blockNumber, toBlock: at.blockNumber };
			const moved = await readMovements(stand.client, { venue: '10', positions, ...range });
			expect(moved.map(({ asset, incoming }) => [asset, incoming])).toEqual([
				['ONE', units[0]],
				['OTHER', units[1]],
			]);
			const alone = await readMovements(stand.client, { venue: '10', positions: positions.slice(1), ...range });
			expect(alone.map(({ asset, incoming }) => [asset, incoming])).toEqual([['OTHER', units[1]]]);
		}),
		{
			numRuns: 40,
			examples: [
				[{ same: 0n, one: 0n, other: MOST }],
				[{ same: 2n ** 53n - 1n, one: 2n ** 255n, other: 2n ** 255n + 2n ** 53n }],
				[{ same: 2n ** 64n - 1n, one: 1n, other: 2n ** 64n + 1n }],
				[{ same: 2n ** 128n - 1n, one: 2n ** 128n - 1n, other: 2n ** 129n - 1n }],
			],
		},
	);
});
