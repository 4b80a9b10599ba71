import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inTransaction, lockEarmarks, type Store } from '../../src/store/db.ts';
import { readDemand, setDemandStatus } from '../../src/store/demands.ts';
import { endedWithOpenAllowances } from '../../src/store/due.ts';
import { readEarmark } from '../../src/store/earmarks.ts';
import { readEffectsOf } from '../../src/store/effects.ts';
import { giveBack } from '../../src/store/give-back.ts';
import { readHolds } from '../../src/store/holds.ts';
import { endIdleLeg, tryAgain } from '../../src/store/leg-ends.ts';
import { readLegsOf } from '../../src/store/legs.ts';
import {
	bringLegTo,
	CAUSE,
	commitNonce,
	earmarked,
	effectOf,
	grow,
	legArrived,
	legNonce,
	minedIn,
	settlingEarmark,
	testStoreWithLanes,
} from './fixture.ts';

let store: Store;
beforeAll(async () => {
	store = await testStoreWithLanes();
});
afterAll(() => store.close());

async function give(earmarkId: string, reason = 'DESTINATION_CLOSED'): Promise<void> {
	const earmark = await readEarmark(store.db, earmarkId);
	await inTransaction(store.db, CAUSE, (tx) => giveBack(tx, { earmark, reason }));
}

/** An earmark with two legs, each brought to a stage. */
async function withLegs(...stages: readonly Parameters<typeof bringLegTo>[2][]) {
	const { earmarkId, demandId } = await earmarked(store.db, stages.length);
	const legs = (await readLegsOf(store.db, earmarkId)).map((leg) => leg.id);
	for (const [index, stage] of stages.entries()) await bringLegTo(store.db, legs[index] ?? '', stage);
	return { earmarkId, demandId, first: legs[0] ?? '', second: legs[1] ?? '' };
}

const held = async (earmarkId: string) =>
	(await readHolds(store.db, earmarkId)).map((hold) => `${hold.venue} ${hold.state} ${hold.amount}`).sort();
const resets = async (owner: 'leg' | 'earmark', id: string) =>
	(await readEffectsOf(store.db, owner, [id])).filter((effect) => effect.kind === 'reset').map((effect) => effect.status);

async function woken(demandId: string): Promise<string[]> {
	const rows = await store.db.execute<{ topic: string }>(sql`
		select distinct topic from outbox where payload->>'demandId' = ${demandId}
			or payload->>'earmarkId' in (select id::text from earmarks where demand_id = ${demandId}) order by topic`);
	return rows.map((row) => row.topic);
}

describe('an earmark of which nothing has left', () => {
	it('ends at once, holds nothing, and its demand waits to be read again before anybody plans for it', async () => {
		const { earmarkId, demandId } = await withLegs('planned', 'approved');
		await give(earmarkId);
		expect(await readEarmark(store.db, earmarkId)).toMatchObject({ status: 'cancelled', reason: 'DESTINATION_CLOSED' });
		expect((await readLegsOf(store.db, earmarkId)).map((leg) => leg.status)).toEqual(['cancelled', 'failed']);
		expect(await held(earmarkId)).toEqual([]);
		expect(await readDemand(store.db, demandId)).toMatchObject({ status: 'open', destinations: [] });
		expect(await woken(demandId)).toContain('evaluate');
	});

	it('leaves its demand gone, and wakes nobody for it, when somebody else has filled it', async () => {
		const { earmarkId, demandId } = await withLegs('planned');
		await give(earmarkId, 'FILLED_EXTERNALLY');
		expect((await readDemand(store.db, demandId)).status).toBe('gone');
		expect(await woken(demandId)).not.toContain('evaluate');
	});
});

describe('an earmark with legs under way', () => {
	it('frees what is there at once, ends what has not left, and waits for the rest', async () => {
		const { earmarkId, demandId, second } = await withLegs('delivered', 'in_flight');
		await give(earmarkId);
		expect((await readEarmark(store.db, earmarkId)).status).toBe('compensating');
		expect((await held(earmarkId)).filter((hold) => hold.startsWith('10'))).toEqual(['10 inbound 40']);
		expect((await readDemand(store.db, demandId)).status).toBe('earmarked');
		await legArrived(store.db, second, { to: 'destination', units: 40n });
		expect((await held(earmarkId)).filter((hold) => hold.startsWith('10'))).toEqual([]);
		await give(earmarkId, 'COMPENSATING');
		expect(await readEarmark(store.db, earmarkId)).toMatchObject({ status: 'cancelled', reason: 'DESTINATION_CLOSED' });
	});

	it('keeps the first reason: what was filled by somebody else is gone, however it ends', async () => {
		const { earmarkId, demandId, first } = await withLegs('in_flight');
		await give(earmarkId, 'FILLED_EXTERNALLY');
		await legArrived(store.db, first, { to: 'origin', units: 41n });
		await give(earmarkId, 'DESTINATION_CLOSED');
		expect((await readDemand(store.db, demandId)).status).toBe('gone');
	});

	it('does not send again what reverts: that leg ends, and with the last one its settlement is woken', async () => {
		const { earmarkId, first } = await withLegs('leaving');
		await give(earmarkId);
		expect((await readLegsOf(store.db, earmarkId)).map((leg) => leg.status)).toEqual(['sending']);
		await store.db.execute(sql`update outbox set sent_at = now()`);
		const send = await effectOf(store.db, { leg: first }, 'send');
		await inTransaction(store.db, CAUSE, (tx) => tryAgain(tx, { effect: send, mined: minedIn(6n) }));
		expect((await readLegsOf(store.db, earmarkId)).map((leg) => leg.status)).toEqual(['failed']);
		expect(await held(earmarkId)).toEqual([]);
		const [wakeup] = await store.db.execute(sql`select topic from outbox where sent_at is null and payload->>'earmarkId' = ${earmarkId}`);
		expect(wakeup).toEqual({ topic: 'settle' });
	});
});

