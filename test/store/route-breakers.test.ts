import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Db, inTransaction, openStore, type Store } from '../../src/store/db.ts';
import { readEarmark } from '../../src/store/earmarks.ts';
import { giveBack } from '../../src/store/give-back.ts';
import { openLane } from '../../src/store/lanes.ts';
import { hopLate, hopProven } from '../../src/store/leg-events.ts';
import { readLegsOf } from '../../src/store/legs.ts';
import { readBreakers, readRouteUses, switchRoute, takeTrials } from '../../src/store/route-breakers.ts';
import { testDatabase } from '../stack.ts';
import { bringLegTo, CAUSE, earmarked, hopOf, legArrived, legGivenUp, legNonce, minedIn, SIGNER } from './fixture.ts';

const ROUTE = 'across-1-10-USDC';

let databaseUrl: string;
let store: Store;
let db: Db;
beforeAll(async () => {
	databaseUrl = await testDatabase();
	store = openStore({ databaseUrl, pool: 4 });
	db = store.db;
	for (const venue of ['1', '10']) await openLane(db, { venue, signer: SIGNER, next: 0n });
});
beforeEach(async () => {
	await db.execute(sql`delete from route_breakers`);
});
afterAll(() => store.close());

const changed = (change: ReturnType<typeof sql>) => inTransaction(db, CAUSE, (tx) => tx.execute(change));

async function legs(count = 1): Promise<string[]> {
	const { earmarkId } = await earmarked(db, count);
	return (await readLegsOf(db, earmarkId)).map(({ id }) => id);
}

async function leg(): Promise<string> {
	const [id = ''] = await legs();
	return id;
}

const breaker = async () => (await readBreakers(db)).get(ROUTE);

/** Opened, and its pause has passed. */
async function due(): Promise<void> {
	for (let count = 0; count < 3; count += 1) await legGivenUp(db, await leg());
	await changed(sql`update route_breakers set retry_at = clock_timestamp() - interval '1 second'`);
}

const tries = (legId: string) => inTransaction(db, CAUSE, (tx) => takeTrials(tx, [{ route: ROUTE, legId }]));

async function eventsSince(id: bigint): Promise<string[]> {
	const rows = await db.execute<{ event: string }>(sql`select event from route_events where id > ${id.toString()} order by id`);
	return rows.map(({ event }) => event);
}

async function lastEvent(): Promise<bigint> {
	const [row] = await db.execute<{ id: string }>(sql`select coalesce(max(id), 0)::text as id from route_events`);
	return BigInt(row?.id ?? 0);
}

describe("a route's breaker", () => {
	it('opens when three hops in a row were refused, reverted or came back, and says so', async () => {
		const before = await lastEvent();
		await legGivenUp(db, await leg());
		const reverted = await leg();
		await bringLegTo(db, reverted, 'leaving');
		await legGivenUp(db, reverted, minedIn(4n));
		expect([...(await readRouteUses(db))]).toEqual([]);
		await bringLegTo(db, await leg(), 'returned');
		const use = (await readRouteUses(db)).get(ROUTE);
		expect(use).toMatchObject({ use: 'off', reason: 'failed 3 times in a row: what was sent came back' });
		const pause = Date.parse(use?.until ?? '') - Date.parse((await breaker())?.since ?? '');
		expect(pause).toBe(60_000);
		expect(await eventsSince(before)).toEqual(['opened']);
	});

	it('counts from nought again after a success', async () => {
		for (const stage of ['failed', 'failed', 'delivered', 'failed', 'failed'] as const) await bringLegTo(db, await leg(), stage);
		expect(await breaker()).toMatchObject({ state: 'closed', failures: 2 });
	});

	it('counts an end once, however often the job is repeated', async () => {
		const id = await leg();
		await bringLegTo(db, id, 'returned');
		await expect(legArrived(db, id, { to: 'origin', units: 41n })).rejects.toThrow('not in the expected state');
		expect(await breaker()).toMatchObject({ failures: 1 });
	});

	it("counts neither what an operator has cancelled nor an earmark's own end", async () => {
		const cancelled = await leg();
		await bringLegTo(db, cancelled, 'leaving');
		const mined = minedIn(4n);
		await changed(sql`update effects set spent_by = ${mined.transactionHash} where owner_id = ${cancelled} and kind = 'send'`);
		await legGivenUp(db, cancelled, mined);
		const given = await hopOf(db, await leg());
		await inTransaction(db, CAUSE, async (tx) =>
			giveBack(tx, { earmark: await readEarmark(tx, given.leg.earmarkId), reason: 'FILLED_EXTERNALLY' }),
		);
		expect(await breaker()).toBeUndefined();
	});

	it('opens on lateness, which is counted when it is noticed and not again when it arrives', async () => {
		for (let count = 1; count <= 3; count += 1) {
			const id = await leg();
			await bringLegTo(db, id, 'in_flight');
			const inTime = await hopOf(db, id);
			expect(await inTransaction(db, CAUSE, (tx) => hopLate(tx, inTime))).toBeNull();
			await changed(sql`update hops set updated_at = updated_at - interval '136 seconds' where leg_id = ${id}`);
			expect(await inTransaction(db, CAUSE, (tx) => hopLate(tx, inTime))).toHaveLength(count === 3 ? 1 : 0);
			expect(await inTransaction(db, CAUSE, (tx) => hopLate(tx, inTime))).toBeNull();
			await legArrived(db, id, { to: 'destination', units: 40n });
		}
		expect(await breaker()).toMatchObject({ use: 'off', lates: 3, reason: expect.stringContaining('late 3 times in a row') });
	});

	it('counts what arrives late although nobody has looked before', async () => {
		const id = await leg();
		await bringLegTo(db, id, 'in_flight');
		await changed(sql`update hops set updated_at = updated_at - interval '136 seconds' where leg_id = ${id}`);
		await legArrived(db, id, { to: 'destination', units: 40n });
		expect(await breaker()).toMatchObject({ state: 'closed', lates: 1 });
	});

	it('does not hold against a bridge what our own claim takes after its proof', async () => {
		const part = await hopOf(db, await leg());
		await bringLegTo(db, part.leg.id, 'in_flight');
		await inTransaction(db, CAUSE, async (tx) => hopProven(tx, { ...part, proof: { seen: 'yes' }, signer: SIGNER }));
		const ago = sql`interval '500 seconds'`;
		await changed(sql`update hops set updated_at = updated_at - ${ago} where leg_id = ${part.leg.id}`);
		await changed(sql`update effects set created_at = created_at - ${ago} where owner_id = ${part.leg.id} and kind = 'claim'`);
		expect(await inTransaction(db, CAUSE, async (tx) => hopLate(tx, await hopOf(db, part.leg.id)))).toBeNull();
		await legArrived(db, part.leg.id, { to: 'destination', units: 40n });
		expect(await breaker()).toBeUndefined();
	});
});

