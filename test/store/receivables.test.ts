import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { amount } from '../../src/money/amount.ts';
import type { Store } from '../../src/store/db.ts';
import {
	openReceivables,
	type Receivable,
	readOwed,
	saveHubStatus,
	saveLookedUpTo,
	settleReceivable,
} from '../../src/store/receivables.ts';
import { earmarked, randomHash, testStore } from './fixture.ts';

let store: Store;
beforeAll(async () => {
	store = await testStore();
});
afterAll(() => store.close());

async function receivable(changes: { asset?: string; origin?: string; units?: bigint } = {}): Promise<Receivable> {
	const { asset = 'USDC', origin = '1', units = 5n } = changes;
	const { earmarkId } = await earmarked(store.db, 1);
	const intent = randomHash();
	await store.db.execute(sql`
		insert into receivables (earmark_id, intent_id, asset, origin, amount, amount_hub, hub_status, looked_up_to)
		values (${earmarkId}, ${intent}, ${asset}, ${origin}, ${units.toString()}, ${(units * 10n ** 12n).toString()}, 'NONE', '{"10":"7"}')`);
	const found = await find(intent);
	if (found === undefined) throw new Error('it is open');
	return found;
}

const find = async (intent: string) => (await openReceivables(store.db, 1_000)).find((each) => each.intentId === intent);
const payment = () => ({ venue: '10', amount: amount(6n), tx: randomHash(), blockNumber: 7n, decimals: { origin: 6, paid: 6 } });

describe('open receivables', () => {
	it('are those first that were looked for longest ago, and know whether they ever were', async () => {
		const [first, second, third] = [await receivable(), await receivable(), await receivable()];
		const order = async () => (await openReceivables(store.db, 3)).map((each) => [each.intentId, each.isNew]);
		expect(await order()).toEqual([first, second, third].map((each) => [each.intentId, true]));
		await saveLookedUpTo(store.db, { intentId: first.intentId, upTo: new Map() });
		expect(await order()).toEqual([
			[second.intentId, true],
			[third.intentId, true],
			[first.intentId, false],
		]);
	});

	it('keep the place of every venue that is not named', async () => {
		const { intentId, lookedUpTo } = await receivable();
		expect([...lookedUpTo]).toEqual([['10', 7n]]);
		await saveLookedUpTo(store.db, { intentId, upTo: new Map([['56', 2n ** 60n]]) });
		await saveLookedUpTo(store.db, { intentId, upTo: new Map([['10', 8n]]) });
		expect([...((await find(intentId))?.lookedUpTo ?? [])].sort()).toEqual([
			['10', 8n],
			['56', 2n ** 60n],
		]);
	});

	it("take the hub's word from whoever has read the one before", async () => {
		const seen = await receivable();
		expect(await saveHubStatus(store.db, { receivable: seen, hubStatus: 'ADDED', status: 'pending' })).toBe(true);
		expect(await saveHubStatus(store.db, { receivable: seen, hubStatus: 'NONE', status: 'pending' })).toBe(false);
		expect(await find(seen.intentId)).toMatchObject({ hubStatus: 'ADDED', status: 'pending' });
	});
});

describe('a settled receivable', () => {
	it('was settled once, by one payment, and is open no more', async () => {
		const owed = await receivable();
		const [first, second] = [payment(), payment()];
		expect(await settleReceivable(store.db, owed, first)).toBe(true);
		expect(await settleReceivable(store.db, owed, second)).toBe(false);
		await saveLookedUpTo(store.db, { intentId: owed.intentId, upTo: new Map([['10', 99n]]) });
		expect(await saveHubStatus(store.db, { receivable: owed, hubStatus: 'INVOICED', status: 'invoiced' })).toBe(false);
		expect(await find(owed.intentId)).toBeUndefined();
		const [row] = await store.db.execute(
			sql`select status, settled_tx as tx, looked_up_to as upto from receivables where intent_id = ${owed.intentId}`,
		);
		expect(row).toEqual({ status: 'settled', tx: first.tx, upto: { 10: '7' } });
		const posted = await store.db.execute<{ tx: string; entry: string }>(sql`
			select tx, venue || ' ' || account || ' ' || amount as entry from ledger_entries where earmark_id = ${owed.earmarkId} order by id`);
		expect(new Set(posted.map((entry) => entry.tx))).toEqual(new Set([first.tx]));
		// Five were owed, and the hub has paid six.
		expect(posted.map(({ entry }) => entry)).toEqual([
			...['1 receivable -5', '1 hub 5', '1 external -1', '1 hub 1'],
			...['10 hub -6', '10 wallet 6'],
		]);
	});

	it('stays open when the books do not take it', async () => {
		const owed = await receivable();
		const stranger = { ...owed, earmarkId: '00000000-0000-4000-8000-000000000000' };
		await expect(settleReceivable(store.db, stranger, payment())).rejects.toThrow();
		expect(await find(owed.intentId)).toMatchObject({ status: 'pending' });
	});
});

describe('what the hub owes', () => {
	it('is summed by asset and by where it was paid, without what was settled', async () => {
		const own = await testStore();
		const shared = store;
		store = own;
		try {
			await receivable({ units: 5n });
			await receivable({ units: 7n });
			await receivable({ origin: '56', units: 11n });
			await receivable({ asset: 'USDT', units: 13n });
			await settleReceivable(own.db, await receivable({ units: 17n }), payment());
			expect((await readOwed(own.db)).map(({ asset, origin, count, amountHub }) => [asset, origin, count, amountHub])).toEqual([
				['USDC', '1', 2, 12n * 10n ** 12n],
				['USDC', '56', 1, 11n * 10n ** 12n],
				['USDT', '1', 1, 13n * 10n ** 12n],
			]);
		} finally {
			store = shared;
			await own.close();
		}
	});
});
