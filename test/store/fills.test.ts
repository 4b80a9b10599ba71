import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FillBook } from '../../src/fills/book.ts';
import type { Fill } from '../../src/fills/fill.ts';
import { amount, MAX_UINT256 } from '../../src/money/amount.ts';
import { ConflictError, openStore, type Store } from '../../src/store/db.ts';
import { addCounts, NOTHING_COUNTED, readReport } from '../../src/store/fill-reports.ts';
import { forgetFills, type KeptPosition, readFills, readPositions, rowOf, writeFills, writePositions } from '../../src/store/fills.ts';
import { keepOn, leave, mustKeep } from '../../src/store/keeper.ts';
import { testDatabase } from '../stack.ts';

let store: Store;
beforeAll(async () => {
	store = openStore({ databaseUrl: await testDatabase(), pool: 2 });
});
afterAll(() => store.close());
beforeEach(async () => {
	await forgetFills(store.db, 1_000_000_000_000_000);
});

const POSITION = { venue: '137/funder', asset: 'YES' };
const newBook = () => new FillBook({ ttlMs: 1_000, rememberMs: 10_000 });

/** A book in which something of everything has happened. */
function busyBook(): FillBook {
	const book = newBook();
	const block = (number: bigint) => ({ number, hash: `0x${number}` });
	const look = (number: bigint, confirmed: bigint) =>
		book.look(POSITION, { block: block(number), confirmed: amount(confirmed), flows: null, takenBackFrom: null, atMs: 0 });
	look(1n, 100n);
	const report = { order: 'o', bucket: 0, position: POSITION, side: 'buy', status: 'matched', tradedMs: 5 } as const;
	for (const [trade, units] of Object.entries({ absorbed: 10n, part: 20n, huge: MAX_UINT256 - 1_000n }))
		book.hear({ ...report, trade, amount: amount(units), transactionHash: `0x${trade}` }, 7);
	look(2n, 115n);
	book.expire(1_007);
	return book;
}

/** What is kept of its token. */
function positionOf(book: FillBook): KeptPosition {
	const { confirmed, block, bought, sellable, pending, strangers, lateCount } = book.at(POSITION);
	return {
		...{ ...POSITION, confirmed, block, bought, sellable, strangers, lateCount },
		...{ pendingBuy: pending.buy.rest, pendingSell: pending.sell.rest, api: null, apiAtMs: null, source: 'chain' },
	};
}

const keepAll = (fills: readonly Fill[], positions: readonly KeptPosition[] = []) =>
	store.db.transaction(async (tx) => {
		await writeFills(tx, fills.map(rowOf));
		await writePositions(tx, positions);
	});

describe('fills that are kept', () => {
	it('come back as they were, in the order in which they were heard of', async () => {
		const book = busyBook();
		book.look(POSITION, { block: { number: 3n, hash: '0x3' }, confirmed: amount(122n), flows: null, takenBackFrom: null, atMs: 9 });
		const fills = book.changed();
		await keepAll(fills.toReversed(), [positionOf(book)]);
		const kept = await readFills(store.db);
		expect(kept).toEqual([...fills].sort((a, b) => a.number - b.number));
		expect(kept.map(({ status }) => status)).toEqual(['absorbed', 'late', 'expired']);
		expect(await readPositions(store.db)).toEqual([{ ...positionOf(book), ageMs: expect.any(Number) }]);
		expect(book.changed()).toEqual([]);
	});

	it('keep what no fill explains, and what an API has said, as they were', async () => {
		const book = newBook();
		for (const [number, units] of [
			[1n, 5n],
			[2n, 9n],
		] as const)
			book.look(POSITION, { block: { number, hash: `0x${number}` }, confirmed: amount(units), flows: null, takenBackFrom: null, atMs: 8 });
		const row: KeptPosition = { ...positionOf(book), api: amount(MAX_UINT256), apiAtMs: 12_345, source: 'api' };
		expect(row.strangers).toHaveLength(1);
		await keepAll([], [row]);
		expect(await readPositions(store.db)).toEqual([{ ...row, ageMs: expect.any(Number) }]);
		const unseen: KeptPosition = { ...row, confirmed: null, block: null, bought: null, sellable: null, strangers: [] };
		await keepAll([], [unseen]);
		expect(await readPositions(store.db)).toEqual([{ ...unseen, ageMs: expect.any(Number) }]);
	});

	it('are changed by what is kept later, and forgotten by when they were first seen', async () => {
		const book = busyBook();
		await keepAll(book.changed());
		const [first] = await readFills(store.db);
		if (first === undefined) throw new RangeError('a fill expected');
		await keepAll([{ ...first, status: 'pending', parts: [] }]);
		expect((await readFills(store.db))[0]).toMatchObject({ status: 'pending', parts: [], amount: 10n });
		expect(await forgetFills(store.db, 7)).toBe(0);
		expect(await forgetFills(store.db, 8)).toBe(3);
		expect(await readFills(store.db)).toEqual([]);
	});
});