describe('a demand', () => {
	it('that was earmarked while its source said that it is gone stays with its earmark', async () => {
		const { demandId } = await earmarked(store.db, 1);
		const late = inTransaction(store.db, CAUSE, (tx) => setDemandStatus(tx, { id: demandId, to: 'gone', reason: 'GONE', from: ['open'] }));
		await expect(late).rejects.toThrow(/not in the expected state/);
		expect((await readDemand(store.db, demandId)).status).toBe('earmarked');
	});
});

describe('an allowance', () => {
	it('of an earmark is taken back, also when it gives back again because a leg is late', async () => {
		const earmarkId = await settlingEarmark(store.db);
		await grow(store.db, earmarkId, { legs: 1 });
		const [, , late] = await readLegsOf(store.db, earmarkId);
		await bringLegTo(store.db, late?.id ?? '', 'in_flight');
		await give(earmarkId);
		expect(await resets('earmark', earmarkId)).toEqual(['intended']);
		await give(earmarkId);
		expect(await resets('earmark', earmarkId)).toEqual(['intended']);
		const purchase = await effectOf(store.db, { earmark: earmarkId }, 'purchase');
		expect(purchase.status).toBe('dropped');
	});

	it('of a leg that ends unsent is taken back when it was approved, and when somebody else has approved for it', async () => {
		const own = await testStoreWithLanes();
		try {
			const end = (earmarkId: string, legId: string) =>
				inTransaction(own.db, CAUSE, async (tx) => {
					await lockEarmarks(tx, [earmarkId]);
					return endIdleLeg(tx, legId, 'GIVEN_BACK');
				});
			const { earmarkId } = await earmarked(own.db, 3);
			const [first = '', second = '', third = ''] = (await readLegsOf(own.db, earmarkId)).map((leg) => leg.id);
			const resetsOf = async (id: string) => (await readEffectsOf(own.db, 'leg', [id])).filter((each) => each.kind === 'reset').length;
			await end(earmarkId, third);
			expect(await resetsOf(third)).toBe(0);
			await legNonce(own.db, first, 'approve');
			await end(earmarkId, second);
			expect(await resetsOf(second)).toBe(1);
			await end(earmarkId, first);
			expect(await resetsOf(first)).toBe(1);
		} finally {
			await own.close();
		}
	});

	it('of a leg is taken back when nothing but a reset of somebody else has counted on it', async () => {
		const own = await testStoreWithLanes();
		try {
			const { earmarkId } = await earmarked(own.db, 1);
			const [first = ''] = (await readLegsOf(own.db, earmarkId)).map((leg) => leg.id);
			await bringLegTo(own.db, first, 'approved');
			const earmark = await readEarmark(own.db, earmarkId);
			await inTransaction(own.db, CAUSE, (tx) => giveBack(tx, { earmark, reason: 'DESTINATION_CLOSED' }));
			const later = await earmarked(own.db, 1);
			const reset = await effectOf(own.db, { leg: first }, 'reset');
			await commitNonce(own.db, reset, { earmarkId, onNonce: async () => {} });
			const next = await readEarmark(own.db, later.earmarkId);
			await inTransaction(own.db, CAUSE, (tx) => giveBack(tx, { earmark: next, reason: 'DESTINATION_CLOSED' }));
			const [unsent = ''] = (await readLegsOf(own.db, later.earmarkId)).map((leg) => leg.id);
			const found = (await readEffectsOf(own.db, 'leg', [unsent])).map((effect) => `${effect.kind} ${effect.status}`);
			expect(found).toContain('reset intended');
		} finally {
			await own.close();
		}
	});

	it('of an ended leg is found and swept while another leg is late: nothing on its lane waits for that one', async () => {
		const { earmarkId, second } = await withLegs('in_flight', 'planned');
		await legNonce(store.db, second, 'approve');
		await give(earmarkId);
		expect((await readEarmark(store.db, earmarkId)).status).toBe('compensating');
		await store.db.execute(sql`update effects set updated_at = now() - interval '1 minute'`);
		expect(await endedWithOpenAllowances(store.db, 10_000)).toContain(earmarkId);
	});
});
