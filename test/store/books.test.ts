import { sql } from 'drizzle-orm';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Move } from '../../src/inventory/moves.ts';
import { amount } from '../../src/money/amount.ts';
import { bookTransfers, openBooks } from '../../src/store/books.ts';
import { inTransaction, type Store } from '../../src/store/db.ts';
import { type BalanceReading, saveBalances } from '../../src/store/inventory.ts';
import { post, postMined } from '../../src/store/ledger.ts';
import { hopSent } from '../../src/store/leg-events.ts';
import { readLegsOf } from '../../src/store/legs.ts';
import { bringLegTo, CAUSE, earmarked, effectOf, hopOf, randomHash, testStoreWithLanes } from './fixture.ts';
import { openForkedChain, someTurns } from './forked-chain.ts';
import { look, movement, reading } from './watched.ts';

let store: Store;
beforeAll(async () => {
	store = await testStoreWithLanes();
});
afterAll(() => store.close());

let chains = 1_000;
/** One that nobody has looked at. */
const newChain = () => `${++chains}`;

/** What the ledger says of a place by event: base units more in the wallet, and that whoever is on the other side has less. */
async function ledgerOf(venue: string): Promise<{ wallet: bigint; events: string[] }> {
	const rows = await store.db.execute<{ event: string; units: string }>(sql`
		select event, amount::text as units from ledger_entries where venue = ${venue} and account = 'wallet' order by id`);
	return {
		wallet: rows.reduce((sum, { units }) => sum + BigInt(units), 0n),
		events: rows.map(({ event, units }) => `${event} ${units}`),
	};
}

const openedAt = async (venue: string) => {
	const [row] = await store.db.execute(sql`select opened_block::int as block from balance_snapshots where venue = ${venue}`);
	return row?.block ?? null;
};

const settledAt = (units: bigint, blockNumber: bigint): Pick<BalanceReading, 'settled'> => ({
	settled: { amount: amount(units), blockNumber },
});

/** A chain whose books begin with 1000 units in the wallet at block 10; its head is 10, too. */
async function opened(chain = newChain()): Promise<string> {
	await look(store.db, chain, { upTo: 10n });
	await saveBalances(store.db, [reading(chain, 1_000n, 10n, settledAt(1_000n, 10n))]);
	return chain;
}

/** An event of ours in that transaction: so much more in the wallet there, or less. */
function own(venue: string, units: bigint, { tx, block }: { readonly tx: string; readonly block: bigint }): Promise<void> {
	const place = { venue, asset: 'USDC' };
	const move: Move =
		units < 0n
			? { ...place, from: 'wallet', to: 'in_flight', amount: amount(-units) }
			: { ...place, from: 'bridge', to: 'wallet', amount: amount(units) };
	const event = units < 0n ? 'sent' : 'delivered';
	return inTransaction(store.db, CAUSE, (inner) =>
		postMined(inner, { event, earmarkId: null, legId: null, tx, blockNumber: block, moves: [move] }),
	);
}

const book = (chain: string, settledBlock: bigint) => bookTransfers(store.db, { chain, settledBlock });

