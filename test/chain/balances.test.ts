import { type Address, encodeFunctionResult, getAddress, multicall3Abi, pad, toHex, zeroAddress } from 'viem';
import { beforeEach, describe, expect, it } from 'vitest';
import { type Head, readBalances, readHead, type Settled } from '../../src/chain/balances.ts';
import { TransientError } from '../../src/errors.ts';
import type { ChainPosition } from '../../src/inventory/venue.ts';
import { type Asked, type Call, callsOf, firstOf, type StubStand, standPerTest } from './stub-stand.ts';

const NOBODY = getAddress('0x70997970C51812dc3A010C7d01b50e0d17dc79C8');
/** So far behind the head a stub calls blocks final. */
const FINAL_DEPTH = 8;

let stand: StubStand;
const { stand: standNow, watched } = standPerTest();
beforeEach(() => {
	stand = standNow();
});
const head = () => readHead(stand.client, '10');

/** What the chain itself says that the positions hold as of a block. */
function held(positions: readonly ChainPosition[], number: number): bigint[] {
	return positions.map(({ token, holder }) => {
		const at = { token: token.kind === 'native' ? token.kind : token.address, holder };
		return stand.chain.balance(token.kind === 'erc1155' ? { ...at, id: token.id } : at, stand.chain.blockAt(number));
	});
}

function read(at: Head, settled: Settled, positions: readonly ChainPosition[] = watched()) {
	return readBalances(stand.client, { venue: '10', positions, head: at, settled });
}

/** A fungible token's balance at an account with that number. */
function position(number: number, token: Address = firstOf(stand.chain.tokens).address): ChainPosition {
	const holder = getAddress(pad(toHex(number), { size: 20 }));
	return { venue: `10/h${number}`, asset: 'T0', holder, decimals: 6, token: { kind: 'erc20', address: token } };
}

const methodsOf = (asked: readonly Asked[]) => asked.map(({ method }) => method);
const blockOf = ({ params }: Asked) => params[1];

/** Something of every kind comes to both accounts. */
function move(): void {
	const { chain, wallet, funder } = stand;
	const { address: token, ids } = chain.collection;
	const made = (to: Address) => [
		{ token: 'native' as const, from: zeroAddress, to, amount: 3n },
		{ token: firstOf(chain.tokens).address, from: zeroAddress, to, amount: 5n },
		{ token, id: firstOf(ids), from: zeroAddress, to, amount: 7n },
	];
	chain.transfer(...made(wallet), ...made(funder));
}

describe('balances at the head', () => {
	it('are those of every kind of token and of every account, in one request for the head, one at its hash and one at the settled block', async () => {
		const at = await head();
		const { balances, unread } = await read(at, 2);
		const asked = stand.asked();
		expect(methodsOf(asked)).toEqual(['eth_getBlockByNumber', 'eth_call', 'eth_call']);
		const blocks = asked.slice(1).map(blockOf);
		expect(blocks).toContainEqual({ blockHash: at.blockHash, requireCanonical: true });
		expect(blocks).toContainEqual(toHex(at.blockNumber - 2n));
		expect(unread).toEqual([]);
		expect(balances.map(({ venue, asset }) => `${asset}@${venue}`)).toEqual(watched().map(({ venue, asset }) => `${asset}@${venue}`));
		expect(new Set(watched().map(({ token }) => token.kind))).toEqual(new Set(['native', 'erc20', 'erc1155']));
		expect(new Set(watched().map(({ holder }) => holder)).size).toBe(2);
		expect(balances.map(({ amount }) => amount)).toEqual(held(watched(), Number(at.blockNumber)));
		expect(new Set(balances.map(({ amount }) => amount)).size).toBe(watched().length);
	});

	it('are as of the block that was the head, although funds have moved in another one since', async () => {
		const at = await head();
		const before = held(watched(), Number(at.blockNumber));
		move();
		const { balances } = await read(at, 0);
		expect(balances.map(({ amount }) => amount)).toEqual(before);
		expect(held(watched(), Number(at.blockNumber) + 1)).not.toEqual(before);
		const { blockNumber, blockHash } = at;
		expect(balances.every((each) => each.blockNumber === blockNumber && each.blockHash === blockHash)).toBe(true);
	});

	it('are unread, and never zero, when the head was taken back before they were asked for', async () => {
		move();
		const at = await head();
		stand.chain.reorganise(1);
		for (const settled of [0, 2, 'finalized'] as const) {
			const { balances, unread } = await read(at, settled);
			expect(balances).toEqual([]);
			expect(unread.map(({ venue, asset }) => `${asset}@${venue}`)).toEqual(watched().map(({ venue, asset }) => `${asset}@${venue}`));
			for (const { problem } of unread) expect(problem).toContain('hash is not currently canonical');
		}
	});

	it('are unread with a reason where the contract is missing or reverts, while the others are read', async () => {
		const [good, none, reverts] = [position(1), position(2, NOBODY), position(3, stand.chain.collection.address)];
		stand.chain.transfer({ token: firstOf(stand.chain.tokens).address, from: zeroAddress, to: good.holder, amount: 9n });
		const { balances, unread } = await read(await head(), 0, [none, good, reverts, position(4)]);
		expect(balances.map(({ venue, amount }) => [venue, amount])).toEqual([
			['10/h1', 9n],
			['10/h4', 0n],
		]);
		expect(unread).toEqual([
			{ venue: '10/h2', asset: 'T0', problem: expect.stringMatching(/no contract answers/) },
			{ venue: '10/h3', asset: 'T0', problem: expect.stringMatching(/refuses/) },
		]);
	});

	it('that do not fit into one request are read in several, and one that fails leaves only its own positions unread', async () => {
		const positions = Array.from({ length: 1_000 }, (_, index) => position(index + 1));
		const token = firstOf(stand.chain.tokens).address;
		stand.chain.transfer(...positions.map(({ holder }, index) => ({ token, from: zeroAddress, to: holder, amount: BigInt(index + 1) })));
		const at = await head();
		stand.asked();
		const all = await read(at, 0, positions);
		const asked = stand.asked();
		expect(asked.map((each) => callsOf(each).length)).toEqual([400, 400, 200]);
		expect([all.unread, all.balances.map(({ amount }) => amount)]).toEqual([[], held(positions, Number(at.blockNumber))]);
		let failed: readonly Call[] = [];
		stand.proxy.fault = (method, params) => {
			const calls = callsOf({ method, params });
			if (calls.length !== 200) return 'pass';
			failed = calls;
			return 'error';
		};
		const { balances, unread } = await read(at, 0, positions);
		expect(failed).toHaveLength(200);
		expect(balances.map(({ amount }) => amount)).toEqual(held(positions.slice(0, 800), Number(at.blockNumber)));
		expect(unread.map(({ venue }) => venue)).toEqual(positions.slice(800).map(({ venue }) => venue));
		for (const { problem } of unread) expect(problem).toContain('told to fail');
	});

	it('cannot be asked for when the head cannot', async () => {
		stand.proxy.fault = () => 'error500';
		await expect(head()).rejects.toThrow(TransientError);
	});
});

