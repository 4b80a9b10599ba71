import { sql } from 'drizzle-orm';
import fc from 'fast-check';
import { type Address, getAddress, zeroAddress } from 'viem';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { CHUNK_BLOCKS } from '../../src/chain/look.ts';
import { TransientError } from '../../src/errors.ts';
import { openStore, type Store } from '../../src/store/db.ts';
import { firstOf, type StubStand } from '../chain/stub-stand.ts';
import { testDatabase } from '../stack.ts';
import { FIRST_BLOCKS, type WatchedChain, watchChain } from './watched-chain.ts';

const NOBODY = getAddress('0x70997970C51812dc3A010C7d01b50e0d17dc79C8');
/** The requests of a look that finds everything as it was, but for the head: both kinds of token, and the block of the last look. */
const REQUESTS = 4;

let databaseUrl: string;
let store: Store;
beforeAll(async () => {
	databaseUrl = await testDatabase();
	store = openStore({ databaseUrl, pool: 6 });
});
afterAll(() => store.close());

const opened: WatchedChain[] = [];
afterEach(async () => {
	for (const { stand } of opened.splice(0)) await stand.stop();
});
let chains = 1_000;

/** A chain of its own. */
async function watchedChain(): Promise<WatchedChain> {
	const watched = await watchChain(store.db, databaseUrl, ++chains);
	opened.push(watched);
	return watched;
}

const at = ({ number, hash }: { number: number; hash: string }) => ({ blockNumber: BigInt(number), blockHash: hash });

describe('transfers', () => {
	it('are followed from the head of the first look on', async () => {
		const watched = await watchedChain();
		watched.move(watched.into(1n));
		const head = watched.move(watched.into(2n));
		expect(await watched.look()).toEqual({ isUpToHead: true, hasMoved: false });
		expect([await watched.stored(), await watched.cursor()]).toEqual([[], at(head)]);
		expect(watched.ranges()).toEqual([]);
		watched.move(watched.into(3n), watched.into(4n, 'ID0'));
		expect(await watched.look()).toEqual({ isUpToHead: true, hasMoved: true });
		expect(await watched.stored()).toEqual(watched.expected({ from: head.number + 1 }));
		expect(await watched.stored()).toHaveLength(2);
		expect(await watched.look()).toEqual({ isUpToHead: true, hasMoved: false });
	});

	it('are followed by another process from where the last one has ended', async () => {
		const watched = await watchedChain();
		await watched.look();
		watched.move(watched.into(1n));
		await watched.look();
		const end = watched.stand.chain.head();
		watched.move(watched.into(2n, 'ID0'));
		watched.mine(3);
		watched.stand.asked();
		expect(await watched.lookAnew()).toEqual({ isUpToHead: true, hasMoved: true });
		const head = watched.stand.chain.head();
		expect(watched.ranges()).toEqual([`${end.number + 1}-${head.number}`]);
		expect([await watched.stored(), await watched.cursor()]).toEqual([watched.expected(), at(head)]);
		expect(await watched.stored()).toHaveLength(2);
	});

	it('are made up for over a gap of any length, in pieces that join, and what a failing piece has not brought comes with the next look', async () => {
		const watched = await watchedChain();
		await watched.look();
		const chunk = Number(CHUNK_BLOCKS);
		for (const empty of [0, chunk - 3, 0, 0, chunk - 2, 0, 200]) {
			watched.mine(empty);
			watched.move(watched.into(BigInt(empty) + 1n), watched.into(7n, 'ID0'));
		}
		const [first, head] = [FIRST_BLOCKS + 1, watched.stand.chain.head()];
		const [second, third] = [first + chunk, first + 2 * chunk];
		// After the block of the head and the first piece.
		watched.stand.asked();
		watched.stand.onRequest(1 + REQUESTS + 2, () => 'error');
		await expect(watched.look()).rejects.toThrow(TransientError);
		watched.stand.heal();
		const part = await watched.stored();
		expect(part.length).toBeGreaterThan(0);
		expect(part.length).toBeLessThan(watched.expected().length);
		expect(await watched.cursor()).toMatchObject({ blockNumber: BigInt(second - 1) });
		watched.stand.asked();
		expect(await watched.look()).toEqual({ isUpToHead: true, hasMoved: true });
		expect(watched.ranges()).toEqual([`${second}-${third - 1}`, `${third}-${head.number}`]);
		expect([await watched.stored(), await watched.cursor()]).toEqual([watched.expected(), at(head)]);
		expect(await watched.stored()).toHaveLength(14);
	});

	it.each([1, 2, 3, 4])('are not stored at all when request %i of a look fails, and all of them by the next one', async (failing) => {
		const watched = await watchedChain();
		await watched.look();
		watched.move(watched.into(1n), watched.into(2n, 'ID0'));
		watched.mine(2);
		const [before, head] = [await watched.cursor(), await watched.head()];
		watched.stand.onRequest(failing, () => 'error');
		await expect(watched.look(head)).rejects.toThrow(TransientError);
		expect([await watched.stored(), await watched.cursor()]).toEqual([[], before]);
		watched.stand.heal();
		await watched.look();
		expect(await watched.stored()).toEqual(watched.expected());
		expect(await watched.stored()).toHaveLength(2);
	});

	it('stay as they are when a node answers that is behind', async () => {
		const watched = await watchedChain();
		await watched.look();
		watched.move(watched.into(1n));
		watched.mine(1);
		const behind = await watched.head();
		watched.move(watched.into(2n));
		await watched.look();
		const [stored, cursor] = [await watched.stored(), await watched.cursor()];
		expect(await watched.look(behind)).toEqual({ isUpToHead: false, hasMoved: false });
		watched.stand.onRequest(1, () => ({ lagBlocks: 2 }));
		expect(await watched.look()).toEqual({ isUpToHead: false, hasMoved: false });
		expect([await watched.stored(), await watched.cursor()]).toEqual([stored, cursor]);
		expect(stored).toEqual(watched.expected());
	});

	it('are stored once by many processes that look at the same time', async () => {
		const watched = await watchedChain();
		await watched.look();
		watched.move(watched.into(1n), watched.into(2n, 'ID0'));
		watched.move(watched.into(3n));
		const [other, head] = [openStore({ databaseUrl, pool: 6 }), await watched.head()];
		try {
			const looks = await Promise.all([1, 2, 3, 4, 5, 6].map((number) => watched.look(head, number % 2 === 0 ? store.db : other.db)));
			expect(looks.filter(({ hasMoved }) => hasMoved)).toEqual([{ isUpToHead: true, hasMoved: true }]);
			expect([await watched.stored(), await watched.cursor()]).toEqual([watched.expected(), at(watched.stand.chain.head())]);
			expect(await watched.stored()).toHaveLength(3);
		} finally {
			await other.close();
		}
	});
});

