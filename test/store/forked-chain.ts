/** A chain of which blocks are taken back, deeper than what counts as settled, and all that is done to the books of the wallet on it. */
import { sql } from 'drizzle-orm';
import fc from 'fast-check';
import { type Amount, amount } from '../../src/money/amount.ts';
import { bookTransfers } from '../../src/store/books.ts';
import { type Db, inTransaction } from '../../src/store/db.ts';
import { saveBalances } from '../../src/store/inventory.ts';
import { postMined } from '../../src/store/ledger.ts';
import { readCursor, type SeenBlock, saveMovements } from '../../src/store/transfers.ts';
import { CAUSE, randomHash } from './fixture.ts';
import { movement, reading } from './watched.ts';

/** Blocks below the head count as settled from here on, and more of them are taken back now and then. */
const SETTLED = 2n;
/** Base units in the wallet before the first block: nothing that moves makes it less than nothing. */
const BEFORE = 1_000_000n;

/** One transaction: so many base units more in the wallet, or less. */
interface Transaction {
	readonly hash: `0x${string}`;
	readonly units: bigint;
	/** What an event of ours says of it; null when it is nothing of ours. */
	readonly says: bigint | null;
	/** Null while it is on no chain. */
	block: bigint | null;
	isPosted: boolean;
}

type Turn =
	| { readonly does: 'mine'; readonly moved: readonly { readonly units: bigint; readonly says: bigint | null }[]; readonly again: number }
	| { readonly does: 'take back'; readonly depth: bigint; readonly again: number }
	| { readonly does: 'look'; readonly blocks: bigint }
	| { readonly does: 'post'; readonly count: number }
	| { readonly does: 'read' | 'book' | 'all at once' };

const units = fc.bigInt(-500n, 500n);
/** Sometimes ours; of that most events say what the chain says. */
const moved = units.chain((each) =>
	fc.record({ units: fc.constant(each), says: fc.oneof(fc.constant(null), fc.constant(each), fc.constant(each), units) }),
);
const turn: fc.Arbitrary<Turn> = fc.oneof(
	{ weight: 4, arbitrary: fc.record({ does: fc.constant('mine'), moved: fc.array(moved, { maxLength: 2 }), again: fc.nat(2) }) },
	{ weight: 2, arbitrary: fc.record({ does: fc.constant('take back'), depth: fc.bigInt(1n, 6n), again: fc.nat(2) }) },
	{ weight: 3, arbitrary: fc.record({ does: fc.constant('look'), blocks: fc.constantFrom(1n, 3n, 100n) }) },
	{ weight: 2, arbitrary: fc.record({ does: fc.constant('post'), count: fc.integer({ min: 1, max: 3 }) }) },
	{ weight: 4, arbitrary: fc.record({ does: fc.constantFrom('read', 'book', 'all at once') }) },
);
export const someTurns = fc.array(turn, { minLength: 5, maxLength: 40 });

interface ForkedChain {
	readonly venue: string;
	take(turn: Turn): Promise<void>;
	/** Lets everything come to rest, and tells what is in the wallet at the block that counts as settled then. */
	settle(): Promise<Amount>;
}

