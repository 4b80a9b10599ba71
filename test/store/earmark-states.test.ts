import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EARMARK_GROWING } from '../../src/earmark/state.ts';
import { BallastError } from '../../src/errors.ts';
import { latestEffect } from '../../src/leg/effect.ts';
import { isLegTerminal } from '../../src/leg/state.ts';
import { amount } from '../../src/money/amount.ts';
import { createEarmark } from '../../src/store/commitment.ts';
import { readShortfall } from '../../src/store/coverage.ts';
import { type Db, inTransaction, type Store, type Tx } from '../../src/store/db.ts';
import { readEarmark } from '../../src/store/earmarks.ts';
import { mayHaveLeft, readEffectsOf } from '../../src/store/effects.ts';
import { giveBack } from '../../src/store/give-back.ts';
import { readHolds } from '../../src/store/holds.ts';
import { tryAgain } from '../../src/store/leg-ends.ts';
import { readLegsOf } from '../../src/store/legs.ts';
import { approveAnew } from '../../src/store/settle-events.ts';
import { adjustEarmark } from '../../src/store/top-up.ts';
import {
	bringLegTo,
	CAUSE,
	draftFor,
	earmarked,
	effectOf,
	grow,
	legArrived,
	legGivenUp,
	legNonce,
	minedIn,
	openDemand,
	POOL,
	purchaseMined,
	purchaseNonce,
	rowsOf,
	SIGNER,
	settlingBegins,
	settlingEarmark,
	TOKEN,
	testStoreWithLanes,
	tried,
} from './fixture.ts';
import { readTable } from './state-table.ts';

let store: Store;
beforeAll(async () => {
	store = await testStoreWithLanes();
});
afterAll(() => store.close());

/**
 * Rows are what happens, columns where the earmark is. A cell is its status afterwards and what it holds at its venue, confirmed/inbound/
 * leaving, and after `!` what it lacks. A dot: refused, and not one row is different. Written by hand from the design, not from the code.
 *
 * planned      needs 100: 20 are there, two legs of 40 have not started      ready        needs 100, all of it there, no legs
 * moving       needs 140: paid for 100 before it rose, a third leg is approved   sailing      the same, and the third leg is in flight
 * arrived      the same, and the third leg has brought its 40                short        the same, but the third leg has failed
 * settling     needs 100 and has it; nothing is signed but the approval      paying       the nonce of its purchase has committed
 * compensating given back while the third leg was in flight                  landed       the same, and that leg has ended
 */
const TABLE = `
	               planned             ready               moving              sailing            arrived             short              settling            paying             settled compensating        landed          cancelled
	leg_nonce      moving:20/80/0      .                   moving:100/40/0     .                  .                   .                  .                   .                  .       .                   .               .
	settle         .                   settling:100/0/0    .                   .                  settling:140/0/0    .                  .                   .                  .       .                   .               .
	approve_anew   .                   .                   .                   .                  .                   .                  settling:100/0/0    .                  .       .                   .               .
	purchase_nonce .                   .                   .                   .                  .                   .                  settling:0/0/100    .                  .       .                   .               .
	reverted       .                   .                   .                   .                  .                   .                  .                   settling:100/0/0   .       .                   .               .
	purchased      .                   .                   .                   .                  .                   .                  .                   settled:0/0/100    .       .                   .               .
	risen          planned:20/80/0!50  planned:100/0/0!50  moving:100/40/0!50  moving:100/40/0!50 moving:140/0/0!50   moving:100/0/0!90  settling:100/0/0!50 .                  .       .                   .               .
	fallen         planned:0/80/0      planned:50/0/0      moving:50/40/0      moving:50/40/0     moving:90/0/0       moving:90/0/0      settling:50/0/0     .                  .       .                   .               .
	unchanged      planned:20/80/0     planned:100/0/0     moving:100/40/0     moving:100/40/0    moving:140/0/0      moving:100/0/0!40  settling:100/0/0    .                  .       .                   .               .
	more_legs      planned:20/120/0    planned:100/40/0    moving:100/80/0     moving:100/80/0    moving:140/40/0     moving:100/40/0    moving:100/40/0     .                  .       .                   .               .
	more_local     planned:60/80/0     planned:140/0/0     moving:140/40/0     moving:140/40/0    moving:180/0/0      moving:140/0/0     settling:140/0/0    .                  .       .                   .               .
	give_back      cancelled:0/0/0     cancelled:0/0/0     cancelled:0/0/0     compensating:0/40/0 cancelled:0/0/0    cancelled:0/0/0    cancelled:0/0/0     .                  .       .                   cancelled:0/0/0 .
	leg_delivers   .                   .                   .                   moving:140/0/0     .                   .                  .                   .                  .       compensating:0/0/0  .               .
	leg_returns    .                   .                   .                   moving:100/0/0!40  .                   .                  .                   .                  .       compensating:0/0/0  .               .
	leg_gives_up   planned:20/40/0!40  .                   moving:100/0/0!40   .                  .                   .                  .                   .                  .       .                   .               .`;