describe('a reorganisation', () => {
	it.each([1, 3, 60])('of %i blocks between two looks takes back what is not on the chain any more, and brings what is', async (depth) => {
		const watched = await watchedChain();
		await watched.look();
		const kept = watched.move(watched.into(1n));
		for (let block = 0; block < depth; block += 1) watched.move(watched.into(2n), watched.into(3n, 'ID0'));
		await watched.look();
		expect(await watched.stored()).toHaveLength(1 + 2 * depth);
		watched.stand.chain.reorganise(depth);
		expect(await watched.look()).toEqual({ isUpToHead: true, hasMoved: true });
		expect(await watched.stored()).toEqual(watched.expected());
		expect(await watched.stored()).toEqual([expect.stringContaining(` ${kept.number} ${kept.hash}`)]);
		watched.move(watched.into(4n));
		await watched.look();
		expect(await watched.stored()).toEqual(watched.expected());
		expect(await watched.stored()).toHaveLength(2);
	});

	it('is seen by another block at the same height', async () => {
		const watched = await watchedChain();
		await watched.look();
		const gone = watched.move(watched.into(1n), watched.into(2n, 'ID0'));
		await watched.look();
		expect(await watched.stored()).toHaveLength(2);
		watched.stand.chain.reorganise(1);
		const other = watched.stand.chain.blockAt(gone.number);
		const head = { blockNumber: BigInt(gone.number), blockHash: other?.hash ?? '', parentHash: other?.parent?.hash ?? '' };
		expect(await watched.look(head)).toEqual({ isUpToHead: true, hasMoved: true });
		expect([await watched.stored(), await watched.cursor()]).toEqual([[], at({ number: gone.number, hash: head.blockHash })]);
	});

	const places = [1, 2, 3, 4, 5].flatMap((request) => [2, 9].map((depth) => ({ request, depth })));
	it.each(places)(
		'of $depth blocks at request $request of a look is seen through by the next one at the latest',
		async ({ request, depth }) => {
			const watched = await watchedChain();
			await watched.look();
			for (let block = 0; block < 5; block += 1) watched.move(watched.into(1n), watched.into(2n, 'ID0'));
			await watched.look();
			for (let block = 0; block < 5; block += 1) watched.move(watched.into(3n), watched.into(4n, 'ID0'));
			let happened = 0;
			watched.stand.onRequest(request, () => {
				happened += 1;
				watched.stand.chain.reorganise(depth);
				watched.move(watched.into(5n));
				return undefined;
			});
			const upTo = watched.stand.chain.head().number;
			await watched.look();
			expect(happened).toBe(1);
			// What turns out to be gone while it is looked at is read again at once, up to the height that was asked for.
			if (request > 1 && depth > 5) expect(await watched.stored()).toEqual(watched.expected({ upTo }));
			expect(await watched.look()).toMatchObject({ isUpToHead: true });
			expect(await watched.stored()).toEqual(watched.expected());
			expect(await watched.stored()).toHaveLength(2 * (10 - depth) + 1);
		},
	);
});