describe('who keeps the book', () => {
	it('is one process at a time, until it leaves or says nothing more', async () => {
		const keep = (holder: string, forMs = 60_000) => keepOn(store.db, { holder, forMs });
		expect(await Promise.all(['a', 'a', 'a'].map((holder) => keep(holder)))).toEqual([true, true, true]);
		expect(await keep('b')).toBe(false);
		await leave(store.db, 'b');
		expect(await keep('b')).toBe(false);
		await leave(store.db, 'a');
		expect(await keep('b', -1)).toBe(true);
		expect(await keep('a')).toBe(true);
		await expect(store.db.transaction((tx) => mustKeep(tx, 'b'))).rejects.toThrow(ConflictError);
		await expect(store.db.transaction((tx) => mustKeep(tx, 'a'))).resolves.toBeUndefined();
		await leave(store.db, 'a');
	});

	it('is one of many who try at the same time', async () => {
		const taken = await Promise.all(Array.from({ length: 8 }, (_, index) => keepOn(store.db, { holder: `h${index}`, forMs: 60_000 })));
		expect(taken.filter(Boolean)).toHaveLength(1);
		await leave(store.db, `h${taken.indexOf(true)}`);
	});
});

describe('what is counted', () => {
	it('adds up by the hour and by the phase', async () => {
		const counts = {
			...NOTHING_COUNTED,
			looks: 2,
			compared: 2,
			differed: 1,
			worst: 7n,
			absorbed: 1,
			settleMs: 2_000,
			settleMsMost: 2_000,
			unexplained: 3n,
		};
		const write = (phase: 'shadow' | 'degrade', more: Partial<typeof counts>) =>
			store.db.transaction((tx) => addCounts(tx, [{ phase, ...POSITION, ...counts, ...more }]));
		await write('shadow', {});
		await write('shadow', { worst: MAX_UINT256 - 5n, settleMs: 500, settleMsMost: 500, unexplained: 0n });
		await write('degrade', { looks: 1 });
		const since = new Date(0).toISOString();
		expect(await readReport(store.db, { phase: 'shadow', since })).toEqual([
			{
				...{ ...counts, ...POSITION, phase: 'shadow', looks: 4, compared: 4, differed: 2, absorbed: 2 },
				...{ worst: MAX_UINT256 - 5n, settleMs: 2_500, settleMsMost: 2_000, from: expect.any(String), to: expect.any(String) },
			},
		]);
		expect((await readReport(store.db, { phase: 'degrade', since })).map(({ looks }) => looks)).toEqual([1]);
		expect(await readReport(store.db, { phase: 'authoritative', since })).toEqual([]);
		expect(await readReport(store.db, { phase: 'shadow', since: new Date(Date.now() + 7_200_000).toISOString() })).toEqual([]);
	});
});
