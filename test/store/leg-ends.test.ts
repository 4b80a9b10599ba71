import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LegDraft } from '../../src/earmark/earmark.ts';
import { latestEffect } from '../../src/leg/effect.ts';
import type { Hop, Leg } from '../../src/leg/leg.ts';
import { amount } from '../../src/money/amount.ts';
import { createEarmark } from '../../src/store/commitment.ts';
import { type Db, inTransaction, lockInventory, type Store } from '../../src/store/db.ts';
import { readEffectsOf } from '../../src/store/effects.ts';
import { readHolds } from '../../src/store/holds.ts';
import { failLeg } from '../../src/store/leg-ends.ts';
import { deliverHop, legStarted } from '../../src/store/leg-events.ts';
import { readLeg, readLegsOf } from '../../src/store/legs.ts';
import {
	bringLegTo,
	CAUSE,
	commitNonce,
	DECIMALS,
	draftFor,
	legFrom,
	openDemand,
	POOL,
	randomHash,
	SIGNER,
	TOKEN,
	testStoreWithLanes,
} from './fixture.ts';

let store: Store;
beforeAll(async () => {
	store = await testStoreWithLanes();
});
afterAll(() => store.close());

const SPEND = { token: TOKEN, spender: POOL, amount: amount(42n) };
const move = (bridge: string, [origin, destination]: readonly [string, string], [send, receive]: readonly [bigint, bigint]) => ({
	...{ bridge, origin, destination, asset: 'USDC', toAsset: 'USDC', seconds: 5 },
	...{ send: amount(send), receive: amount(receive) },
});
/** From 1 over 56 and 100 to 10. */
const THREE_HOPS: LegDraft = {
	...{ route: 'a+b+c', asset: 'USDC', origin: '1', destination: '10', send: amount(42n), receive: amount(20n), spend: SPEND },
	hops: [move('across', ['1', '56'], [42n, 41n]), move('across', ['56', '100'], [41n, 40n]), move('cctp-v2', ['100', '10'], [40n, 20n])],
};

/** An earmark of a leg over three hops, of which the first is in flight, and one from 56 over one. */
async function underWay(db: Db): Promise<{ over3: Leg; other: Leg }> {
	const { demandId } = await openDemand(db);
	const earmarkId = await inTransaction(db, CAUSE, async (tx) => {
		await lockInventory(tx, 'USDC');
		return createEarmark(tx, { ...draftFor(demandId, 0), legs: [THREE_HOPS, legFrom('56')] }, SIGNER);
	});
	const legs = await readLegsOf(db, earmarkId);
	const [over3, other] = [legs.find((leg) => leg.hops.length === 3), legs.find((leg) => leg.hops.length === 1)];
	if (over3 === undefined || other === undefined) throw new Error('two legs expected');
	for (const leg of [over3, other]) await bringLegTo(db, leg.id, 'in_flight');
	return { over3: await readLeg(db, over3.id), other: await readLeg(db, other.id) };
}

/** The first hop has brought so much, and so much of it would come to the next place and to the end. */
async function firstArrives(db: Db, leg: Leg, { units, receive, arrives }: { units: bigint; receive: bigint; arrives: bigint }) {
	const [hop, second] = leg.hops as readonly [Hop, Hop, Hop];
	const delivery = { venue: '56', amount: amount(units), transactionHash: randomHash(), blockNumber: 6n };
	const next = { hop: { ...second, send: amount(units), receive: amount(receive) }, spend: SPEND, arrives: amount(arrives) };
	await inTransaction(db, CAUSE, (tx) => deliverHop(tx, { leg, hop, proof: {}, delivery, decimals: DECIMALS, next, signer: SIGNER }));
}

describe('a leg of several hops', () => {
	it('goes no further when nothing of what it could still send would arrive in the end', async () => {
		const { over3 } = await underWay(store.db);
		await firstArrives(store.db, over3, { units: 10n, receive: 9n, arrives: 0n });
		expect(await readLeg(store.db, over3.id)).toMatchObject({ status: 'returned', reason: 'NOTHING_ARRIVED' });
		const held = (await readHolds(store.db, over3.earmarkId)).filter((hold) => hold.legId === over3.id && hold.state !== 'pending_out');
		expect(held).toEqual([]);
	});

	it('that ends between two hops wakes whoever takes its approval to its end, although another leg is late', async () => {
		const { over3 } = await underWay(store.db);
		await firstArrives(store.db, over3, { units: 41n, receive: 40n, arrives: 20n });
		const leg = await readLeg(store.db, over3.id);
		const [, hop] = leg.hops as readonly [Hop, Hop, Hop];
		const effects = await readEffectsOf(store.db, 'leg', [leg.id]);
		const [approve, send] = [latestEffect(effects, 'approve', 1), latestEffect(effects, 'send', 1)];
		if (approve === null || send === null) throw new Error('the second hop has no effects');
		await commitNonce(store.db, approve, {
			earmarkId: leg.earmarkId,
			onNonce: (tx) => legStarted(tx, { leg, hop, effect: approve }),
		});
		await inTransaction(store.db, CAUSE, (tx) => failLeg(tx, { leg, effect: send, mined: null, reason: 'REFUSED' }));
		expect(await readLeg(store.db, leg.id)).toMatchObject({ status: 'returned', reason: 'REFUSED' });
		const woken = await store.db.execute<{ n: number }>(
			sql`select count(*)::int as n from outbox where topic = 'settle' and payload ->> 'earmarkId' = ${leg.earmarkId}`,
		);
		expect(woken[0]?.n).toBe(1);
	});
});