describe('settled balances', () => {
	it('are those so many blocks below the head', async () => {
		move();
		stand.chain.mine();
		stand.chain.mine();
		const at = await head();
		const settledOf = async (depth: number) => (await read(at, depth)).balances.map(({ settled }) => settled);
		const expected = (blockNumber: bigint) => held(watched(), Number(blockNumber)).map((amount) => ({ amount, blockNumber }));
		expect(await settledOf(2)).toEqual(expected(at.blockNumber - 2n));
		expect(await settledOf(3)).toEqual(expected(at.blockNumber - 3n));
		expect(expected(at.blockNumber - 3n)[0]?.amount).not.toBe(expected(at.blockNumber - 2n)[0]?.amount);
		expect(await settledOf(10_000)).toEqual(watched().map(() => ({ amount: 0n, blockNumber: 0n })));
	});

	it('are those of the head with no second request where nothing has to be on top', async () => {
		move();
		const at = await head();
		stand.asked();
		const { balances } = await read(at, 0);
		expect(methodsOf(stand.asked())).toEqual(['eth_call']);
		expect(balances.map(({ settled }) => settled)).toEqual(balances.map(({ amount }) => ({ amount, blockNumber: at.blockNumber })));
	});

	it('are those of the block that the node calls final, with its number by the same request', async () => {
		move();
		for (let more = 0; more < FINAL_DEPTH - 1; more += 1) stand.chain.mine();
		const at = await head();
		stand.asked();
		const { balances } = await read(at, 'finalized');
		expect(stand.asked().map(blockOf)).toContainEqual('finalized');
		const blockNumber = at.blockNumber - BigInt(FINAL_DEPTH);
		expect(balances.map(({ settled }) => settled)).toEqual(held(watched(), Number(blockNumber)).map((amount) => ({ amount, blockNumber })));
		expect(balances.map(({ amount }) => amount)).toEqual(held(watched(), Number(at.blockNumber)));
		expect(balances[0]?.amount).not.toBe(balances[0]?.settled?.amount);
	});

	it('are unknown, and never zero, where only they cannot be read', async () => {
		const at = await head();
		for (const settled of [2, 'safe'] as const) {
			stand.proxy.fault = (_, [, block]) => (typeof block === 'string' ? 'error' : 'pass');
			const { balances, unread } = await read(at, settled);
			expect(unread).toEqual([]);
			expect(balances.map(({ settled: there }) => there)).toEqual(watched().map(() => null));
		}
	});

	it('by name are refused where contracts count blocks in another way than the chain', async () => {
		const at = await head();
		const results = [at.blockNumber + 1_000n, ...watched().map(() => 1n)].map((value) => ({
			success: true,
			returnData: pad(toHex(value)),
		}));
		const result = encodeFunctionResult({ abi: multicall3Abi, functionName: 'aggregate3', result: results });
		stand.proxy.fault = () => ({ result });
		const failure = await read(at, 'finalized').catch((error: unknown) => error);
		expect(failure).toBeInstanceOf(TransientError);
		expect(failure).toMatchObject({ message: expect.stringContaining('chains.10.settled') });
	});
});