describe('the books of a position', () => {
	it('begin with the settled balance of the first block from which on all transfers are known, and only once', async () => {
		const chain = newChain();
		const read = (units: bigint, block: bigint, settled: BalanceReading['settled']) =>
			saveBalances(store.db, [reading(chain, units, block, { settled })]);
		await read(50n, 7n, settledAt(50n, 7n).settled);
		await look(store.db, chain, { upTo: 10n });
		await read(60n, 10n, settledAt(55n, 8n).settled);
		await read(60n, 11n, null);
		expect([await openedAt(chain), await ledgerOf(chain)]).toEqual([null, { wallet: 0n, events: [] }]);
		await read(60n, 11n, settledAt(59n, 9n).settled);
		expect(await openedAt(chain)).toBeNull();
		await read(80n, 12n, settledAt(70n, 10n).settled);
		expect([await openedAt(chain), await ledgerOf(chain)]).toEqual([10, { wallet: 70n, events: ['opened 70'] }]);
		await read(90n, 14n, settledAt(90n, 12n).settled);
		expect([await openedAt(chain), await ledgerOf(chain)]).toEqual([10, { wallet: 70n, events: ['opened 70'] }]);
		const entries = await store.db.execute(
			sql`select account, amount::text as units, earmark_id as earmark, tx from ledger_entries where venue = ${chain} order by id`,
		);
		const common = { earmark: null, tx: '0x12' };
		expect(entries).toEqual([
			{ ...common, account: 'external', units: '-70' },
			{ ...common, account: 'wallet', units: '70' },
		]);
	});

	it('begin with what was posted before as part of it, whether that was more or less', async () => {
		for (const [units, opening] of [
			[-41n, 'opened 141'],
			[250n, 'opened -150'],
			[100n, null],
		] as const) {
			const chain = newChain();
			const ends = units < 0n ? ({ from: 'wallet', to: 'in_flight' } as const) : ({ from: 'bridge', to: 'wallet' } as const);
			const moves: Move[] = [{ venue: chain, asset: 'USDC', ...ends, amount: amount(units < 0n ? -units : units) }];
			await inTransaction(store.db, CAUSE, (tx) => post(tx, { event: 'sent', earmarkId: null, legId: null, tx: randomHash(), moves }));
			await look(store.db, chain, { upTo: 10n });
			await saveBalances(store.db, [reading(chain, 100n, 12n, settledAt(100n, 10n))]);
			expect(await openedAt(chain)).toBe(10);
			expect(await ledgerOf(chain)).toEqual({ wallet: 100n, events: [`sent ${units}`, ...(opening === null ? [] : [opening])] });
		}
	});

	it('count nothing twice that was mined before they began, whether it is posted before or after, and everything once that was mined later', async () => {
		const chain = newChain();
		await look(store.db, chain, { upTo: 9n });
		await saveBalances(store.db, [reading(chain, 1_000n, 9n)]);
		const [before, theirs] = [movement(chain, 10n, { outgoing: 41n }), movement(chain, 10n, { incoming: 5n })];
		const after = movement(chain, 11n, { outgoing: 7n });
		await own(chain, -41n, { tx: before.transactionHash, block: 10n });
		await look(store.db, chain, { upTo: 12n, movements: [before, theirs, after] });
		await saveBalances(store.db, [reading(chain, 957n, 12n, settledAt(964n, 10n))]);
		expect(await openedAt(chain)).toBe(10);
		expect(await book(chain, 12n)).toBe(3);
		expect((await ledgerOf(chain)).wallet).toBe(957n);
		await own(chain, 5n, { tx: theirs.transactionHash, block: 10n });
		await own(chain, -7n, { tx: after.transactionHash, block: 11n });
		expect(await book(chain, 12n)).toBe(2);
		expect((await ledgerOf(chain)).wallet).toBe(957n);
	});
});

