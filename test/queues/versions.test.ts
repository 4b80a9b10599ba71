import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { queueCatalog } from '../../queues/catalog.ts';
import { earmarkSettlement } from '../../queues/earmark-settlement.ts';
import { type JobDefinition, type JobRequest, readJob, requestJob, UnknownJobError } from '../../queues/job.ts';
import type { App } from '../../src/app.ts';
import { createLog } from '../../src/observe/log.ts';
import { done } from '../../src/outcome.ts';
import { relayOutbox } from '../../src/store/outbox.ts';
import { attempt } from '../../workers/attempt.ts';
import { handlerOf } from '../../workers/handlers.ts';
import { runWorker } from '../../workers/run.ts';
import type { Serving } from '../../workers/serving.ts';
import { openSite, type Site } from '../web/serve.ts';
import { untilEnded } from './ended.ts';

const QUEUE = 'earmark-settlement';
const log = createLog('silent', 'test');

/** What a later version might say: one more field, and a job of another name in the same queue. */
const laterSettlement: JobDefinition<{ earmarkId: string; cause: string; hint: string }> = {
	...earmarkSettlement,
	payload: z.strictObject({ earmarkId: z.uuid(), cause: z.string(), hint: z.string() }),
};
const laterJob: JobDefinition<{ earmarkId: string }> = {
	...earmarkSettlement,
	name: 'audit',
	payload: z.strictObject({ earmarkId: z.uuid() }),
	id: ({ earmarkId }) => `audit-${earmarkId}`,
};

let site: Site;
let workers: Serving[];
let runs: string[];

beforeEach(async () => {
	site = await openSite();
	workers = [];
	runs = [];
});
afterEach(async () => {
	await Promise.all(workers.map((worker) => worker.close()));
	await site.stop();
});

/** A build that knows these jobs. */
function build(version: string, ...known: readonly JobDefinition<never>[]): void {
	const process = async (data: unknown, name: string) => {
		const definition = known.find((each) => each.name === name && each.payload.safeParse(data).success) ?? earmarkSettlement;
		readJob(definition as JobDefinition<unknown>, { name, data });
		runs.push(`${version} ${name}${'hint' in (data as object) ? ' with a hint' : ''}`);
		return done();
	};
	workers.push(runWorker(site.connection, { queue: QUEUE, concurrency: 1, log, process }));
}

describe('two versions of the worker on one queue', () => {
	it('leave each job to who knows it, and fail none', async () => {
		const jobs = Array.from({ length: 8 }, (): JobRequest[] => {
			const earmarkId = randomUUID();
			return [
				requestJob(earmarkSettlement, { earmarkId, cause: 'w1' }),
				requestJob(laterSettlement, { earmarkId, cause: 'w2', hint: 'x' }),
				requestJob(laterJob, { earmarkId }),
			];
		}).flat();
		build('old');
		await site.producer.add(jobs);
		build('new', laterSettlement as JobDefinition<never>, laterJob as JobDefinition<never>);
		// Which worker takes a job is luck, and on a busy machine it takes long to have it.
		const ended = await Promise.all(jobs.map((job) => untilEnded(site.producer, job, 90_000)));
		expect(ended).toEqual(jobs.map(() => 'completed'));
		expect(runs.filter((run) => run !== 'old settle' && run !== 'new settle').sort()).toEqual([
			...Array.from({ length: 8 }, () => 'new audit'),
			...Array.from({ length: 8 }, () => 'new settle with a hint'),
		]);
	}, 120_000);

	it('end a job that nobody knows any more without having done anything, so that its row gets one of the version that is there', async () => {
		const unknown = { queue: QUEUE, job: 'x', log };
		const step = () => Promise.reject(new UnknownJobError('of another version'));
		expect(await attempt({ ...unknown, ageMs: 59_000 }, step)).toMatchObject({ kind: 'snooze', delayMs: 1_000 });
		expect(await attempt({ ...unknown, ageMs: 60_000 }, step)).toMatchObject({ kind: 'cancel' });
	});

	it('read every stage by name and payload', async () => {
		// The job is refused before anything of the process is used.
		const app = {} as App;
		const route = { bridge: 'across', origin: '1', destination: '10' };
		const stages = queueCatalog({ routes: [route], inventory: { pollMs: 1_000 } }, [{ name: 'invoice-poll', everyMs: () => 1_000 }]);
		for (const stage of stages) await expect(handlerOf(app, stage)({}, 'of tomorrow')).rejects.toThrow(UnknownJobError);
		const known = { earmarkId: randomUUID(), cause: 'w1' };
		await expect(
			handlerOf(app, { name: 'earmark-settlement', stage: 'earmark-settlement' })({ ...known, hint: 'x' }, 'settle'),
		).rejects.toThrow(UnknownJobError);
	});
});

describe('two versions of the scheduler on one outbox', () => {
	it('leave a wake-up to who knows its topic', async () => {
		const { db } = site.store;
		await db.execute(`insert into outbox (topic, payload) values ('plan', '{}'), ('audit', '{}'), ('plan', '{}')`);
		const taken: string[] = [];
		const relayed = await relayOutbox(db, 10, async (rows) => void taken.push(...rows.map((row) => row.wakeup.topic)));
		expect([relayed, taken]).toEqual([2, ['plan', 'plan']]);
		const left = await db.execute('select topic from outbox where sent_at is null');
		expect([...left]).toEqual([{ topic: 'audit' }]);
	});
});