describe('a route that is due', () => {
	it('is tried by one leg of two whose plans commit at once on two connections', async () => {
		await due();
		const [one = '', other = ''] = await legs(2);
		const results = await Promise.allSettled([tries(one), tries(other)]);
		expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
		const [lost] = results.filter((each) => each.status === 'rejected');
		expect(String(lost?.reason)).toContain(`route ${ROUTE} is not to be tried any more`);
		const tried = results[0]?.status === 'fulfilled' ? one : other;
		expect((await breaker())?.reason).toContain(`leg ${tried} tries it`);
	});

	it('is closed by the success of its trial, and opened for twice as long by its failure', async () => {
		await due();
		const failing = await leg();
		await tries(failing);
		await bringLegTo(db, failing, 'failed');
		const again = await breaker();
		expect(again).toMatchObject({ use: 'off', reason: 'tried again: REFUSED' });
		expect(Date.parse(again?.until ?? '') - Date.parse(again?.since ?? '')).toBe(120_000);
		await changed(sql`update route_breakers set retry_at = clock_timestamp()`);
		const working = await leg();
		await tries(working);
		await bringLegTo(db, working, 'delivered');
		expect(await breaker()).toMatchObject({ use: 'on', state: 'closed', failures: 0 });
	});

	it('is there for the next leg when the one that tried it was given up, and hears nothing of others', async () => {
		await due();
		const { leg: given } = await hopOf(db, await leg());
		await tries(given.id);
		await bringLegTo(db, await leg(), 'delivered');
		await bringLegTo(db, await leg(), 'failed');
		expect(await breaker()).toMatchObject({ state: 'half_open', use: 'off' });
		await inTransaction(db, CAUSE, async (tx) =>
			giveBack(tx, { earmark: await readEarmark(tx, given.earmarkId), reason: 'FILLED_EXTERNALLY' }),
		);
		expect(await breaker()).toMatchObject({ state: 'open', use: 'trial' });
	});

	it('is the same for whoever connects next: nothing of it is in a process', async () => {
		await due();
		await tries(await leg());
		const before = await readRouteUses(db);
		const other = openStore({ databaseUrl, pool: 1 });
		try {
			expect(await readRouteUses(other.db)).toEqual(before);
		} finally {
			await other.close();
		}
	});
});

describe("an operator's word", () => {
	const say = (word: 'off' | 'on' | 'auto') => switchRoute(db, { route: ROUTE, assets: ['USDC'], word }, { actor: 'kim', reason: 'drill' });

	it('stands whatever hops come to, and what was counted is forgotten when it is taken back', async () => {
		await say('on');
		for (let count = 0; count < 4; count += 1) await legGivenUp(db, await leg());
		expect(await readRouteUses(db)).toEqual(new Map());
		await say('off');
		await bringLegTo(db, await leg(), 'delivered');
		expect((await readRouteUses(db)).get(ROUTE)).toEqual({ use: 'off', reason: 'switched off by kim: drill', until: null });
		await say('auto');
		expect(await breaker()).toMatchObject({ use: 'on', state: 'closed', failures: 0 });
	});

	it('waits for plans that are being committed', async () => {
		await legNonce(db, await leg(), 'approve');
		let isSaid = false;
		let said: Promise<void> = Promise.resolve();
		await inTransaction(db, CAUSE, async (tx) => {
			await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended('inventory:USDC', 0))`);
			said = say('off').then(() => {
				isSaid = true;
			});
			await expect.poll(async () => waiting()).toBe(1);
			expect(isSaid).toBe(false);
		});
		await said;
	});

	async function waiting(): Promise<number> {
		const [row] = await db.execute<{ n: number }>(sql`select count(*)::int as n from pg_locks where locktype = 'advisory' and not granted
			and database = (select oid from pg_database where datname = current_database())`);
		return row?.n ?? 0;
	}
});