describe('what others have moved', () => {
	it('is posted once, in and out, by what one transaction has moved at one position', async () => {
		const chain = await opened();
		const [into, out, both] = [
			movement(chain, 11n, { incoming: 30n }),
			movement(chain, 12n, { outgoing: 20n }),
			movement(chain, 13n, { incoming: 5n, outgoing: 6n }),
		];
		const nothing = movement(chain, 13n, { incoming: 9n, outgoing: 9n });
		await look(store.db, chain, { upTo: 13n, movements: [into, out, both, nothing] });
		expect(await book(chain, 13n)).toBe(4);
		expect(await ledgerOf(chain)).toEqual({ wallet: 1_009n, events: ['opened 1000', 'external 30', 'external -20', 'external -1'] });
		const [entry] = await store.db.execute(
			sql`select account, amount::text as units, earmark_id as earmark from ledger_entries where tx = ${into.transactionHash} order by id limit 1`,
		);
		expect(entry).toEqual({ account: 'external', units: '-30', earmark: null });
		expect(await book(chain, 13n)).toBe(0);
		expect((await ledgerOf(chain)).wallet).toBe(1_009n);
	});

	it('is posted by one of two who compare at the same time', async () => {
		const chain = await opened();
		const movements = Array.from({ length: 20 }, () => movement(chain, 11n, { incoming: 1n }));
		await look(store.db, chain, { upTo: 11n, movements });
		const counts = await Promise.all([1, 2, 3, 4].map(() => book(chain, 11n)));
		expect(counts.reduce((sum, each) => sum + each, 0)).toBe(20);
		expect((await ledgerOf(chain)).wallet).toBe(1_020n);
	});

	it('is not looked at above the settled block, nor above the block up to which the chain is known', async () => {
		const chain = await opened();
		await look(store.db, chain, { upTo: 13n, movements: [12n, 13n].map((block) => movement(chain, block, { incoming: block })) });
		expect(await book(chain, 11n)).toBe(0);
		expect(await book(chain, 12n)).toBe(1);
		expect((await ledgerOf(chain)).wallet).toBe(1_012n);
		const tx = randomHash();
		await own(chain, -41n, { tx, block: 14n });
		// Its events may not have been seen yet: it is not taken for one that has moved nothing.
		expect(await book(chain, 99n)).toBe(1);
		expect((await ledgerOf(chain)).wallet).toBe(1_012n + 13n - 41n);
		await look(store.db, chain, { upTo: 14n, movements: [movement(chain, 14n, { outgoing: 41n, transactionHash: tx })] });
		expect(await book(chain, 99n)).toBe(1);
		expect((await ledgerOf(chain)).events).toEqual(['opened 1000', 'external 12', 'sent -41', 'external 13']);
	});

	it('waits for the books of its position to begin, and holds up no other one', async () => {
		const chain = await opened();
		const early = movement(`${chain}/funder`, 11n, { incoming: 3n });
		await look(store.db, chain, { upTo: 12n, movements: [early, movement(chain, 12n, { incoming: 4n })] });
		expect(await book(chain, 12n)).toBe(1);
		expect([(await ledgerOf(chain)).wallet, (await ledgerOf(early.venue)).events]).toEqual([1_004n, []]);
		await saveBalances(store.db, [reading(early.venue, 3n, 12n, settledAt(3n, 12n))]);
		expect(await book(chain, 12n)).toBe(1);
		expect(await ledgerOf(early.venue)).toEqual({ wallet: 3n, events: ['opened 3'] });
	});

	it('does not include what is ours and has no verdict yet; the verdict posts it, and then nothing else does', async () => {
		const chain = await opened('1');
		const { earmarkId } = await earmarked(store.db, 1);
		const legId = (await readLegsOf(store.db, earmarkId))[0]?.id ?? '';
		await bringLegTo(store.db, legId, 'leaving');
		const effect = await effectOf(store.db, { leg: legId }, 'send');
		const [signed] = await store.db.execute<{ hash: `0x${string}` }>(sql`select hash from attempts where effect_id = ${effect.id}`);
		const transactionHash = signed?.hash ?? '0x';
		await look(store.db, chain, { upTo: 11n, movements: [movement(chain, 11n, { outgoing: 41n, transactionHash })] });
		expect(await book(chain, 11n)).toBe(0);
		expect((await ledgerOf(chain)).wallet).toBe(1_000n);
		const sent = { ...(await hopOf(store.db, legId)), effect, evidence: {}, absorbedFrom: 11n };
		await inTransaction(store.db, CAUSE, (tx) => hopSent(tx, { ...sent, mined: { transactionHash, blockNumber: 11n, logs: [] } }));
		expect(await book(chain, 11n)).toBe(1);
		expect(await ledgerOf(chain)).toEqual({ wallet: 959n, events: ['opened 1000', 'sent -41'] });
	});

	it('is put right when it turns out to be ours, and is nothing when it was known to be', async () => {
		const [late, first] = [await opened(), await opened()];
		const [taken, known] = [movement(late, 11n, { incoming: 40n }), movement(first, 11n, { incoming: 40n })];
		await look(store.db, late, { upTo: 11n, movements: [taken] });
		expect(await book(late, 11n)).toBe(1);
		await own(late, 40n, { tx: taken.transactionHash, block: 11n });
		expect(await book(late, 11n)).toBe(1);
		expect(await ledgerOf(late)).toEqual({ wallet: 1_040n, events: ['opened 1000', 'external 40', 'delivered 40', 'external -40'] });
		await own(first, 40n, { tx: known.transactionHash, block: 11n });
		await look(store.db, first, { upTo: 11n, movements: [known] });
		expect(await book(first, 11n)).toBe(1);
		expect(await ledgerOf(first)).toEqual({ wallet: 1_040n, events: ['opened 1000', 'delivered 40'] });
	});

	it('includes what a transaction of ours has moved otherwise than we have posted', async () => {
		const chain = await opened();
		const seen = movement(chain, 11n, { incoming: 39n });
		await own(chain, 40n, { tx: seen.transactionHash, block: 11n });
		const reverted = randomHash();
		await own(chain, -41n, { tx: reverted, block: 11n });
		await look(store.db, chain, { upTo: 11n, movements: [seen] });
		expect(await book(chain, 11n)).toBe(2);
		const { wallet, events } = await ledgerOf(chain);
		expect([wallet, events.toSorted()]).toEqual([1_039n, ['delivered 40', 'external -1', 'external 41', 'opened 1000', 'sent -41']]);
	});

	it('is posted back when it is taken back, and again when it is mined again', async () => {
		const chain = await opened();
		const [seen, kept] = [movement(chain, 12n, { incoming: 30n }), movement(chain, 11n, { outgoing: 1n })];
		await look(store.db, chain, { upTo: 13n, movements: [kept, seen] });
		expect(await book(chain, 13n)).toBe(2);
		await look(store.db, chain, { fromBlock: 11n, upTo: 14n, fork: 'b', movements: [kept] });
		expect(await book(chain, 14n)).toBe(1);
		expect((await ledgerOf(chain)).wallet).toBe(999n);
		const again = { ...seen, blockNumber: 15n, blockHash: '0x15b' };
		await look(store.db, chain, { upTo: 15n, fork: 'b', movements: [again] });
		expect(await book(chain, 15n)).toBe(1);
		expect(await ledgerOf(chain)).toEqual({
			...{ wallet: 1_029n },
			events: ['opened 1000', 'external -1', 'external 30', 'external -30', 'external 30'],
		});
	});
});

