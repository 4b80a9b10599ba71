import { sql } from 'drizzle-orm';
import express from 'express';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connectQueues, openProducer } from '../../queues/queue.ts';
import { freePort } from '../../sandbox/servers/free-port.ts';
import { createLog } from '../../src/observe/log.ts';
import { openStore } from '../../src/store/db.ts';
import { metricsRoutes, type QueuePort } from '../../src/web/metrics.ts';
import { get, openSite, type Site, serve } from './serve.ts';

let site: Site;
beforeEach(async () => {
	site = await openSite();
});
afterEach(() => site.stop());

describe('a scrape that cannot read everything', () => {
	const app = (db = site.store.db) => ({ db, log: createLog('silent', 'test'), nowMs: Date.now });
	const none: QueuePort = { counts: async () => [], oldestWaiting: async () => [] };

	async function scrapeOnce(routes: ReturnType<typeof metricsRoutes>) {
		const { base, stop } = await serve(express().use(routes));
		const answers = await Promise.all([get(`${base}/metrics`), get(`${base}/metrics`)]);
		await stop();
		return answers;
	}

	it('answers 503 and names the database when that is down, and shows no figure', async () => {
		const down = openStore({ databaseUrl: `postgres://ballast@127.0.0.1:${await freePort()}/ballast`, pool: 2 });
		for (const { status, text } of await scrapeOnce(metricsRoutes(app(down.db), none))) {
			expect([status, text]).toEqual([503, expect.stringMatching(/^database: .*ECONNREFUSED/)]);
			expect(text).not.toMatch(/ballast_|select/);
		}
		await down.close();
	});

	it('answers 503 and names the queues when they do not answer', async () => {
		const settings = {
			backend: 'redis',
			redisUrl: `redis://127.0.0.1:${await freePort()}`,
			databaseUrl: '',
			prefix: '{x}',
			connections: 1,
		} as const;
		const connection = connectQueues(settings);
		const producer = openProducer(connection, [{ name: 'earmark-settlement' }]);
		for (const { status, text } of await scrapeOnce(metricsRoutes(app(), producer, 300)))
			expect([status, text]).toEqual([503, 'queues: no answer within 300 ms\n']);
		await connection.close();
	});

	it('names both when both are down', async () => {
		const failing: QueuePort = { ...none, counts: () => Promise.reject(new Error('READONLY replica')) };
		await site.store.db.execute(sql`alter table outbox rename to elsewhere`);
		const [answer] = await scrapeOnce(metricsRoutes(app(), failing));
		expect(answer).toMatchObject({ status: 503, text: expect.stringMatching(/^database: .*outbox.*\nqueues: READONLY replica\n$/) });
	});
});
