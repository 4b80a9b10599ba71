import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { reconcile } from '../../src/steps/upkeep/reconcile.ts';
import { openLane } from '../../src/store/lanes.ts';
import { relayOutbox } from '../../src/store/outbox.ts';
import { liveJobs } from '../../workers/live-jobs.ts';
import { sendWakeups } from '../../workers/relay.ts';
import { SIGNER, settlingEarmark } from '../store/fixture.ts';
import { openRows, type Rows } from './rows.ts';

let rows: Rows;
beforeAll(async () => {
	rows = await openRows({ schedulers: 0 });
});
afterAll(() => rows.stop());

/** As a scheduler does once the earmark is overdue. */
async function pass(earmarkId: string): Promise<void> {
	const { app, store, producer } = rows;
	await store.db.execute(sql`update earmarks set next_action_at = now() where id = ${earmarkId}`);
	await reconcile(app, liveJobs(producer));
	await relayOutbox(store.db, 100, (found, tx) => sendWakeups({ tx, producer, claims: () => false }, found));
}

async function settlementsOf(earmarkId: string) {
	const queue = rows.producer.queues.find(({ name }) => name === 'earmark-settlement');
	const jobs = (await queue?.getJobs(['waiting'])) ?? [];
	return jobs.filter(({ id }) => id?.startsWith(`settle-${earmarkId}-r`));
}

describe('an earmark that waits for a worker', () => {
	it('is given one job, however often it is found to be overdue, and another one when that is lost', async () => {
		for (const venue of ['1', '10']) await openLane(rows.store.db, { venue, signer: SIGNER, next: 0n });
		const earmarkId = await settlingEarmark(rows.store.db);
		for (let passes = 0; passes < 3; passes += 1) await pass(earmarkId);
		const [first, ...more] = await settlementsOf(earmarkId);
		expect(more).toEqual([]);
		await first?.remove();
		await pass(earmarkId);
		expect((await settlementsOf(earmarkId)).map(({ id }) => id)).not.toEqual([first?.id]);
		expect(await settlementsOf(earmarkId)).toHaveLength(1);
	});
});