describe('the books of a chain', () => {
	it('begin once, however many look at the same time', async () => {
		await look(store.db, '9', { upTo: 10n });
		const settledAt = (block: bigint) => ({ settled: { amount: amount(1_000n + block), blockNumber: block } });
		await saveBalances(store.db, [reading('9', 1_010n, 10n, settledAt(10n))]);
		const gift = movement('9', 11n, { incoming: 1n });
		await look(store.db, '9', { upTo: 11n, movements: [gift] });
		await saveBalances(store.db, [reading('9', 1_011n, 11n, settledAt(11n))]);
		await bookTransfers(store.db, { chain: '9', settledBlock: 11n });
		await store.db.transaction((tx) => openBooks(tx, { venue: '9', asset: 'USDC' }));
		await bookTransfers(store.db, { chain: '9', settledBlock: 11n });
		expect(await ledgerOf('9')).toMatchObject({ wallet: 1_011n });
	});

	it('are not held up by a position whose books never begin', async () => {
		await look(store.db, '7', { upTo: 10n });
		await saveBalances(store.db, [reading('7', 1_000n, 10n, { settled: { amount: amount(1_000n), blockNumber: 10n } })]);
		const stuck = Array.from({ length: 500 }, () => movement('7/funder', 11n, { incoming: 1n }));
		await look(store.db, '7', { upTo: 12n, movements: [...stuck, movement('7', 12n, { incoming: 4n })] });
		const counts: number[] = [];
		for (let i = 0; i < 3; i += 1) counts.push(await bookTransfers(store.db, { chain: '7', settledBlock: 12n }));
		expect(counts).toEqual([1, 0, 0]);
	});
	it('begin anew when the block they began with is taken back', async () => {
		await look(store.db, '8', { upTo: 10n });
		const t = movement('8', 11n, { incoming: 30n });
		await look(store.db, '8', { upTo: 13n, movements: [t] });
		await saveBalances(store.db, [reading('8', 1_030n, 13n, { settled: { amount: amount(1_030n), blockNumber: 13n } })]);
		await look(store.db, '8', { fromBlock: 11n, upTo: 15n, fork: 'b', movements: [{ ...t, blockNumber: 14n, blockHash: '0x14b' }] });
		await saveBalances(store.db, [
			reading('8', 1_030n, 15n, { blockHash: '0x15b', settled: { amount: amount(1_030n), blockNumber: 15n } }),
		]);
		await bookTransfers(store.db, { chain: '8', settledBlock: 15n });
		expect((await ledgerOf('8')).wallet).toBe(1_030n);
	});
});

describe('the wallet in the books', () => {
	it('is in the end what the settled chain has there, whatever was posted, seen, compared and taken back in whatever order', async () => {
		await fc.assert(
			fc.asyncProperty(someTurns, async (turns) => {
				const chain = openForkedChain(store.db, newChain());
				for (const turn of turns) await chain.take(turn);
				const settledUnits = await chain.settle();
				expect((await ledgerOf(chain.venue)).wallet).toBe(settledUnits);
			}),
			{ numRuns: 100 },
		);
	}, 120_000);
});
