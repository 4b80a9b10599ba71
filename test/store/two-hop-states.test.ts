import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LegDraft } from '../../src/earmark/earmark.ts';
import { BallastError } from '../../src/errors.ts';
import { latestEffect } from '../../src/leg/effect.ts';
import type { EffectKind } from '../../src/leg/effect-state.ts';
import type { Hop, Leg } from '../../src/leg/leg.ts';
import { amount } from '../../src/money/amount.ts';
import { createEarmark } from '../../src/store/commitment.ts';
import { type Db, inTransaction, lockInventory, type Store } from '../../src/store/db.ts';
import { readEffectsOf } from '../../src/store/effects.ts';
import { giveBack } from '../../src/store/give-back.ts';
import { readHolds } from '../../src/store/holds.ts';
import { failLeg, resolveOnly, tryAgain } from '../../src/store/leg-ends.ts';
import { deliverHop, hopProven, hopSent, legStarted, returnHop } from '../../src/store/leg-events.ts';
import { readLeg, readLegsOf } from '../../src/store/legs.ts';
import {
	CAUSE,
	commitNonce,
	DECIMALS,
	draftFor,
	minedIn,
	openDemand,
	POOL,
	randomHash,
	SIGNER,
	TOKEN,
	testStoreWithLanes,
	tried,
} from './fixture.ts';
import { givenBack, LETTERS, outcomeOf, readTable } from './state-table.ts';

let store: Store;
beforeAll(async () => {
	store = await testStoreWithLanes();
});
afterAll(() => store.close());

/** 42 units of USDT become 41 of USDC on venue 1, which bring 40 to venue 10 over a bridge that has to be claimed. */
const SPEND = { token: TOKEN, spender: POOL, amount: amount(42n) };
const hop = (bridge: string, ends: readonly [string, string, string], units: readonly [bigint, bigint]) => ({
	...{ bridge, origin: '1', destination: ends[0], asset: ends[1], toAsset: ends[2] },
	...{ send: amount(units[0]), receive: amount(units[1]), seconds: 20 },
});
const LEG: LegDraft = {
	...{
		route: 'swap-1-1-USDT-USDC+cctp-v2-1-10-USDC',
		asset: 'USDT',
		origin: '1',
		destination: '10',
		send: amount(42n),
		receive: amount(40n),
	},
	spend: SPEND,
	hops: [hop('swap', ['1', 'USDT', 'USDC'], [42n, 41n]), hop('cctp-v2', ['10', 'USDC', 'USDC'], [41n, 40n])],
};

/**
 * Rows are what happens, columns where the leg is: swapping, parked between the two hops, leaving (the second send has a nonce), crossing,
 * proven, claiming (the claim has a nonce). A cell is where the leg is afterwards, with its holds of USDT and USDC at the origin and of
 * USDC at the destination: c confirmed, o leaving (pending_out), i inbound, - released. A dot: refused, and not one row is different.
 * Written by hand from the design, not from the code.
 */
const TABLE = `
	                   planned         swapping       parked         leaving        crossing       proven         claiming       delivered  stranded
	swapped            .               in_flight:oci  .              .              .              .              .              .          .
	swapped_short      .               in_flight:oci  .              .              .              .              .              .          .
	second_nonce       .               .              in_flight:ooi  .              .              .              .              .          .
	second_final       .               .              .              in_flight:ooi  .              .              .              .          .
	proven             .               .              .              .              in_flight:ooi  .              .              .          .
	claim_nonce        .               .              .              .              .              in_flight:ooi  .              .          .
	claim_reverted     .               .              .              .              .              .              in_flight:ooi  .          .
	delivered          .               .              .              .              delivered:ooc  delivered:ooc  .              .          .
	returned           .               .              .              .              returned:oo-   returned:oo-   .              .          .
	refused_for_good   cancelled:---   .              returned:o--   .              .              .              .              .          .
	reverted_for_good  .               .              .              returned:o--   .              .              .              .          .
	given_back         cancelled:---   .              returned:o--   .              .              .              .              .          .`;

