import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { amount } from '../../src/money/amount.ts';
import { readShortfall } from '../../src/store/coverage.ts';
import { ConflictError, inTransaction, lockEarmarks, type Store } from '../../src/store/db.ts';
import { nextGeneration, readEarmark, setEarmarkStatus } from '../../src/store/earmarks.ts';
import { readEffectsOf } from '../../src/store/effects.ts';
import { readHolds } from '../../src/store/holds.ts';
import { readLegsOf, setLegStatus } from '../../src/store/legs.ts';
import { purchaseStarted } from '../../src/store/settle-events.ts';
import { adjustEarmark, topUp } from '../../src/store/top-up.ts';
import {
	bringLegTo,
	CAUSE,
	commitNonce,
	earmarked,
	effectOf,
	grow,
	legFrom,
	purchaseNonce,
	rowsOf,
	SIGNER,
	settlingBegins,
	settlingEarmark,
	testStoreWithLanes,
} from './fixture.ts';

let store: Store;
beforeAll(async () => {
	store = await testStoreWithLanes();
});
afterAll(() => store.close());

const adjust = (earmarkId: string, need: bigint) => inTransaction(store.db, CAUSE, (tx) => adjustEarmark(tx, earmarkId, amount(need)));

async function heldAt10(earmarkId: string): Promise<string[]> {
	const holds = (await readHolds(store.db, earmarkId)).filter((hold) => hold.venue === '10');
	return holds.map((hold) => `${hold.state} ${hold.amount}`).sort();
}

/** Topics written since the last look. */
async function woken(): Promise<string[]> {
	const rows = await store.db.execute<{ topic: string }>(sql`update outbox set sent_at = now() where sent_at is null returning topic`);
	return rows.map((row) => row.topic).sort();
}

describe('an earmark whose demand rises', () => {
	it('writes down what it needs now and wakes the planner; said again it changes nothing', async () => {
		const { earmarkId } = await earmarked(store.db, 2);
		await woken();
		expect(await adjust(earmarkId, 130n)).toBe(30n);
		expect((await readEarmark(store.db, earmarkId)).amount).toBe(130n);
		expect(await woken()).toEqual(['plan']);
		const entries = sql`select count(*)::int as n from earmark_audit_log where earmark_id = ${earmarkId}`;
		const before = await store.db.execute(entries);
		expect(await adjust(earmarkId, 130n)).toBe(30n);
		expect(await store.db.execute(entries)).toEqual(before);
		expect(await heldAt10(earmarkId)).toEqual(['confirmed 20', 'inbound 40', 'inbound 40']);
	});

	it('lacks what is missing to the latest amount, however often and in whatever order it was told', async () => {
		const { earmarkId } = await earmarked(store.db, 2);
		await Promise.all([adjust(earmarkId, 130n), adjust(earmarkId, 150n), adjust(earmarkId, 110n)]);
		const earmark = await readEarmark(store.db, earmarkId);
		expect([130n, 150n, 110n]).toContain(earmark.amount);
		expect(await readShortfall(store.db, earmark)).toBe(earmark.amount - 100n);
	});
});

describe('an earmark whose demand falls', () => {
	it('frees at once what is there too much, and lets what is under way come', async () => {
		const { earmarkId } = await earmarked(store.db, 2);
		await woken();
		expect(await adjust(earmarkId, 90n)).toBe(0n);
		expect(await heldAt10(earmarkId)).toEqual(['confirmed 10', 'inbound 40', 'inbound 40']);
		await adjust(earmarkId, 30n);
		expect(await heldAt10(earmarkId)).toEqual(['inbound 40', 'inbound 40']);
		expect(await woken()).toEqual([]);
	});

	it('counts what is under way when its demand rises again, and asks only for the rest', async () => {
		const { earmarkId } = await earmarked(store.db, 2);
		await adjust(earmarkId, 30n);
		expect(await adjust(earmarkId, 70n)).toBe(0n);
		expect(await adjust(earmarkId, 100n)).toBe(20n);
	});
});

describe('an earmark that pays', () => {
	it('follows its demand no more: a change waits for the nonce that is being committed, and is refused then', async () => {
		const earmarkId = await settlingEarmark(store.db);
		const purchase = await effectOf(store.db, { earmark: earmarkId }, 'purchase');
		let fallen: Promise<bigint> = Promise.resolve(0n);
		await commitNonce(store.db, purchase, {
			earmarkId,
			onNonce: async (tx) => {
				fallen = adjust(earmarkId, 60n);
				fallen.catch(() => {});
				await untilOneWaits();
				await purchaseStarted(tx, { earmarkId, effectId: purchase.id, paid: amount(100n) });
			},
		});
		await expect(fallen).rejects.toThrow(ConflictError);
		expect(await heldAt10(earmarkId)).toEqual(['pending_out 20', 'pending_out 40', 'pending_out 40']);
	});
});

