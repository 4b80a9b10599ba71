/** Redis loses all, or only its latest writes; servers of their own, because they are killed. */
import { sql } from 'drizzle-orm';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startRedis } from '../../sandbox/servers/redis.ts';
import type { MortalServer } from '../../sandbox/servers/server.ts';
import { probeQueues, renewEpoch } from '../../src/steps/upkeep/queue-epoch.ts';
import { until } from '../product.ts';
import { earmarked } from '../store/fixture.ts';
import { openRows, type Rows } from './rows.ts';

const LOST = 'queue server has lost jobs: all work is looked at again';
const WITHIN_MS = 10_000;

let server: MortalServer;
let redis: Redis;
let rows: Rows;

beforeAll(async () => {
	server = await startRedis();
	redis = new Redis(server.url, { maxRetriesPerRequest: null });
	redis.on('error', () => {});
});
afterAll(async () => {
	redis.disconnect();
	await server.stop();
});
afterEach(() => rows.stop());

/** Nobody would look at these rows by themselves for an hour, as at a standard transfer of CCTP. */
async function make(count: number): Promise<string[]> {
	const made: string[] = [];
	for (let number = 0; number < count; number += 1) made.push((await earmarked(rows.store.db)).earmarkId);
	for (const table of ['rebalance_operations', 'earmarks', 'demands']) {
		await rows.store.db.execute(sql.raw(`update ${table} set next_action_at = now() + interval '1 hour'`));
	}
	return made;
}

const untilServed = (earmarkIds: readonly string[], withinMs = WITHIN_MS) =>
	until('every leg has a job', async () => ((await rows.unserved(earmarkIds)) === 0 ? true : null), withinMs);
const untilTold = (message: string) => until(message, async () => (rows.told.includes(message) ? true : null), WITHIN_MS);
/** Earmarks whose flow has not come to this generation. */
const behind = async (generation: number) =>
	(await rows.store.db.execute(sql`select 1 from earmarks where generation < ${generation}`)).length;
const unsent = async () => (await rows.store.db.execute('select 1 from outbox where sent_at is null')).length;

describe('a queue server that has lost jobs', () => {
	it('has every one of three hundred legs again within ten seconds after FLUSHALL, with two schedulers', async () => {
		rows = await openRows({ redisUrl: server.url, schedulers: 2 });
		const made = await make(150);
		await untilServed(made, 30_000);
		await redis.flushall();
		expect(await rows.unserved(made.slice(0, 1))).toBe(2);
		const from = Date.now();
		await until('every flow was added again', async () => ((await unsent()) === 0 && (await behind(2)) === 0 ? true : null), WITHIN_MS);
		const tookMs = Date.now() - from;
		expect(await rows.unserved(made)).toBe(0);
		expect(tookMs).toBeLessThan(WITHIN_MS);
		expect(rows.told.filter((message) => message === LOST)).toHaveLength(1);
		// An earmark whose legs fall into two batches may get its flow twice; nobody gets it again and again.
		expect(await behind(4)).toBe(made.length);
		process.stdout.write(`300 legs queued again ${tookMs} ms after FLUSHALL\n`);
	});

	it('is noticed when it comes back with an older snapshot', async () => {
		rows = await openRows({ redisUrl: server.url });
		const old = await make(1);
		await untilServed(old);
		await redis.save();
		const young = await make(3);
		await untilServed([...old, ...young]);
		await server.restart();
		await untilTold(LOST);
		await untilServed([...old, ...young]);
	});

	it('is noticed when only the jobs that were added last are missing, however late that was', async () => {
		rows = await openRows({ redisUrl: server.url });
		await untilServed(await make(1));
		// The snapshot is taken between two probes, and the server dies as soon as the next jobs have been added.
		await redis.save();
		const [young = ''] = await make(1);
		await until('its flow was relayed', async () => ((await unsent()) === 0 ? true : null));
		await server.restart();
		await untilServed([young]);
		expect(rows.told).toContain(LOST);
	});

	it('is left alone as long as it has lost nothing', async () => {
		rows = await openRows({ redisUrl: server.url, schedulers: 2 });
		const made = await make(5);
		await untilServed(made);
		const word = () => redis.get(`${rows.settings.prefix}:epoch`);
		const first = await word();
		await until('the word has changed a few times', async () => ((await word()) !== first ? true : null));
		expect(rows.told).not.toContain(LOST);
		const [due] = await rows.store.db.execute('select count(*)::int as rows from rebalance_operations where next_action_at <= now()');
		expect(due?.rows).toBe(0);
	});

	it('is noticed when it loses everything again while the work is being made due', async () => {
		rows = await openRows({ redisUrl: server.url, schedulers: 0 });
		const { app, mark, store, settings } = rows;
		if (mark === null) throw new Error('there is no mark');
		const probe = () => probeQueues(app, mark);
		expect([await probe(), await probe()]).toEqual([true, false]);
		const flush = () => redis.del(`${settings.prefix}:epoch`);
		await flush();
		const losing = {
			replace: mark.replace,
			async write(text: string) {
				await mark.write(text);
				await flush();
			},
		};
		expect(await probeQueues(app, losing)).toBe(true);
		expect(await store.db.transaction((tx) => renewEpoch(tx, mark))).toBe(false);
		expect([await probe(), await probe()]).toEqual([true, false]);
	});
});