const STAGES: Record<string, readonly string[]> = {
	planned: [],
	swapping: ['first_nonce', 'first_final'],
	parked: ['first_nonce', 'first_final', 'swapped'],
	leaving: ['first_nonce', 'first_final', 'swapped', 'second_nonce'],
	crossing: ['first_nonce', 'first_final', 'swapped', 'second_nonce', 'second_final'],
	proven: ['first_nonce', 'first_final', 'swapped', 'second_nonce', 'second_final', 'proven'],
	claiming: ['first_nonce', 'first_final', 'swapped', 'second_nonce', 'second_final', 'proven', 'claim_nonce'],
	delivered: ['first_nonce', 'first_final', 'swapped', 'second_nonce', 'second_final', 'proven', 'delivered'],
	stranded: ['first_nonce', 'first_final', 'swapped', 'given_back'],
};

async function part(db: Db, legId: string, index: number): Promise<{ leg: Leg; hop: Hop }> {
	const leg = await readLeg(db, legId);
	const hop = leg.hops[index];
	if (hop === undefined) throw new Error(`no hop ${index}`);
	return { leg, hop };
}

async function effectAt(db: Db, legId: string, [kind, hop]: readonly [EffectKind, number]) {
	const effect = latestEffect(await readEffectsOf(db, 'leg', [legId]), kind, hop);
	if (effect === null) throw new BallastError(`no ${kind} of hop ${hop}`);
	return effect;
}

async function nonce(db: Db, legId: string, [kind, index]: readonly [EffectKind, number]): Promise<void> {
	const at = await part(db, legId, index);
	const effect = await effectAt(db, legId, [kind, index]);
	await commitNonce(db, effect, { earmarkId: at.leg.earmarkId, onNonce: (tx) => legStarted(tx, { ...at, effect }) });
}

async function sent(db: Db, legId: string, index: number): Promise<void> {
	const at = await part(db, legId, index);
	const effect = await effectAt(db, legId, ['send', index]);
	await inTransaction(db, CAUSE, (tx) => hopSent(tx, { ...at, effect, mined: minedIn(5n), evidence: {}, absorbedFrom: 5n }));
}

/** The first hop has brought so much; the second then sends that, and must bring one unit less. */
async function swapped(db: Db, legId: string, units: bigint): Promise<void> {
	const at = await part(db, legId, 0);
	const second = (await part(db, legId, 1)).hop;
	const delivery = { venue: '1', amount: amount(units), transactionHash: randomHash(), blockNumber: 6n };
	const receive = amount(units - 1n);
	const next = { hop: { ...second, send: amount(units), receive }, spend: { ...SPEND, amount: amount(units) }, arrives: receive };
	await inTransaction(db, CAUSE, (tx) => deliverHop(tx, { ...at, proof: {}, delivery, decimals: DECIMALS, next, signer: SIGNER }));
}

async function ended(db: Db, legId: string, to: 'delivered' | 'returned'): Promise<void> {
	const at = await part(db, legId, 1);
	const where = (await to) === 'delivered' ? { venue: '10', amount: amount(40n) } : { venue: '1', amount: amount(41n) };
	const arrived = { ...at, proof: {}, decimals: DECIMALS, delivery: { ...where, transactionHash: randomHash(), blockNumber: 7n } };
	await inTransaction(db, CAUSE, (tx) =>
		to === 'delivered' ? deliverHop(tx, { ...arrived, next: null, signer: SIGNER }) : returnHop(tx, arrived),
	);
}

async function givenUp(db: Db, legId: string, isMined: boolean): Promise<void> {
	const leg = await readLeg(db, legId);
	const effect = await effectAt(db, legId, ['send', leg.status === 'in_flight' ? 1 : 0]);
	const mined = isMined ? minedIn(8n) : null;
	await inTransaction(db, CAUSE, (tx) => failLeg(tx, { leg, effect, mined, reason: isMined ? 'REVERTED' : 'REFUSED' }));
}

