import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { earmarkSettlement } from '../../queues/earmark-settlement.ts';
import { requestJob } from '../../queues/job.ts';
import { connectQueues, migrateQueues, openProducer, type Producer, type QueueConnection } from '../../queues/queue.ts';
import { recurring } from '../../queues/recurring.ts';
import { createLog } from '../../src/observe/log.ts';
import { snooze } from '../../src/outcome.ts';
import { runWorker } from '../../workers/run.ts';
import { until } from '../product.ts';
import { testDatabase, testQueues } from '../stack.ts';

const QUEUE = 'earmark-settlement';
const AHEAD_MS = 600_000;

let connection: QueueConnection;
let producer: Producer;
beforeEach(async () => {
	const settings = testQueues(await testDatabase());
	await migrateQueues(settings);
	connection = connectQueues(settings);
	producer = openProducer(connection, [{ name: QUEUE }, { name: 'invoice-poll' }]);
});
afterEach(async () => {
	vi.useRealTimers();
	await producer.close();
	await connection.close();
});

const aheadBy = (ms: number) => vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + ms, shouldAdvanceTime: true });

/** A job that a worker has put off for a minute by its own clock; `during` is what happens while it runs. */
async function putOff(during = () => {}): Promise<string> {
	const job = requestJob(earmarkSettlement, { earmarkId: randomUUID(), cause: 'w1' });
	const worker = runWorker(connection, {
		queue: QUEUE,
		concurrency: 1,
		log: createLog('silent', 'test'),
		process: async () => {
			during();
			return snooze(60_000, 'not yet');
		},
	});
	await producer.add([job]);
	const queue = producer.queues.find(({ name }) => name === QUEUE);
	const isPutOff = async () => ((await queue?.getJobState(job.id)) === 'delayed' ? true : null);
	await until('the job was put off', isPutOff, 2 * AHEAD_MS);
	await worker.close();
	return job.id;
}

describe('a clock that is ten minutes ahead', () => {
	it('puts a job off for as long: it serves nothing, and whoever looks adds another one', async () => {
		expect(await producer.isLive(QUEUE, await putOff())).toBe(true);
		aheadBy(AHEAD_MS);
		const late = await putOff();
		expect(await producer.isLive(QUEUE, late)).toBe(true);
		vi.useRealTimers();
		expect(await producer.isLive(QUEUE, late)).toBe(false);
	});

	it('writes a schedule that begins too late, and that is written anew', async () => {
		const poll = requestJob(recurring('invoice-poll'), {});
		const nextIn = async () => {
			const queue = producer.queues.find(({ name }) => name === 'invoice-poll');
			return ((await queue?.getJobScheduler(poll.id))?.next ?? 0) - Date.now();
		};
		aheadBy(AHEAD_MS);
		await producer.schedule(poll, 1_000);
		await producer.schedule(poll, 1_000);
		vi.useRealTimers();
		const late = await nextIn();
		await producer.schedule(poll, 1_000);
		expect([late > 500_000, (await nextIn()) <= 1_000]).toEqual([true, true]);
	});
});

describe('a clock that is set ten minutes ahead while a job runs', () => {
	it('puts the job off for as long: it serves nothing, and no worker is said to be idle beside it', async () => {
		const late = await putOff(() => aheadBy(AHEAD_MS));
		vi.useRealTimers();
		expect(await producer.isLive(QUEUE, late)).toBe(false);
		expect(await producer.ready(Date.now() + 120_000)).toEqual(new Set());
	});
});
