import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { amount } from '../../src/money/amount.ts';
import { inTransaction, type Store } from '../../src/store/db.ts';
import { readAges, saveBalances } from '../../src/store/inventory.ts';
import { postMined } from '../../src/store/ledger.ts';
import { claimLook, type Movement, readCursor, saveMovements } from '../../src/store/transfers.ts';
import { CAUSE, openDemand, testStore } from './fixture.ts';
import { blockAt, look, movement, reading } from './watched.ts';

let store: Store;
beforeAll(async () => {
	store = await testStore();
});
afterAll(() => store.close());

let chains = 1_000;
/** One that nobody has looked at. */
const newChain = () => `${++chains}`;

const rowsOf = (chain: string) =>
	store.db.execute<Record<string, unknown>>(sql`
		select venue, asset, tx, incoming::text, outgoing::text, block_number::int as block, block_hash as hash, is_booked as booked,
			extract(epoch from seen_at)::text as seen
		from transfers where chain = ${chain} order by block_number, tx`);

/** As if they had been compared with the ledger. */
const book = (chain: string) => store.db.execute(sql`update transfers set is_booked = true where chain = ${chain}`);

describe('what has moved', () => {
	it('is stored with the cursor by one of two who have looked at the same time: the other one writes nothing', async () => {
		const chain = newChain();
		for (const before of [null, blockAt(5n)]) {
			const block = before === null ? 5n : 9n;
			const seen = { chain, before, fromBlock: block - 3n, upTo: blockAt(block) };
			const twins = [movement(chain, block, { incoming: 1n }), movement(chain, block, { incoming: 2n })];
			const stored = await Promise.all(twins.map((each) => saveMovements(store.db, { ...seen, movements: [each] })));
			expect([...stored].sort()).toEqual([false, true]);
			const winner = twins[stored.indexOf(true)];
			expect((await rowsOf(chain)).filter((row) => row.block === Number(block))).toMatchObject([{ tx: winner?.transactionHash }]);
			expect(await readCursor(store.db, chain)).toEqual(blockAt(block));
		}
	});

	it('is not stored by whoever began at another block than the cursor is at, of the same number or not', async () => {
		const chain = newChain();
		await look(store.db, chain, { upTo: 5n });
		const late = { chain, fromBlock: 6n, upTo: blockAt(9n), movements: [movement(chain, 7n, { incoming: 1n })] };
		for (const before of [null, blockAt(4n), blockAt(5n, 'b')]) expect(await saveMovements(store.db, { ...late, before })).toBe(false);
		expect([await rowsOf(chain), await readCursor(store.db, chain)]).toEqual([[], blockAt(5n)]);
	});

	it('is one row by position and transaction, however often it is seen, and stays compared with the ledger', async () => {
		const chain = newChain();
		const [once, more] = [movement(chain, 5n, { incoming: 3n, outgoing: 2n }), { asset: 'USDT', venue: `${chain}/funder` }];
		await look(store.db, chain, { upTo: 6n, movements: [once, { ...once, ...more }] });
		const first = await rowsOf(chain);
		expect(first).toHaveLength(2);
		expect(first).toContainEqual(
			expect.objectContaining({ venue: chain, incoming: '3', outgoing: '2', block: 5, hash: '0x5', booked: false }),
		);
		await book(chain);
		await look(store.db, chain, { fromBlock: 2n, upTo: 7n, movements: [once, { ...once, ...more }] });
		expect(await rowsOf(chain)).toEqual(first.map((row) => ({ ...row, booked: true })));
	});

	it('is known at once of a posting that was made before its events were seen, and is one row with them', async () => {
		const chain = newChain();
		await look(store.db, chain, { upTo: 4n });
		const seen = movement(chain, 5n, { outgoing: 41n });
		const { transactionHash: tx } = seen;
		const moves = [{ venue: chain, asset: 'USDC', from: 'wallet', to: 'in_flight', amount: amount(41n) }] as const;
		const post = () =>
			inTransaction(store.db, CAUSE, (inner) =>
				postMined(inner, { event: 'sent', earmarkId: null, legId: null, tx, blockNumber: 5n, moves }),
			);
		await post();
		expect(await rowsOf(chain)).toMatchObject([{ tx, incoming: '0', outgoing: '0', block: 5, hash: null, booked: false }]);
		await book(chain);
		await look(store.db, chain, { upTo: 6n, movements: [seen] });
		expect(await rowsOf(chain)).toMatchObject([{ tx, outgoing: '41', block: 5, hash: '0x5', booked: false }]);
		await book(chain);
		await post();
		expect(await rowsOf(chain)).toMatchObject([{ tx, outgoing: '41', hash: '0x5', booked: false }]);
	});
});