const EVENTS: Record<string, (db: Db, legId: string) => Promise<unknown>> = {
	first_nonce: (db, legId) => nonce(db, legId, ['send', 0]),
	first_final: (db, legId) => sent(db, legId, 0),
	swapped: (db, legId) => swapped(db, legId, 41n),
	swapped_short: (db, legId) => swapped(db, legId, 31n),
	second_nonce: (db, legId) => nonce(db, legId, ['send', 1]),
	second_final: (db, legId) => sent(db, legId, 1),
	proven: async (db, legId) => {
		const at = await part(db, legId, 1);
		await inTransaction(db, CAUSE, (tx) => hopProven(tx, { ...at, proof: { nonce: '1' }, signer: SIGNER }));
	},
	claim_nonce: (db, legId) => nonce(db, legId, ['claim', 1]),
	claim_reverted: async (db, legId) => {
		const effect = await effectAt(db, legId, ['claim', 1]);
		await inTransaction(db, CAUSE, (tx) => tryAgain(tx, { effect, mined: minedIn(8n) }));
	},
	delivered: (db, legId) => ended(db, legId, 'delivered'),
	returned: (db, legId) => ended(db, legId, 'returned'),
	refused_for_good: (db, legId) => givenUp(db, legId, false),
	reverted_for_good: (db, legId) => givenUp(db, legId, true),
	given_back: givenBack,
};

async function oneLeg(): Promise<string> {
	const { demandId } = await openDemand(store.db);
	const earmarkId = await inTransaction(store.db, CAUSE, async (tx) => {
		await lockInventory(tx, 'USDC');
		return createEarmark(tx, { ...draftFor(demandId, 0), legs: [LEG] }, SIGNER);
	});
	const [leg] = await readLegsOf(store.db, earmarkId);
	if (leg === undefined) throw new Error('a leg expected');
	return leg.id;
}

async function legAt(stage: string): Promise<string> {
	const legId = await oneLeg();
	for (const event of STAGES[stage] ?? []) await EVENTS[event]?.(store.db, legId);
	return legId;
}

async function stateOf(db: Db, legId: string): Promise<string> {
	const leg = await readLeg(db, legId);
	const holds = (await readHolds(db, leg.earmarkId)).filter((hold) => hold.legId === legId);
	const at = (venue: string, asset: string) =>
		LETTERS[holds.find((hold) => hold.venue === venue && hold.asset === asset)?.state ?? 'released'];
	return `${leg.status}:${at('1', 'USDT')}${at('1', 'USDC')}${at('10', 'USDC')}`;
}

const { states: stages, rows } = readTable(TABLE);

