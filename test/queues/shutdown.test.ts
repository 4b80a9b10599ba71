import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { earmarkSettlement } from '../../queues/earmark-settlement.ts';
import { requestJob } from '../../queues/job.ts';
import { RECOVERY } from '../../queues/queue.ts';
import { createLog } from '../../src/observe/log.ts';
import { done, type Outcome } from '../../src/outcome.ts';
import { runWorker } from '../../workers/run.ts';
import type { Serving } from '../../workers/serving.ts';
import { until } from '../product.ts';
import { openSite, type Site } from '../web/serve.ts';
import { untilEnded } from './ended.ts';

const BACKENDS = ['postgres', ...(inject('redisUrl') === null ? [] : ['redis'])] as const;
const QUEUE = 'earmark-settlement';

describe.each(BACKENDS)('a worker that is told to stop, on %s', (backend) => {
	let site: Site;
	let workers: Serving[];
	beforeEach(async () => {
		site = await openSite({ backend: backend as 'postgres' | 'redis' });
		workers = [];
	});
	afterEach(async () => {
		await Promise.all(workers.map((worker) => worker.close()));
		await site.stop();
	});

	const job = () => requestJob(earmarkSettlement, { earmarkId: randomUUID(), cause: 'w1' });
	const serve = (process: () => Promise<Outcome>, { concurrency = 4, drainMs }: { concurrency?: number; drainMs?: number } = {}) => {
		const log = createLog('silent', 'test');
		const worker = runWorker(site.connection, { queue: QUEUE, concurrency, log, process, ...(drainMs !== undefined && { drainMs }) });
		workers.push(worker);
		return worker;
	};

	it('lets what is under way end, and takes nothing more', async () => {
		let finish = () => {};
		const step = new Promise<void>((resolve) => {
			finish = resolve;
		});
		const worker = serve(
			async () => {
				await step;
				return done();
			},
			{ concurrency: 1 },
		);
		const [first, second] = [job(), job()];
		await site.producer.add([first]);
		await until('the job is under way', async () => (worker.tally.running === 1 ? true : null));
		const closed = worker.close();
		await site.producer.add([second]);
		finish();
		await closed;
		expect(await untilEnded(site.producer, first)).toBe('completed');
		expect(worker.tally).toEqual({ begun: 1, running: 0 });
		expect(await site.producer.isLive(QUEUE, second.id)).toBe(true);
	});

	it('hands over what does not end in time: another worker goes on at once, before any lock has run out', async () => {
		const leaving = serve(() => new Promise(() => {}), { drainMs: 100 });
		const jobs = [job(), job(), job()];
		await site.producer.add(jobs);
		await until('all are under way', async () => (leaving.tally.running === 3 ? true : null));
		serve(async () => done());
		const from = Date.now();
		await leaving.close();
		for (const each of jobs) expect(await untilEnded(site.producer, each)).toBe('completed');
		const tookMs = Date.now() - from;
		expect(tookMs).toBeLessThan(RECOVERY.lockMs / 2);
		expect(workers.at(-1)?.tally.begun).toBe(3);
	});
});
