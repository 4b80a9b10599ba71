import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { earmarkSettlement } from '../../queues/earmark-settlement.ts';
import { type JobRequest, requestJob } from '../../queues/job.ts';
import { createLog } from '../../src/observe/log.ts';
import { done, snooze } from '../../src/outcome.ts';
import { runWorker } from '../../workers/run.ts';
import { until } from '../product.ts';
import { openSite, type Site, scrape } from './serve.ts';

const BACKENDS = ['postgres', ...(inject('redisUrl') === null ? [] : ['redis'])] as const;

describe.each(BACKENDS)('/metrics of queues on %s', (backend) => {
	const QUEUE = 'earmark-settlement';
	let queues: Site;
	beforeEach(async () => {
		queues = await openSite({ backend: backend as 'postgres' | 'redis' });
	});
	afterEach(() => queues.stop());

	const job = (): JobRequest => requestJob(earmarkSettlement, { earmarkId: randomUUID(), cause: 'w1' });
	const serveJobs = (process: () => Promise<ReturnType<typeof done>>) =>
		runWorker(queues.connection, { queue: QUEUE, concurrency: 1, log: createLog('silent', 'test'), process });
	const jobsIn = async (state: string) => (await scrape(queues)).get(`ballast_queue_jobs{queue="${QUEUE}",state="${state}"}`);
	const oldest = async () => (await scrape(queues)).get(`ballast_queue_oldest_waiting_seconds{queue="${QUEUE}"}`);

	it('show every queue, empty ones too', async () => {
		expect(await jobsIn('waiting')).toBe(0);
		expect(await oldest()).toBe(0);
		const shown = [...(await scrape(queues)).keys()].filter((name) => name.includes('bridge-execution-across-1-10'));
		expect(shown).toHaveLength(7);
	});

	it('say how many jobs wait and since when the first of them does, also while the queue is paused', async () => {
		await queues.producer.add([job()]);
		const first = Date.now();
		await until('a moment later', async () => (Date.now() > first + 50 ? true : null));
		await queues.producer.add([job(), job()]);
		queues.nowMs = first + 120_000;
		const age = await oldest();
		expect(age).toBeGreaterThan(119);
		expect(age).toBeLessThan(121);
		expect(await jobsIn('waiting')).toBe(3);
		await queues.producer.queues.find(({ name }) => name === QUEUE)?.pause();
		expect([await jobsIn('waiting'), await oldest()]).toEqual([3, age]);
	});

	it('find the first in line among hundreds', async () => {
		const before = Date.now();
		await queues.producer.add([job()]);
		const after = Date.now();
		await until('a moment later', async () => (Date.now() > after ? true : null));
		await queues.producer.add(Array.from({ length: 450 }, job));
		const [found] = (await queues.producer.oldestWaiting()).filter(({ queue }) => queue === QUEUE);
		expect(found?.sinceMs).toBeGreaterThanOrEqual(before);
		expect(found?.sinceMs).toBeLessThanOrEqual(after);
	});

	it('count a delayed job as waiting from the moment it is due, so that missing workers show', async () => {
		const worker = serveJobs(async () => snooze(60_000, 'not yet'));
		await queues.producer.add([job()]);
		await until('the job is delayed', async () => ((await jobsIn('delayed')) === 1 ? true : null));
		await worker.close();
		queues.nowMs = Date.now() + 30_000;
		expect(await oldest()).toBe(0);
		queues.nowMs = Date.now() + 90_000;
		const age = await oldest();
		expect(age).toBeGreaterThan(20);
		expect(age).toBeLessThan(35);
	});

	it('count what has ended', async () => {
		const worker = serveJobs(async () => done());
		await queues.producer.add([job(), job()]);
		await until('both have ended', async () => ((await jobsIn('completed')) === 2 ? true : null));
		expect([await jobsIn('waiting'), await jobsIn('failed'), await oldest()]).toEqual([0, 0, 0]);
		await worker.close();
	});
});