describe('a leg of two hops', () => {
	it.each(stages.map((stage, index) => ({ stage, expected: rows.map((row) => `${row[0]} ${row[1 + index]}`) })))(
		'that is $stage takes each event as designed, or refuses it and changes nothing',
		async ({ stage, expected }) => {
			const legId = await legAt(stage);
			const found: string[] = [];
			for (const [event = ''] of rows)
				found.push(`${event} ${await tried(store.db, (db) => outcomeOf(db, legId, { event, act: EVENTS[event], stateOf }))}`);
			expect(found).toEqual(expected);
		},
	);

	it('sends on what has really arrived, and counts on no more than comes of it', async () => {
		const legId = await legAt('swapping');
		await EVENTS.swapped_short?.(store.db, legId);
		const leg = await readLeg(store.db, legId);
		expect(leg.hops.map(({ send, receive, delivered }) => [send, receive, delivered])).toEqual([
			[42n, 41n, 31n],
			[31n, 30n, null],
		]);
		const holds = await readHolds(store.db, leg.earmarkId);
		const held = holds.filter((hold) => hold.legId === legId).map(({ asset, amount: units, state }) => `${asset} ${units} ${state}`);
		expect(held.sort()).toEqual(['USDC 30 inbound', 'USDC 31 confirmed', 'USDT 42 pending_out']);
		const send = await effectAt(store.db, legId, ['send', 1]);
		expect(send.spend?.amount).toBe(31n);
		const [wakeups] = await store.db.execute<{ n: number }>(
			sql`select count(*)::int as n from outbox where topic = 'plan' and created_at >= (select updated_at from hops where leg_id = ${legId} and index = 1)`,
		);
		expect(wakeups?.n).toBe(1);
	});

	it('stops between the hops when its earmark has given its funds back meanwhile', async () => {
		const legId = await legAt('swapping');
		const { earmarkId } = await readLeg(store.db, legId);
		await inTransaction(store.db, CAUSE, async (tx) => giveBack(tx, { earmark: { id: earmarkId } as never, reason: 'FILLED_EXTERNALLY' }));
		await EVENTS.swapped?.(store.db, legId);
		expect(await stateOf(store.db, legId)).toBe('returned:o--');
		expect((await readLeg(store.db, legId)).hops.map((hop) => hop.status)).toEqual(['delivered', 'cancelled']);
		expect(latestEffect(await readEffectsOf(store.db, 'leg', [legId]), 'send', 1)).toBeNull();
	});

	it('claims for an earmark that gives its funds back all the same, also after a revert', async () => {
		const legId = await legAt('claiming');
		const { earmarkId } = await readLeg(store.db, legId);
		await inTransaction(store.db, CAUSE, async (tx) => giveBack(tx, { earmark: { id: earmarkId } as never, reason: 'FILLED_EXTERNALLY' }));
		await EVENTS.claim_reverted?.(store.db, legId);
		expect(await effectAt(store.db, legId, ['claim', 1])).toMatchObject({ try: 2, status: 'intended' });
	});

	it('drops its own claim when somebody else has claimed', async () => {
		const legId = await legAt('delivered');
		expect(await effectAt(store.db, legId, ['claim', 1])).toMatchObject({ status: 'dropped', nonce: null });
	});

	it('approves for its second hop only once that is next, and takes back what the second would have spent', async () => {
		const legId = await legAt('parked');
		await nonce(store.db, legId, ['approve', 1]);
		const approve = await effectAt(store.db, legId, ['approve', 1]);
		await inTransaction(store.db, CAUSE, (tx) => resolveOnly(tx, approve, minedIn(7n)));
		await EVENTS.given_back?.(store.db, legId);
		expect(await effectAt(store.db, legId, ['reset', 1])).toMatchObject({ status: 'intended', spend: { amount: 0n } });
		expect(latestEffect(await readEffectsOf(store.db, 'leg', [legId]), 'reset', 0)).toBeNull();
	});

	it('keeps the books in both assets, at every place to zero', async () => {
		const legId = await legAt('delivered');
		const entries = await store.db.execute<{ entry: string }>(sql`
			select event || ' ' || venue || ' ' || asset || ' ' || account || ' ' || amount as entry from ledger_entries where leg_id = ${legId} order by id`);
		expect(entries.map(({ entry }) => entry)).toEqual([
			'sent 1 USDT wallet -42',
			'sent 1 USDT in_flight 42',
			'delivered 1 USDT in_flight -42',
			'delivered 1 USDT swap 42',
			'delivered 1 USDC swap -41',
			'delivered 1 USDC wallet 41',
			'sent 1 USDC wallet -41',
			'sent 1 USDC in_flight 41',
			'delivered 1 USDC in_flight -40',
			'delivered 1 USDC bridge 40',
			'delivered 1 USDC in_flight -1',
			'delivered 1 USDC fees 1',
			'delivered 10 USDC bridge -40',
			'delivered 10 USDC wallet 40',
		]);
	});
});
