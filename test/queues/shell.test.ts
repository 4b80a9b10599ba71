import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { earmarkFlow } from '../../queues/earmark-flow.ts';
import { earmarkSettlement } from '../../queues/earmark-settlement.ts';
import { type JobRequest, requestJob } from '../../queues/job.ts';
import { connectQueues, migrateQueues, openProducer, type Producer, type QueueConnection } from '../../queues/queue.ts';
import { PermanentError, TransientError } from '../../src/errors.ts';
import { createLog } from '../../src/observe/log.ts';
import { done, type Outcome, snooze } from '../../src/outcome.ts';
import { runWorker } from '../../workers/run.ts';
import { until } from '../product.ts';
import { testDatabase, testQueues } from '../stack.ts';
import { untilEnded as untilJobEnded } from './ended.ts';

const QUEUES = ['earmark-settlement', 'attestation-polling', 'bridge-execution-across-1-10'];

let connection: QueueConnection;
let producer: Producer;
let workers: { close(): Promise<void> }[];
let runs: string[];

beforeEach(async () => {
	const settings = testQueues(await testDatabase());
	await migrateQueues(settings);
	connection = connectQueues({ ...settings, connections: 12 });
	producer = openProducer(
		connection,
		QUEUES.map((name) => ({ name })),
	);
	workers = [];
	runs = [];
});
afterEach(async () => {
	await Promise.all(workers.map((worker) => worker.close()));
	await producer.close();
	await connection.close();
});

/** Serves a queue; each run is noted as `<name of the queue's stage>:<how often it ran before>`. */
function serve(queue: string, answer: (run: number, data: unknown) => Outcome | Promise<Outcome>): void {
	let count = 0;
	workers.push(
		runWorker(connection, {
			queue,
			concurrency: 4,
			log: createLog('silent', 'test'),
			process: async (data) => {
				count += 1;
				runs.push(`${queue.split('-')[0]}:${count}`);
				return answer(count, data);
			},
		}),
	);
}

const settle = (cause = 'w1'): JobRequest => ({
	...requestJob(earmarkSettlement, { earmarkId: randomUUID(), cause }),
	backoffMs: 10,
	attempts: 3,
});
const untilEnded = (job: JobRequest) => untilJobEnded(producer, job);

describe('the worker shell', () => {
	it('waits without spending an attempt: a job may snooze more often than it may fail', async () => {
		serve('earmark-settlement', (run) => (run < 6 ? snooze(5, 'not yet') : done()));
		const job = settle();
		await producer.add([job]);
		await untilEnded(job);
		expect(runs).toHaveLength(6);
	});

	it('tries a transient failure again, as often as the job says', async () => {
		serve('earmark-settlement', () => Promise.reject(new TransientError('429')));
		const job = settle();
		await producer.add([job]);
		await untilEnded(job);
		expect(runs).toHaveLength(3);
	});

	it('does not try a permanent failure again', async () => {
		serve('earmark-settlement', () => Promise.reject(new PermanentError('refused\u0000 for good')));
		const job = settle();
		await producer.add([job]);
		await untilEnded(job);
		expect(runs).toHaveLength(1);
	});

	it('runs a job once that was added five times', async () => {
		const job = settle();
		await Promise.all(Array.from({ length: 5 }, () => producer.add([job])));
		serve('earmark-settlement', () => done());
		await untilEnded(job);
		await producer.add([job]);
		const next = settle('w2');
		await producer.add([next]);
		await untilEnded(next);
		expect(runs).toHaveLength(2);
	});
});

describe('a flow', () => {
	const route = { bridge: 'across', origin: '1', destination: '10' };
	const hop = (legId: string) => ({ ...route, legId, hop: 0, remaining: 'send', claims: false }) as const;

	it('settles once, after every leg has sent and proven', async () => {
		const flow = earmarkFlow(randomUUID(), 1, [[hop(randomUUID())], [hop(randomUUID())]]);
		for (const queue of QUEUES) serve(queue, () => done());
		await producer.addFlows([flow]);
		await producer.addFlows([flow]);
		await untilEnded(flow);
		expect(runs.filter((run) => run.startsWith('earmark'))).toEqual(['earmark:1']);
		expect(runs.at(-1)).toBe('earmark:1');
		// Adding may deadlock with a worker on the PostgreSQL backend; when the worker loses, the end of its job is lost, and it runs again.
		for (const stage of ['bridge', 'attestation'])
			expect(runs.filter((run) => run.startsWith(stage)).length, stage).toBeGreaterThanOrEqual(2);
	});

	it('settles once when one leg fails for good, and only when the other has ended', async () => {
		const [good, bad] = [randomUUID(), randomUUID()];
		const flow = earmarkFlow(randomUUID(), 1, [[hop(good)], [hop(bad)]]);
		let looks = 0;
		serve('bridge-execution-across-1-10', (_run, data) => {
			if ((data as { legId: string }).legId === bad) throw new PermanentError('paused');
			return done();
		});
		serve('attestation-polling', () => {
			looks += 1;
			return looks < 10 ? snooze(20, 'pending') : done();
		});
		serve('earmark-settlement', () => {
			expect(looks).toBe(10);
			return done();
		});
		await producer.addFlows([flow]);
		await untilEnded(flow);
		expect(runs.filter((run) => run.startsWith('earmark'))).toEqual(['earmark:1']);
	});

	it('of a next generation runs beside what is left of the one before', async () => {
		const [earmark, leg] = [randomUUID(), randomUUID()];
		for (const queue of QUEUES) serve(queue, () => done());
		for (const generation of [1, 2]) {
			const flow = earmarkFlow(earmark, generation, [[hop(leg)]]);
			await producer.addFlows([flow]);
			await untilEnded(flow);
		}
		expect(runs).toHaveLength(6);
	});
});

describe('a schedule', () => {
	it('is written again when somebody has set its times otherwise', async () => {
		const job = { ...settle(), id: 'poll' };
		const queue = producer.queues.find(({ name }) => name === job.queue);
		const times = async () => {
			const { every, pattern } = (await queue?.getJobScheduler('poll')) ?? {};
			return { every, pattern };
		};
		await queue?.upsertJobScheduler('poll', { pattern: '0 0 1 1 *' }, { name: 'settle' });
		expect((await times()).pattern).toBe('0 0 1 1 *');
		await producer.schedule(job, 60_000);
		expect(await times()).toEqual({ every: 60_000 });
	});

	it('runs one job per interval, however many processes ask for it', async () => {
		serve('earmark-settlement', () => done());
		const job = { ...settle(), id: 'poll' };
		for (let asked = 0; asked < 5; asked += 1) await producer.schedule(job, 200);
		await until('it ran three times', async () => (runs.length >= 3 ? true : null));
		const ranThree = Date.now();
		await until('it ran five times', async () => (runs.length >= 5 ? true : null));
		expect(Date.now() - ranThree).toBeGreaterThan(200);
	});
});
