import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { availableOf } from '../../src/inventory/available.ts';
import { amount } from '../../src/money/amount.ts';
import { readCoverage, readShortfall } from '../../src/store/coverage.ts';
import { type Db, inTransaction, type Store } from '../../src/store/db.ts';
import { readEarmark, shortEarmarks } from '../../src/store/earmarks.ts';
import { giveBack } from '../../src/store/give-back.ts';
import { readHoldings } from '../../src/store/holdings.ts';
import { saveBalances } from '../../src/store/inventory.ts';
import { tryAgain } from '../../src/store/leg-ends.ts';
import { readLegsOf } from '../../src/store/legs.ts';
import { adjustEarmark } from '../../src/store/top-up.ts';
import {
	bringLegTo,
	CAUSE,
	commitNonce,
	earmarked,
	effectOf,
	legArrived,
	legGivenUp,
	minedIn,
	purchaseNonce,
	randomHash,
	settlingBegins,
	testStoreWithLanes,
} from './fixture.ts';
import { look, movement, reading } from './watched.ts';

let store: Store;
beforeAll(async () => {
	store = await testStoreWithLanes();
});
afterAll(() => store.close());

/** 20 of 100 are there, two legs of 40 are under way; the ids of both. */
async function twoLegs(db: Db): Promise<{ earmarkId: string; first: string; second: string }> {
	const { earmarkId } = await earmarked(db, 2);
	const [first, second] = await readLegsOf(db, earmarkId);
	if (first === undefined || second === undefined) throw new Error('two legs expected');
	for (const leg of [first, second]) await bringLegTo(db, leg.id, 'in_flight');
	return { earmarkId, first: first.id, second: second.id };
}

const coverage = async (earmarkId: string) => readCoverage(store.db, await readEarmark(store.db, earmarkId));
const shortfall = async (earmarkId: string) => readShortfall(store.db, await readEarmark(store.db, earmarkId));
const isShort = async (earmarkId: string) => (await shortEarmarks(store.db, 'USDC')).some((each) => each.id === earmarkId);

/** What was woken for the earmark, and how often planning was, since the last look. */
async function woken(earmarkId: string): Promise<string[]> {
	const rows = await store.db.execute<{ topic: string }>(sql`
		update outbox set sent_at = now() where sent_at is null and (topic = 'plan' or payload->>'earmarkId' = ${earmarkId}) returning topic`);
	return rows.map((row) => row.topic).sort();
}

describe('what an earmark lacks', () => {
	it('is nothing as long as what is under way may still arrive', async () => {
		const { earmarkId, first } = await twoLegs(store.db);
		expect(await coverage(earmarkId)).toEqual({ held: 20n, inbound: 80n });
		await legArrived(store.db, first, { to: 'destination', units: 40n });
		expect(await coverage(earmarkId)).toEqual({ held: 60n, inbound: 40n });
		expect(await shortfall(earmarkId)).toBe(0n);
		expect(await isShort(earmarkId)).toBe(false);
	});

	it('is what a leg has not brought, and the planner is woken at once, without waiting for the other legs', async () => {
		const cases = [
			{ event: (leg: string) => legArrived(store.db, leg, { to: 'destination', units: 33n }), short: 7n },
			{ event: (leg: string) => legArrived(store.db, leg, { to: 'origin', units: 41n }), short: 40n },
		];
		for (const { event, short } of cases) {
			const { earmarkId, first, second } = await twoLegs(store.db);
			await woken(earmarkId);
			await event(first);
			expect(await shortfall(earmarkId)).toBe(short);
			expect(await isShort(earmarkId)).toBe(true);
			expect(await woken(earmarkId)).toEqual(['plan']);
			await legArrived(store.db, second, { to: 'destination', units: 40n });
			expect(await woken(earmarkId)).toEqual(['settle']);
		}
	});

	it('includes a leg that never left', async () => {
		const { earmarkId } = await earmarked(store.db, 2);
		const [leg] = await readLegsOf(store.db, earmarkId);
		await woken(earmarkId);
		await legGivenUp(store.db, leg?.id ?? '');
		expect(await shortfall(earmarkId)).toBe(40n);
		expect(await woken(earmarkId)).toEqual(['plan']);
	});

	it('is free at once when a leg brings more than is needed any more', async () => {
		const { earmarkId, first, second } = await twoLegs(store.db);
		await inTransaction(store.db, CAUSE, (tx) => adjustEarmark(tx, earmarkId, amount(50n)));
		expect(await coverage(earmarkId)).toEqual({ held: 0n, inbound: 80n });
		await legArrived(store.db, first, { to: 'destination', units: 40n });
		expect(await coverage(earmarkId)).toEqual({ held: 10n, inbound: 40n });
		await legArrived(store.db, second, { to: 'destination', units: 45n });
		expect(await coverage(earmarkId)).toEqual({ held: 50n, inbound: 0n });
	});

	it('leaves no empty hold behind when a leg brings nothing', async () => {
		const { earmarkId, first } = await twoLegs(store.db);
		await legArrived(store.db, first, { to: 'destination', units: 0n });
		const [empty] = await store.db.execute(sql`select state from holds where leg_id = ${first} and venue = '10'`);
		expect(empty).toEqual({ state: 'released' });
		expect(await shortfall(earmarkId)).toBe(40n);
	});
});