describe('a top-up', () => {
	it('writes holds, legs, their first effects and the next generation of the flow in one transaction, or nothing', async () => {
		const { earmarkId } = await earmarked(store.db, 1);
		await woken();
		const before = await rowsOf(store.db, earmarkId);
		const failing = inTransaction(store.db, CAUSE, async (tx) => {
			await topUp(tx, { earmark: await readEarmark(tx, earmarkId), local: amount(5n), legs: [legFrom('56')], signer: SIGNER });
			throw new Error('the process has died');
		});
		await expect(failing).rejects.toThrow('the process has died');
		expect(await rowsOf(store.db, earmarkId)).toEqual(before);
		await grow(store.db, earmarkId, { local: 5n, legs: 1 });
		expect(await heldAt10(earmarkId)).toEqual(['confirmed 20', 'confirmed 5', 'inbound 40', 'inbound 40']);
		const legs = await readLegsOf(store.db, earmarkId);
		expect(legs.map((leg) => [leg.origin, leg.status, leg.generation])).toEqual([
			['1', 'planned', 2],
			['56', 'planned', 2],
		]);
		const effects = await readEffectsOf(store.db, 'leg', [legs[1]?.id ?? '']);
		expect(effects.map((effect) => `${effect.kind} ${effect.status} ${effect.venue}`)).toEqual(['approve intended 56', 'send intended 56']);
		expect(await woken()).toEqual(['flow']);
	});

	it('of what is there already wakes the settlement', async () => {
		const { earmarkId } = await earmarked(store.db, 1);
		await woken();
		await grow(store.db, earmarkId, { local: 40n });
		expect(await woken()).toEqual(['settle']);
		expect((await readEarmark(store.db, earmarkId)).generation).toBe(1);
	});

	it('of an earmark that settles makes it move again, with the one purchase that it had intended', async () => {
		const earmarkId = await settlingEarmark(store.db);
		await adjust(earmarkId, 140n);
		await grow(store.db, earmarkId, { legs: 1 });
		expect((await readEarmark(store.db, earmarkId)).status).toBe('moving');
		const [, , leg] = await readLegsOf(store.db, earmarkId);
		await bringLegTo(store.db, leg?.id ?? '', 'delivered');
		await settlingBegins(store.db, earmarkId, 140n);
		const effects = await readEffectsOf(store.db, 'earmark', [earmarkId]);
		expect(effects.map((effect) => `${effect.kind} ${effect.try} ${effect.status}`)).toEqual([
			'approve 1 confirmed',
			'purchase 1 intended',
		]);
	});

	it('and the nonce of the purchase exclude each other, whichever is first', async () => {
		const more = (earmarkId: string) => grow(store.db, earmarkId, { legs: 1 });
		const pay = (earmarkId: string) => purchaseNonce(store.db, earmarkId, amount(100n));
		const legsOf = async (earmarkId: string) => (await readLegsOf(store.db, earmarkId)).length;
		const first = await settlingEarmark(store.db);
		await more(first);
		await expect(pay(first)).rejects.toThrow(ConflictError);
		const second = await settlingEarmark(store.db);
		await pay(second);
		await expect(more(second)).rejects.toThrow(ConflictError);
		expect(await legsOf(second)).toBe(2);
		for (let count = 0; count < 3; count += 1) {
			const earmarkId = await settlingEarmark(store.db);
			const [grown, paid] = await Promise.allSettled([more(earmarkId), pay(earmarkId)]);
			expect([grown.status, paid.status].sort()).toEqual(['fulfilled', 'rejected']);
			const { status } = await readEarmark(store.db, earmarkId);
			expect([status, await legsOf(earmarkId)]).toEqual(grown.status === 'fulfilled' ? ['moving', 3] : ['settling', 2]);
		}
	});

	it('and the beginning of the settlement exclude each other: nobody settles while a leg is under way', async () => {
		for (let count = 0; count < 4; count += 1) {
			const { earmarkId } = await earmarked(store.db, 2);
			for (const leg of await readLegsOf(store.db, earmarkId)) await bringLegTo(store.db, leg.id, 'delivered');
			await Promise.allSettled([settlingBegins(store.db, earmarkId, 100n), grow(store.db, earmarkId, { legs: 1 })]);
			const { status } = await readEarmark(store.db, earmarkId);
			const legs = (await readLegsOf(store.db, earmarkId)).length;
			expect([status, legs]).toEqual(['moving', 3]);
		}
	});
});

describe('the next generation of a flow', () => {
	it('waits for whoever changes the earmark and its legs, instead of each waiting for the other', async () => {
		const { earmarkId } = await earmarked(store.db, 1);
		const [leg] = await readLegsOf(store.db, earmarkId);
		let second: Promise<number> = Promise.resolve(0);
		await inTransaction(store.db, CAUSE, async (tx) => {
			await lockEarmarks(tx, [earmarkId]);
			await setLegStatus(tx, { id: leg?.id ?? '', to: 'sending' });
			second = inTransaction(store.db, CAUSE, (other) => nextGeneration(other, earmarkId));
			second.catch(() => {});
			await untilOneWaits();
			await setEarmarkStatus(tx, { id: earmarkId, to: 'moving' });
		});
		expect(await second).toBe(2);
	});
});

/** Until a transaction of this database waits for a lock. */
async function untilOneWaits(): Promise<void> {
	for (let looks = 0; looks < 2_000; looks += 1) {
		const [waiting] = await store.db.execute(sql`select 1 from pg_stat_activity
			where datname = current_database() and wait_event_type = 'Lock' limit 1`);
		if (waiting !== undefined) return;
	}
	throw new Error('nobody waits for a lock');
}