const change = (db: Db, work: (tx: Tx) => Promise<unknown>) => inTransaction(db, CAUSE, work);

async function ready(): Promise<string> {
	const { demandId } = await openDemand(store.db);
	const draft = { ...draftFor(demandId, 0), local: amount(100n) };
	return inTransaction(store.db, CAUSE, (tx) => createEarmark(tx, draft, SIGNER));
}

async function toppedUp(stage: 'approved' | 'in_flight' | 'delivered' | 'failed'): Promise<string> {
	const earmarkId = await settlingEarmark(store.db);
	await change(store.db, (tx) => adjustEarmark(tx, earmarkId, amount(140n)));
	await EVENTS.more_legs?.(store.db, earmarkId);
	await bringLegTo(store.db, await lastLeg(store.db, earmarkId), stage);
	return earmarkId;
}

async function followedBy(made: Promise<string>, ...events: string[]): Promise<string> {
	const earmarkId = await made;
	for (const event of events) await EVENTS[event]?.(store.db, earmarkId);
	return earmarkId;
}

const STATES: Record<string, () => Promise<string>> = {
	planned: async () => (await earmarked(store.db, 2)).earmarkId,
	ready,
	moving: () => toppedUp('approved'),
	sailing: () => toppedUp('in_flight'),
	arrived: () => toppedUp('delivered'),
	short: () => toppedUp('failed'),
	settling: () => settlingEarmark(store.db),
	paying: () => followedBy(settlingEarmark(store.db), 'purchase_nonce'),
	settled: () => followedBy(settlingEarmark(store.db), 'purchase_nonce', 'purchased'),
	compensating: () => followedBy(toppedUp('in_flight'), 'give_back'),
	landed: () => followedBy(toppedUp('in_flight'), 'give_back', 'leg_delivers'),
	cancelled: () => followedBy(settlingEarmark(store.db), 'give_back'),
};

const EVENTS: Record<string, (db: Db, earmarkId: string) => Promise<unknown>> = {
	leg_nonce: async (db, id) => legNonce(db, await lastLeg(db, id), 'send'),
	settle: async (db, id) => settlingBegins(db, id, (await readEarmark(db, id)).amount),
	approve_anew: async (db, id) => {
		const purchase = await effectOf(db, { earmark: id }, 'purchase');
		const approve = await effectOf(db, { earmark: id }, 'approve');
		return change(db, (tx) => approveAnew(tx, { purchase, approve, spend: { token: TOKEN, spender: POOL, amount: amount(120n) } }));
	},
	purchase_nonce: async (db, id) => purchaseNonce(db, id, (await readEarmark(db, id)).amount),
	reverted: async (db, id) => {
		const effect = await effectOf(db, { earmark: id }, 'purchase');
		return change(db, (tx) => tryAgain(tx, { effect, mined: minedIn(9n) }));
	},
	purchased: (db, id) => purchaseMined(db, id, amount(100n)),
	risen: (db, id) => adjustBy(db, id, 50n),
	fallen: (db, id) => adjustBy(db, id, -50n),
	unchanged: (db, id) => adjustBy(db, id, 0n),
	more_legs: (db, id) => grow(db, id, { legs: 1 }),
	more_local: (db, id) => grow(db, id, { local: 40n }),
	give_back: async (db, id) => {
		const earmark = await readEarmark(db, id);
		return change(db, (tx) => giveBack(tx, { earmark, reason: 'DESTINATION_CLOSED' }));
	},
	leg_delivers: async (db, id) => legArrived(db, await lastLeg(db, id), { to: 'destination', units: 40n }),
	leg_returns: async (db, id) => legArrived(db, await lastLeg(db, id), { to: 'origin', units: 41n }),
	leg_gives_up: async (db, id) => legGivenUp(db, await lastLeg(db, id)),
};

