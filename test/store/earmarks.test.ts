import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEarmark } from '../../src/store/commitment.ts';
import { inTransaction, type Store } from '../../src/store/db.ts';
import { readDemand } from '../../src/store/demands.ts';
import { getEarmarkForInvoice, getEarmarks, removeEarmark, setEarmarkStatus } from '../../src/store/earmarks.ts';
import { readEffectsOf } from '../../src/store/effects.ts';
import { readHolds } from '../../src/store/holds.ts';
import { CAUSE, draftFor, earmarked, openDemand, SIGNER, testStore } from './fixture.ts';
import { postgresCode } from './postgres-code.ts';

let store: Store;
beforeAll(async () => {
	store = await testStore();
});
afterAll(() => store.close());

describe('createEarmark', () => {
	it('writes earmark, legs, hops, holds, first effects, audit and wake-up in one transaction', async () => {
		const { earmarkId, invoiceId, demandId } = await earmarked(store.db);
		const found = await getEarmarkForInvoice(store.db, invoiceId);
		expect(found).toMatchObject({ id: earmarkId, invoiceId, venue: '10', amount: 100n, status: 'planned', generation: 1 });
		expect(found?.operations.map((leg) => [leg.send, leg.receive, leg.status, leg.hops.length])).toEqual([
			[41n, 40n, 'planned', 1],
			[41n, 40n, 'planned', 1],
		]);
		const holds = await readHolds(store.db, earmarkId);
		expect(holds.map((hold) => `${hold.venue} ${hold.state} ${hold.amount}`).sort()).toEqual([
			'1 confirmed 41',
			'1 confirmed 41',
			'10 confirmed 20',
			'10 inbound 40',
			'10 inbound 40',
		]);
		const effects = await readEffectsOf(store.db, 'leg', found?.operations.map((leg) => leg.id) ?? []);
		expect(effects.map((effect) => `${effect.kind} ${effect.status}`).sort()).toEqual([
			'approve intended',
			'approve intended',
			'send intended',
			'send intended',
		]);
		expect((await readDemand(store.db, demandId)).status).toBe('earmarked');
		const [outbox] = await store.db.execute(sql`select count(*)::int as n from outbox where payload->>'earmarkId' = ${earmarkId}`);
		expect(outbox?.n).toBe(1);
	});

	it('leaves nothing behind when the transaction does not commit', async () => {
		const { demandId } = await openDemand(store.db);
		const failing = inTransaction(store.db, CAUSE, async (tx) => {
			await createEarmark(tx, draftFor(demandId), SIGNER);
			throw new Error('power cut');
		});
		await expect(failing).rejects.toThrow('power cut');
		expect((await readDemand(store.db, demandId)).status).toBe('open');
		const [left] = await store.db.execute(sql`select count(*)::int as n from earmarks where demand_id = ${demandId}`);
		expect(left?.n).toBe(0);
	});

	it('lets exactly one of eight concurrent planners earmark a demand', async () => {
		const { demandId } = await openDemand(store.db);
		const tries = Array.from({ length: 8 }, () => inTransaction(store.db, CAUSE, (tx) => createEarmark(tx, draftFor(demandId), SIGNER)));
		const results = await Promise.allSettled(tries);
		expect(results.filter((each) => each.status === 'fulfilled')).toHaveLength(1);
		for (const each of results) if (each.status === 'rejected') expect(postgresCode(each.reason)).toBe('23505');
	});
});

describe('earmark status', () => {
	it('moves by compare-and-set: a step that the map does not allow changes nothing', async () => {
		const { earmarkId } = await earmarked(store.db);
		const illegal = inTransaction(store.db, CAUSE, (tx) => setEarmarkStatus(tx, { id: earmarkId, to: 'settled' }));
		await expect(illegal).rejects.toThrow(/not in the expected state/);
	});

	it('is refused without an actor and a reason', async () => {
		const { earmarkId } = await earmarked(store.db);
		const anonymous = store.db.execute(sql`update earmarks set status = 'moving' where id = ${earmarkId}`);
		await expect(anonymous).rejects.toMatchObject({ cause: { message: expect.stringContaining('needs an actor and a reason') } });
	});

	it('knows only the statuses of the map, also for whoever writes plain SQL', async () => {
		const { earmarkId } = await earmarked(store.db);
		const unknown = inTransaction(store.db, CAUSE, (tx) => tx.execute(sql`update earmarks set status = 'expired' where id = ${earmarkId}`));
		await expect(unknown).rejects.toSatisfy((error) => postgresCode(error) === '23514');
	});
});

describe('getEarmarks and removeEarmark', () => {
	it('pages by key through filtered earmarks, each exactly once, and hides removed ones', async () => {
		const own = await testStore();
		try {
			const made: string[] = [];
			for (let count = 0; count < 7; count += 1) made.push((await earmarked(own.db, 1)).earmarkId);
			const seen: string[] = [];
			let after: Parameters<typeof getEarmarks>[1] = { limit: 3, status: ['planned'], asset: 'USDC', venue: '10' };
			for (let page = 0; page < 5; page += 1) {
				const { rows, next } = await getEarmarks(own.db, after);
				seen.push(...rows.map((row) => row.id));
				if (next === null) break;
				after = { ...after, after: next };
			}
			expect(seen).toEqual(made);
			const [first = '', second = ''] = made;
			await expect(inTransaction(own.db, CAUSE, (tx) => removeEarmark(tx, first))).rejects.toThrow(/only settled or cancelled/);
			await inTransaction(own.db, CAUSE, (tx) => setEarmarkStatus(tx, { id: second, to: 'cancelled' }));
			await inTransaction(own.db, CAUSE, (tx) => removeEarmark(tx, second));
			expect((await getEarmarks(own.db, { limit: 50 })).rows.map((row) => row.id)).not.toContain(second);
			expect((await getEarmarks(own.db, { limit: 50, includeRemoved: true })).rows.map((row) => row.id)).toContain(second);
			expect((await getEarmarks(own.db, { venue: '56' })).rows).toEqual([]);
		} finally {
			await own.close();
		}
	});
});
