import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Db, inTransaction, type Store } from '../../src/store/db.ts';
import { readHolds } from '../../src/store/holds.ts';
import { markOverdue, readLeg, readLegsOf } from '../../src/store/legs.ts';
import {
	bringLegTo,
	CAUSE,
	earmarked,
	hopOf,
	type LegStage,
	legArrived,
	legGivenUp,
	legNonce,
	legSent,
	minedIn,
	testStoreWithLanes,
	tried,
} from './fixture.ts';
import { givenBack, LETTERS, outcomeOf, readTable } from './state-table.ts';

let store: Store;
beforeAll(async () => {
	store = await testStoreWithLanes();
});
afterAll(() => store.close());

/**
 * Rows are what happens, columns where the leg is; `approved` is sending before the nonce of its send, `leaving` after it. A cell is where
 * the leg is afterwards, with its holds at origin and destination: c confirmed, o leaving (pending_out), i inbound, - released; `!` is
 * overdue. A dot: refused, and not one row is different. Written by hand from the design, not from the code.
 */
const TABLE = `
	                   planned      approved    leaving      in_flight     delivered  returned  failed  cancelled
	approve_nonce      sending:ci   .           .            .             .          .         .       .
	send_nonce         sending:oi   sending:oi  .            .             .          .         .       .
	send_final         .            .           in_flight:oi .             .          .         .       .
	delivered          .            .           .            delivered:oc  .          .         .       .
	returned           .            .           .            returned:o-   .          .         .       .
	refused_for_good   cancelled:-- failed:--   .            .             .          .         .       .
	reverted_for_good  .            .           failed:--    .             .          .         .       .
	given_back         cancelled:-- failed:--   .            .             .          .         .       .
	overdue            .            .           .            in_flight!:oi .          .         .       .`;

const EVENTS: Record<string, (db: Db, legId: string) => Promise<unknown>> = {
	approve_nonce: (db, legId) => legNonce(db, legId, 'approve'),
	send_nonce: (db, legId) => legNonce(db, legId, 'send'),
	send_final: (db, legId) => legSent(db, legId),
	delivered: (db, legId) => legArrived(db, legId, { to: 'destination', units: 40n }),
	returned: (db, legId) => legArrived(db, legId, { to: 'origin', units: 41n }),
	refused_for_good: (db, legId) => legGivenUp(db, legId),
	reverted_for_good: (db, legId) => legGivenUp(db, legId, minedIn(4n)),
	given_back: givenBack,
	overdue: async (db, legId) => {
		const leg = await readLeg(db, legId);
		return inTransaction(db, CAUSE, (tx) => markOverdue(tx, leg));
	},
};

async function oneLeg(stage: LegStage): Promise<string> {
	const { earmarkId } = await earmarked(store.db, 1);
	const [leg] = await readLegsOf(store.db, earmarkId);
	if (leg === undefined) throw new Error('a leg expected');
	await bringLegTo(store.db, leg.id, stage);
	return leg.id;
}

/** Where the leg and its only hop are, which is always the same, and what is held for it at both ends. */
async function stateOf(db: Db, legId: string): Promise<string> {
	const { leg, hop } = await hopOf(db, legId);
	expect(hop.status).toBe(leg.status);
	const holds = (await readHolds(db, leg.earmarkId)).filter((hold) => hold.legId === legId);
	const at = (venue: string) => LETTERS[holds.find((hold) => hold.venue === venue)?.state ?? 'released'];
	return `${leg.status}${leg.overdueAt === null ? '' : '!'}:${at(leg.origin)}${at(leg.destination)}`;
}

const { states, rows } = readTable(TABLE);
const stages = states as LegStage[];

describe('a leg', () => {
	it('stands in the table with every event', () => {
		expect(rows.map(([event]) => event)).toEqual(Object.keys(EVENTS));
		for (const row of rows) expect(row).toHaveLength(1 + stages.length);
	});

	it.each(stages.map((stage, index) => ({ stage, expected: rows.map((row) => row[1 + index]) })))(
		'that is $stage takes each event as designed, or refuses it and changes nothing',
		async ({ stage, expected }) => {
			const legId = await oneLeg(stage);
			const found: string[] = [];
			for (const [event, act] of Object.entries(EVENTS))
				found.push(`${event} ${await tried(store.db, (db) => outcomeOf(db, legId, { event, act, stateOf }))}`);
			expect(found).toEqual(Object.keys(EVENTS).map((event, index) => `${event} ${expected[index]}`));
		},
	);

	it('takes an event once when twins bring it at the same time', async () => {
		for (const [index, stage] of stages.entries()) {
			for (const [event = '', ...cells] of rows) {
				if (cells[index] === '.') continue;
				const legId = await oneLeg(stage);
				const answers = await Promise.allSettled([EVENTS[event]?.(store.db, legId), EVENTS[event]?.(store.db, legId)]);
				expect(answers.map((each) => each.status).sort(), `${stage} ${event}`).toEqual(['fulfilled', 'rejected']);
				expect(await stateOf(store.db, legId), `${stage} ${event}`).toBe(cells[index]);
				const [posted] = await store.db.execute(sql`select count(distinct posting)::int as n from ledger_entries
					where leg_id = ${legId} group by event order by 1 desc limit 1`);
				expect(posted?.n ?? 1, `${stage} ${event}`).toBe(1);
			}
		}
	});

	it('has moved its earmark, its demand and the books exactly as far as its own state says', async () => {
		const sent = ['sent 1 wallet -41', 'sent 1 in_flight 41'];
		const cases: readonly (readonly [LegStage, string, readonly string[]])[] = [
			['planned', 'planned', []],
			['cancelled', 'planned', []],
			['approved', 'moving', []],
			['failed', 'moving', []],
			['leaving', 'moving', []],
			['in_flight', 'moving', sent],
			[
				'returned',
				'moving',
				[...sent, 'returned 1 in_flight -41', 'returned 1 bridge 41', 'returned 1 bridge -41', 'returned 1 wallet 41'],
			],
			[
				'delivered',
				'moving',
				[
					...[...sent, 'delivered 1 in_flight -40', 'delivered 1 bridge 40', 'delivered 1 in_flight -1', 'delivered 1 fees 1'],
					...['delivered 10 bridge -40', 'delivered 10 wallet 40'],
				],
			],
		];
		for (const [stage, status, entries] of cases) {
			const legId = await oneLeg(stage);
			const [earmark] = await store.db.execute(sql`
				select e.status, d.status as demand from rebalance_operations o join earmarks e on e.id = o.earmark_id
				join demands d on d.id = e.demand_id where o.id = ${legId}`);
			expect(earmark, stage).toEqual({ status, demand: 'earmarked' });
			const posted = await store.db.execute<{ entry: string }>(sql`
				select event || ' ' || venue || ' ' || account || ' ' || amount as entry from ledger_entries where leg_id = ${legId} order by id`);
			expect(
				posted.map(({ entry }) => entry),
				stage,
			).toEqual(entries);
		}
	});
});