async function adjustBy(db: Db, id: string, difference: bigint): Promise<unknown> {
	const earmark = await readEarmark(db, id);
	return change(db, (tx) => adjustEarmark(tx, id, amount(earmark.amount + difference)));
}

/** The leg that has not ended; the last one when all have. */
async function lastLeg(db: Db, earmarkId: string): Promise<string> {
	const legs = await readLegsOf(db, earmarkId);
	return (legs.find((leg) => !isLegTerminal(leg.status)) ?? legs.at(-1))?.id ?? NO_LEG;
}

const NO_LEG = '00000000-0000-4000-8000-000000000000';

async function stateOf(db: Db, earmarkId: string): Promise<string> {
	const earmark = await readEarmark(db, earmarkId);
	const here = (await readHolds(db, earmarkId)).filter((hold) => hold.venue === earmark.venue);
	const sum = (state: string) => here.filter((hold) => hold.state === state).reduce((all, hold) => all + hold.amount, 0n);
	const purchase = latestEffect(await readEffectsOf(db, 'earmark', [earmarkId]), 'purchase');
	const follows = EARMARK_GROWING.includes(earmark.status) && (purchase === null || !mayHaveLeft(purchase));
	const short = follows ? await readShortfall(db, earmark) : 0n;
	return `${earmark.status}:${sum('confirmed')}/${sum('inbound')}/${sum('pending_out')}${short === 0n ? '' : `!${short}`}`;
}

/** What the event does, or a dot when it is refused or has nothing to do, and every row is as it was. */
async function outcomeOf(db: Db, event: string, earmarkId: string): Promise<string> {
	const before = await rowsOf(db, earmarkId);
	const answer = await EVENTS[event]?.(db, earmarkId).then(
		() => 'taken',
		(error: unknown) => error,
	);
	const after = await rowsOf(db, earmarkId);
	if (answer === 'taken' && JSON.stringify(after) !== JSON.stringify(before)) return stateOf(db, earmarkId);
	if (answer instanceof Error && !(answer instanceof BallastError) && !/^there is no effect/.test(answer.message)) throw answer;
	expect(after, `${event} was refused`).toEqual(before);
	return '.';
}

const { states, rows } = readTable(TABLE);

describe('an earmark', () => {
	it('stands in the table with every event', () => {
		expect(states).toEqual(Object.keys(STATES));
		expect(rows.map(([event]) => event)).toEqual(Object.keys(EVENTS));
		for (const row of rows) expect(row).toHaveLength(1 + states.length);
	});

	it.each(states.map((state, index) => ({ state, expected: rows.map((row) => row[1 + index]) })))(
		'that is $state takes each event as designed, or refuses it and changes nothing',
		async ({ state, expected }) => {
			const earmarkId = (await STATES[state]?.()) ?? '';
			const found: string[] = [];
			for (const event of Object.keys(EVENTS)) found.push(`${event} ${await tried(store.db, (db) => outcomeOf(db, event, earmarkId))}`);
			expect(found).toEqual(Object.keys(EVENTS).map((event, index) => `${event} ${expected[index]}`));
		},
	);
});