describe('a reorganisation', () => {
	/** Three transactions of blocks 4 to 6 were seen and compared; the head is 7. */
	async function seen(
		chain: string,
	): Promise<{ kept: Movement; moved: Movement; gone: Movement; first: readonly Record<string, unknown>[] }> {
		const [kept, moved, gone] = [4n, 5n, 6n].map((block) => movement(chain, block, { incoming: 10n * block })) as [
			Movement,
			Movement,
			Movement,
		];
		await look(store.db, chain, { upTo: 3n });
		await look(store.db, chain, { upTo: 7n, movements: [kept, moved, gone] });
		await book(chain);
		return { kept, moved, gone, first: await rowsOf(chain) };
	}

	it('takes back what is gone, and keeps since when it was known of what was mined again elsewhere', async () => {
		const chain = newChain();
		const { kept, moved, first } = await seen(chain);
		const again = { ...moved, ...blockAt(7n, 'b') };
		await look(store.db, chain, { fromBlock: 4n, upTo: 8n, fork: 'b', movements: [kept, again] });
		const [of4, of5, of6] = first;
		expect(await rowsOf(chain)).toEqual([
			of4,
			{ ...of6, incoming: '0', hash: null, booked: false },
			{ ...of5, block: 7, hash: '0x7b', booked: false },
		]);
		expect(await readCursor(store.db, chain)).toEqual(blockAt(8n, 'b'));
	});

	it('that leaves nothing takes back everything from its first block on, and nothing below it or on another chain', async () => {
		const [chain, other] = [newChain(), newChain()];
		await seen(chain);
		const { first } = await seen(other);
		await look(store.db, chain, { fromBlock: 5n, upTo: 5n, fork: 'b' });
		expect((await rowsOf(chain)).map(({ incoming, hash }) => [incoming, hash])).toEqual([
			['40', '0x4'],
			['0', null],
			['0', null],
		]);
		expect(await rowsOf(other)).toEqual(first);
	});

	it('gives back what is mined again after it was taken back', async () => {
		const chain = newChain();
		const { gone, first } = await seen(chain);
		await look(store.db, chain, { fromBlock: 6n, upTo: 7n, fork: 'b' });
		await look(store.db, chain, { upTo: 9n, fork: 'b', movements: [{ ...gone, ...blockAt(9n, 'b') }] });
		expect((await rowsOf(chain)).at(-1)).toEqual({ ...first[2], block: 9, hash: '0x9b', booked: false });
	});

	it('makes unknown what was read on the other fork, in every account on the chain, until it is read again', async () => {
		const [chain, other] = [newChain(), newChain()];
		const places = { wallet: chain, funder: `${chain}/funder`, below: `${chain}/below`, head: `${chain}/head`, other };
		for (const each of [chain, other]) await look(store.db, each, { upTo: 7n });
		await saveBalances(store.db, [
			...[places.wallet, places.funder, places.other].map((venue) => reading(venue, 5n, 7n)),
			reading(places.below, 5n, 5n),
			reading(places.head, 5n, 8n, blockAt(8n, 'b')),
		]);
		await look(store.db, chain, { fromBlock: 6n, upTo: 8n, fork: 'b' });
		const day = 86_400_000;
		const isUnknown = async (venue: string) => ((await readAges(store.db)).get(`USDC@${venue}`) ?? 0) > 10_000 * day;
		const asked = Object.entries(places).map(async ([name, venue]) => [name, await isUnknown(venue)]);
		expect(Object.fromEntries(await Promise.all(asked))).toEqual({
			...{ wallet: true, funder: true },
			...{ below: false, head: false, other: false },
		});
		await saveBalances(store.db, [reading(chain, 6n, 8n, blockAt(8n, 'b'))]);
		expect(await isUnknown(chain)).toBe(false);
	});
});

describe('new funds', () => {
	it('wake the planner when a demand is open, and nobody when none is or when funds have only left', async () => {
		const own = await testStore();
		const plans = async () => {
			const rows = await own.db.execute(sql`update outbox set sent_at = now() where topic = 'plan' and sent_at is null returning id`);
			return rows.length;
		};
		try {
			const { demandId } = await openDemand(own.db);
			await plans();
			const chain = newChain();
			const [into, out] = [movement(chain, 2n, { incoming: 1n }), movement(chain, 3n, { outgoing: 1n })];
			await look(own.db, chain, { upTo: 1n });
			await look(own.db, chain, { upTo: 2n, movements: [into] });
			expect(await plans()).toBe(1);
			await look(own.db, chain, { upTo: 3n, movements: [out] });
			await look(own.db, chain, { upTo: 4n });
			// Seen again, and not new.
			await look(own.db, chain, { fromBlock: 2n, upTo: 5n, movements: [into, out] });
			expect(await plans()).toBe(0);
			const before = await readCursor(own.db, chain);
			const twin = { chain, before: blockAt(1n), fromBlock: 2n, upTo: blockAt(6n), movements: [movement(chain, 6n, { incoming: 1n })] };
			expect(await saveMovements(own.db, twin)).toBe(false);
			expect([await plans(), await readCursor(own.db, chain)]).toEqual([0, before]);
			await own.db.execute(sql`update demands set status = 'gone' where id = ${demandId}`);
			await look(own.db, chain, { upTo: 7n, movements: [movement(chain, 7n, { incoming: 1n })] });
			expect(await plans()).toBe(0);
		} finally {
			await own.close();
		}
	});
});

describe('a look at a chain', () => {
	it('falls to one of all who ask for it, once it is due, and to everybody before the first', async () => {
		const chain = newChain();
		const ask = (everyMs: number) => Promise.all([1, 2, 3, 4, 5].map(() => claimLook(store.db, chain, everyMs)));
		const given = async (everyMs: number) => (await ask(everyMs)).filter((isOurs) => isOurs).length;
		expect(await given(60_000)).toBe(5);
		await look(store.db, chain, { upTo: 5n });
		expect(await given(60_000)).toBe(0);
		await store.db.execute(sql`update transfer_cursors set looked_at = now() - interval '61 seconds' where chain = ${chain}`);
		expect(await given(62_000)).toBe(0);
		expect(await given(60_000)).toBe(1);
		expect(await given(60_000)).toBe(0);
	});
});