describe('short earmarks', () => {
	it('are those whose demand may still change them, oldest first', async () => {
		const own = await testStoreWithLanes();
		try {
			const made: string[] = [];
			for (let count = 0; count < 3; count += 1) made.push((await earmarked(own.db, 1)).earmarkId);
			expect((await shortEarmarks(own.db, 'USDC')).map((each) => each.id)).toEqual(made);
			const [first = '', second = ''] = made;
			const earmark = await readEarmark(own.db, first);
			await inTransaction(own.db, CAUSE, (tx) => giveBack(tx, { earmark, reason: 'DESTINATION_CLOSED' }));
			await inTransaction(own.db, CAUSE, (tx) => adjustEarmark(tx, second, amount(60n)));
			expect((await shortEarmarks(own.db, 'USDC')).map((each) => each.id)).toEqual(made.slice(2));
			expect(await shortEarmarks(own.db, 'WETH')).toEqual([]);
		} finally {
			await own.close();
		}
	});

	it('lack nothing while their purchase may have left: what they held is leaving with it', async () => {
		const { earmarkId, first, second } = await twoLegs(store.db);
		for (const leg of [first, second]) await legArrived(store.db, leg, { to: 'destination', units: 40n });
		await settlingBegins(store.db, earmarkId, 100n);
		const approve = await effectOf(store.db, { earmark: earmarkId }, 'approve');
		await commitNonce(store.db, approve, { earmarkId, onNonce: async () => {} });
		await purchaseNonce(store.db, earmarkId, amount(100n));
		expect(await coverage(earmarkId)).toEqual({ held: 0n, inbound: 0n });
		expect(await isShort(earmarkId)).toBe(false);
		const purchase = await effectOf(store.db, { earmark: earmarkId }, 'purchase');
		await inTransaction(store.db, CAUSE, (tx) => tryAgain(tx, { effect: purchase, mined: minedIn(9n) }));
		expect(await isShort(earmarkId)).toBe(false);
		await inTransaction(store.db, CAUSE, (tx) => adjustEarmark(tx, earmarkId, amount(130n)));
		expect(await shortfall(earmarkId)).toBe(30n);
		expect(await isShort(earmarkId)).toBe(true);
	});
});

describe('what has landed', () => {
	const available = async (db: Db, venue: string) => {
		const holding = (await readHoldings(db, 'USDC', new Map())).find((each) => each.venue === venue);
		return holding === undefined ? null : availableOf(holding);
	};

	it('for two legs in one transaction is free for nobody before both deliveries are recorded', async () => {
		const own = await testStoreWithLanes();
		try {
			await look(own.db, '10', { upTo: 6n });
			await saveBalances(own.db, [reading('10', 20n, 6n)]);
			const { first, second } = await twoLegs(own.db);
			const tx = randomHash();
			await legArrived(own.db, first, { to: 'destination', units: 40n, block: 7n, tx });
			await look(own.db, '10', { upTo: 7n, movements: [movement('10', 7n, { incoming: 80n, transactionHash: tx })] });
			await saveBalances(own.db, [reading('10', 100n, 7n)]);
			expect(await available(own.db, '10')).toBe(0n);
			await legArrived(own.db, second, { to: 'destination', units: 40n, block: 7n, tx });
			expect(await available(own.db, '10')).toBe(0n);
		} finally {
			await own.close();
		}
	});

	it('back at the origin is ours and free once its return is recorded, also while something else is inbound there', async () => {
		const own = await testStoreWithLanes();
		try {
			await look(own.db, '1', { upTo: 4n });
			await saveBalances(own.db, [reading('1', 200n, 4n)]);
			const { first } = await twoLegs(own.db);
			await own.db.execute(
				sql`select set_config('ballast.actor', 'test', false), set_config('ballast.reason', 'inbound at the origin', false)`,
			);
			await inTransaction(own.db, CAUSE, (tx) =>
				tx.execute(sql`insert into holds (earmark_id, venue, asset, amount, state) select earmark_id, '1', 'USDC', 500, 'inbound'
					from rebalance_operations where id = ${first}`),
			);
			const tx = randomHash();
			await look(own.db, '1', { upTo: 8n, movements: [movement('1', 8n, { incoming: 41n, transactionHash: tx })] });
			await saveBalances(own.db, [reading('1', 159n, 8n)]);
			expect(await available(own.db, '1')).toBe(118n);
			await legArrived(own.db, first, { to: 'origin', units: 41n, block: 8n, tx });
			expect(await available(own.db, '1')).toBe(159n);
		} finally {
			await own.close();
		}
	});
});