type Turn =
	| { readonly does: 'move'; readonly moves: readonly { token: number; from: number; to: number; amount: bigint }[] }
	| { readonly does: 'mine'; readonly blocks: number }
	| { readonly does: 'look' | 'fail'; readonly at: number }
	| { readonly does: 'reorganise' | 'reorganise meanwhile'; readonly depth: number; readonly at: number };

const moved = fc.record({ token: fc.nat(4), from: fc.nat(3), to: fc.nat(3), amount: fc.bigInt(0n, 1_000n) });
const requestNumber = fc.integer({ min: 1, max: 7 });
const depth = fc.oneof({ weight: 7, arbitrary: fc.integer({ min: 1, max: 6 }) }, { weight: 1, arbitrary: fc.integer({ min: 7, max: 63 }) });
const turn: fc.Arbitrary<Turn> = fc.oneof(
	{ weight: 5, arbitrary: fc.record({ does: fc.constant('move'), moves: fc.array(moved, { minLength: 1, maxLength: 4 }) }) },
	{ weight: 1, arbitrary: fc.record({ does: fc.constant('mine'), blocks: fc.integer({ min: 1, max: 5 }) }) },
	{ weight: 5, arbitrary: fc.record({ does: fc.constantFrom('look', 'look', 'fail'), at: requestNumber }) },
	{ weight: 3, arbitrary: fc.record({ does: fc.constantFrom('reorganise', 'reorganise meanwhile'), depth, at: requestNumber }) },
);

async function take(watched: WatchedChain, each: Turn): Promise<void> {
	const { stand } = watched;
	const { chain, wallet, funder } = stand;
	switch (each.does) {
		case 'move': {
			const tokens = [...chain.tokens.slice(0, 2).map(({ address }) => ({ token: address })), ...ids(stand)];
			// The first one makes, and takes, whatever there is.
			const ends: readonly Address[] = [zeroAddress, wallet, funder, NOBODY];
			const all = each.moves.map(({ token, from, to, amount }) => {
				const what = tokens[token] ?? { token: firstOf(chain.tokens).address };
				const sender = ends[from] ?? zeroAddress;
				const isThere = sender === zeroAddress || chain.balance({ ...what, holder: sender }) > 10_000n;
				return { ...what, from: isThere ? sender : zeroAddress, to: ends[to] ?? zeroAddress, amount };
			});
			watched.move(...all);
			return;
		}
		case 'mine':
			return watched.mine(each.blocks);
		case 'look':
			await watched.look();
			return;
		case 'fail':
			stand.onRequest(each.at, () => 'error');
			await watched.look().catch((error: unknown) => expect(error).toBeInstanceOf(TransientError));
			return stand.heal();
		case 'reorganise':
			chain.reorganise(each.depth);
			return;
		case 'reorganise meanwhile':
			stand.onRequest(each.at, () => void chain.reorganise(each.depth));
			await watched.look();
			return stand.heal();
	}
}

const ids = ({ chain }: StubStand) => chain.collection.ids.map((id) => ({ token: chain.collection.address, id }));

it('whatever happens on the chain, and whenever somebody looks, after a last look the transfers are those of the chain', async () => {
	let [seen, taken] = [0, 0];
	await fc.assert(
		fc.asyncProperty(fc.array(turn, { minLength: 10, maxLength: 40 }), async (turns) => {
			const watched = await watchedChain();
			try {
				await watched.look();
				for (const each of turns) await take(watched, each);
				expect(await watched.look()).toMatchObject({ isUpToHead: true });
				expect(await watched.stored()).toEqual(watched.expected());
				expect(await watched.cursor()).toEqual(at(watched.stand.chain.head()));
				seen += watched.expected().length;
				const [row] = await store.db.execute<{ n: number }>(
					sql`select count(*)::int as n from transfers where chain = ${watched.venue} and block_hash is null`,
				);
				taken += row?.n ?? 0;
			} finally {
				opened.splice(opened.indexOf(watched), 1);
				await watched.stand.stop();
			}
		}),
		{ numRuns: 30 },
	);
	expect(seen).toBeGreaterThan(0);
	expect(taken).toBeGreaterThan(0);
});
