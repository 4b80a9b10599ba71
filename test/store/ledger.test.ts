import { sql } from 'drizzle-orm';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LedgerAccount, Move } from '../../src/inventory/moves.ts';
import { amount } from '../../src/money/amount.ts';
import { inTransaction, type Store } from '../../src/store/db.ts';
import { type Posting, post } from '../../src/store/ledger.ts';
import { CAUSE, earmarked, randomHash, testStore } from './fixture.ts';

let store: Store;
let earmarkId: string;
beforeAll(async () => {
	store = await testStore();
	({ earmarkId } = await earmarked(store.db));
});
afterAll(() => store.close());

/** Writes one posting and returns its transaction's hash, by which it is found again. */
async function written(moves: readonly Move[], event: Posting['event'] = 'settled'): Promise<string> {
	const tx = randomHash();
	await inTransaction(store.db, CAUSE, (inner) => post(inner, { event, earmarkId, legId: null, tx, moves }));
	return tx;
}

const entriesOf = (tx: string) =>
	store.db.execute<{ posting: string; entry: string }>(
		sql`select posting, account || ' ' || venue || ' ' || amount as entry from ledger_entries where tx = ${tx} order by id`,
	);

describe('a posting', () => {
	it('takes each amount from one account and puts it on another, under one id', async () => {
		const rows = await entriesOf(
			await written([
				{ asset: 'USDC', venue: '1', from: 'receivable', to: 'hub', amount: amount(90n) },
				{ asset: 'USDC', venue: '56', from: 'hub', to: 'wallet', amount: amount(2n ** 255n) },
			]),
		);
		expect(rows.map((row) => row.entry)).toEqual(['receivable 1 -90', 'hub 1 90', `hub 56 -${2n ** 255n}`, `wallet 56 ${2n ** 255n}`]);
		expect(new Set(rows.map((row) => row.posting)).size).toBe(1);
	});

	it('has an id of its own', async () => {
		const move = { asset: 'USDC', venue: '1', from: 'wallet', to: 'receivable', amount: amount(1n) } as const;
		const [first, second] = [await entriesOf(await written([move])), await entriesOf(await written([move]))];
		expect(first[0]?.posting).not.toBe(second[0]?.posting);
	});

	it('leaves nothing behind when its transaction does not commit', async () => {
		const tx = randomHash();
		const failing = inTransaction(store.db, CAUSE, async (inner) => {
			const moves = [{ asset: 'USDC', venue: '1', from: 'wallet', to: 'in_flight', amount: amount(1n) }] as const;
			await post(inner, { event: 'sent', earmarkId, legId: null, tx, moves });
			throw new Error('power cut');
		});
		await expect(failing).rejects.toThrow('power cut');
		expect(await entriesOf(tx)).toHaveLength(0);
	});

	it('sums to zero at every position, whatever moves it is made of', async () => {
		const account = fc.constantFrom<LedgerAccount>('wallet', 'in_flight', 'receivable', 'bridge', 'hub');
		const units = fc.bigInt(0n, 2n ** 200n).map(amount);
		const move = fc.record({
			venue: fc.constantFrom('1', '10', '56'),
			asset: fc.constantFrom('USDC', 'USDT'),
			from: account,
			to: account,
			amount: units,
		});
		await fc.assert(
			fc.asyncProperty(fc.array(move, { minLength: 1, maxLength: 5 }), async (moves) => {
				const tx = await written(moves);
				const sums = await store.db.execute<{ sum: string }>(
					sql`select sum(amount)::text as sum from ledger_entries where tx = ${tx} group by venue, asset`,
				);
				expect(sums.every((row) => row.sum === '0')).toBe(true);
			}),
			{ numRuns: 20 },
		);
	});
});

describe('the books', () => {
	it('refuse at commit a posting that does not sum to zero at each position, although it does over all of them', async () => {
		const tx = randomHash();
		let reachedCommit = false;
		const unbalanced = inTransaction(store.db, CAUSE, async (inner) => {
			await inner.execute(sql`
				with id as (select gen_random_uuid() as posting)
				insert into ledger_entries (posting, event, account, venue, asset, amount, earmark_id, tx)
				select posting, 'settled', account, venue, 'USDC', amount, ${earmarkId}, ${tx}
				from id, (values ('hub', '1', -5), ('wallet', '10', 5)) as entry (account, venue, amount)`);
			reachedCommit = true;
		});
		await expect(unbalanced).rejects.toThrow(/posting .* \(settled\) does not sum to zero/);
		expect(reachedCommit).toBe(true);
		expect(await entriesOf(tx)).toHaveLength(0);
	});

	it.each([
		['changed', sql`update ledger_entries set amount = 0 where true`],
		['removed', sql`delete from ledger_entries where true`],
		['emptied', sql`truncate ledger_entries`],
	])('cannot be %s', async (_name, statement) => {
		await written([{ asset: 'USDC', venue: '1', from: 'wallet', to: 'receivable', amount: amount(1n) }]);
		await expect(store.db.execute(statement)).rejects.toMatchObject({ cause: { message: expect.stringMatching(/ledger_entries/) } });
	});

	it('know no account that the schema does not name', async () => {
		const moves: Move[] = [{ asset: 'USDC', venue: '1', from: 'wallet', to: 'pocket' as LedgerAccount, amount: amount(1n) }];
		await expect(written(moves)).rejects.toMatchObject({ cause: { message: expect.stringContaining('ledger_entries_account') } });
	});
});
