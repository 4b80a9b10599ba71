/** The one shell around every worker: a processor answers with an outcome, and this turns it into what BullMQ understands. */
import { DelayedError, type Job, UnrecoverableError, type Worker } from 'bullmq';
import type { QueueConnection } from '../queues/queue.ts';
import { errorText } from '../src/errors.ts';
import type { Log } from '../src/observe/log.ts';
import type { Outcome } from '../src/outcome.ts';
import { attempt, isFinal } from './attempt.ts';

export interface WorkerOptions {
	readonly queue: string;
	readonly concurrency: number;
	readonly log: Log;
	process(data: unknown): Promise<Outcome>;
}

/** A job whose process died is given to another after this long. */
const LOCK_MS = 10_000;
const STALLED_CHECK_MS = 5_000;
/** A stall says nothing about the work; the database decides, so a job may stall as often as processes die. */
const MAX_STALLS = 1_000;

export function runWorker({ classes, workerOptions }: QueueConnection, { queue, concurrency, log, process }: WorkerOptions): Worker {
	const worker = new classes.Worker(queue, (job: Job, token?: string) => runJob(job, token, { log, process }), {
		...workerOptions,
		concurrency,
		lockDuration: LOCK_MS,
		stalledInterval: STALLED_CHECK_MS,
		maxStalledCount: MAX_STALLS,
	}) as unknown as Worker;
	worker.on('error', (error) => log.warn({ queue, error: errorText(error) }, 'worker connection'));
	return worker;
}

async function runJob(job: Job, token: string | undefined, { log, process }: Pick<WorkerOptions, 'log' | 'process'>): Promise<string> {
	const outcome = await attempt({ queue: job.queueName, job: job.id, log }, () => process(job.data));
	switch (outcome.kind) {
		case 'done':
			return outcome.note ?? 'done';
		case 'cancel':
			return `cancelled: ${outcome.reason}`;
		case 'snooze':
			await job.moveToDelayed(Date.now() + outcome.delayMs, token);
			throw new DelayedError(outcome.reason);
		case 'retry':
			throw isFinal(outcome.error) ? new UnrecoverableError(errorText(outcome.error)) : new Error(errorText(outcome.error));
	}
}