export function openForkedChain(db: Db, venue: string): ForkedChain {
	const all: Transaction[] = [];
	/** By number: which fork the block is of. */
	const forks: number[] = [0];
	let fork = 0;
	/** Nobody has looked since at blocks from here on. */
	let changedFrom: bigint | null = null;

	const head = () => BigInt(forks.length - 1);
	const settledBlock = () => (head() > SETTLED ? head() - SETTLED : 0n);
	const blockAt = (number: bigint): SeenBlock => ({ blockNumber: number, blockHash: `0x${number}.${forks[Number(number)]}` });
	const unitsAt = (number: bigint) =>
		amount(all.reduce((sum, each) => (each.block !== null && each.block <= number ? sum + each.units : sum), BEFORE));

	/** With so many of those that were taken back. */
	function mine(moves: readonly Pick<Transaction, 'units' | 'says'>[], again: number): void {
		const waiting = all.filter(({ block }) => block === null).slice(0, again);
		forks.push(fork);
		for (const each of waiting) each.block = head();
		all.push(...moves.map((each) => ({ ...each, hash: randomHash(), block: head(), isPosted: false })));
	}

	/** Never what the books have begun with: that is for a person. The other fork is longer. */
	async function takeBack(depth: bigint, again: number): Promise<void> {
		const [row] = await db.execute<{ block: string | null }>(
			sql`select max(opened_block)::text as block from balance_snapshots where venue = ${venue}`,
		);
		const floor = BigInt(row?.block ?? 0);
		const last = head() - depth > floor ? head() - depth : floor;
		if (last >= head()) return;
		const length = forks.length;
		fork += 1;
		forks.length = Number(last) + 1;
		for (const each of all) if (each.block !== null && each.block > last) each.block = null;
		if (changedFrom === null || changedFrom > last + 1n) changedFrom = last + 1n;
		mine([], again);
		while (forks.length <= length) mine([], 0);
	}

	/** At so many blocks at most, from where the last look has ended or from the first block that has changed since. */
	async function look(blocks: bigint): Promise<void> {
		const before = await readCursor(db, venue);
		if (before === null) {
			await saveMovements(db, { chain: venue, before, fromBlock: head(), upTo: blockAt(head()), movements: [] });
			changedFrom = null;
			return;
		}
		const next = before.blockNumber + 1n;
		const fromBlock = changedFrom !== null && changedFrom < next ? changedFrom : next;
		const end = fromBlock + blocks - 1n < head() ? fromBlock + blocks - 1n : head();
		if (fromBlock > end) return;
		const movements = all.flatMap(({ hash: transactionHash, units: sum, block }) => {
			if (block === null || block < fromBlock || block > end) return [];
			return { ...movement(venue, block, { transactionHash, ...(sum > 0n ? { incoming: sum } : { outgoing: -sum }) }), ...blockAt(block) };
		});
		changedFrom = null;
		await saveMovements(db, { chain: venue, before, fromBlock, upTo: blockAt(end), movements });
	}

	const read = () =>
		saveBalances(db, [
			reading(venue, unitsAt(head()), head(), {
				...blockAt(head()),
				settled: { amount: unitsAt(settledBlock()), blockNumber: settledBlock() },
			}),
		]);

	const book = () => bookTransfers(db, { chain: venue, settledBlock: settledBlock() });

	/** What is ours and mined, by what is said of it where it is now. */
	async function post(count: number): Promise<void> {
		const ours = all.filter((each) => each.says !== null && each.block !== null && !each.isPosted).slice(0, count);
		for (const each of ours) {
			each.isPosted = true;
			const [says, blockNumber] = [each.says ?? 0n, each.block ?? 0n];
			const ends = says < 0n ? ({ from: 'wallet', to: 'in_flight' } as const) : ({ from: 'bridge', to: 'wallet' } as const);
			const moves = [{ venue, asset: 'USDC', ...ends, amount: amount(says < 0n ? -says : says) }];
			const posting = { event: 'sent', earmarkId: null, legId: null, tx: each.hash, blockNumber, moves } as const;
			await inTransaction(db, CAUSE, (tx) => postMined(tx, posting));
		}
	}

	async function take(each: Turn): Promise<void> {
		switch (each.does) {
			case 'mine':
				return mine(each.moved, each.again);
			case 'take back':
				return takeBack(each.depth, each.again);
			case 'look':
				return look(each.blocks);
			case 'post':
				return post(each.count);
			case 'read':
				await read();
				return;
			case 'book':
				await book();
				return;
			case 'all at once':
				await Promise.all([look(100n), post(2), book(), read(), book()]);
		}
	}

	async function settle(): Promise<Amount> {
		for (let looks = 0; looks < 2; looks += 1) {
			// The first look at all knows nothing of what came before its block.
			for (let block = 0n; block <= SETTLED; block += 1n) mine([], 0);
			await look(1_000n);
			await read();
			await book();
		}
		return unitsAt(settledBlock());
	}

	return { venue, take, settle };
}
