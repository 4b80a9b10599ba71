/** The one shell around every worker: a processor answers with an outcome, and this turns it into what BullMQ understands. */
import { DelayedError, type Job, UnrecoverableError, WaitingError, type Worker } from 'bullmq';
import { type QueueConnection, RECOVERY } from '../queues/queue.ts';
import { errorText } from '../src/errors.ts';
import { attempt, isFinal } from './attempt.ts';
import { watchClock } from './clock.ts';
import { handOverAfter, type Serving, type WorkerOptions } from './serving.ts';

/** A stall says nothing about the work; the database decides, so a job may stall as often as processes die. */
const MAX_STALLS = 1_000;
/** Where BullMQ waits 15 s: a queue server that is there again has work to hand out. */
const RECONNECTED_MS = 1_000;

export function runWorker({ classes, workerOptions }: QueueConnection, options: WorkerOptions): Serving {
	const { queue, concurrency, log, drainMs } = options;
	const tally = { begun: 0, running: 0 };
	const leaving = handOverAfter(drainMs);
	const run = async (job: Job, token?: string) => {
		tally.begun += 1;
		tally.running += 1;
		return runJob({ job, token, leaving: leaving.now }, options).finally(() => {
			tally.running -= 1;
		});
	};
	const worker = new classes.Worker(queue, run, {
		...workerOptions,
		concurrency,
		lockDuration: RECOVERY.lockMs,
		stalledInterval: RECOVERY.stalledCheckMs,
		maxStalledCount: MAX_STALLS,
		runRetryDelay: RECONNECTED_MS,
	}) as unknown as Worker;
	worker.on('error', (error) => log.warn({ queue, error: errorText(error) }, 'worker connection'));
	return { tally, close: () => leaving.during(() => worker.close()), abandon: () => void worker.close(true).catch(() => {}) };
}

type Taken = { job: Job; token: string | undefined; leaving: Promise<'leaving'> };

async function runJob({ job, token, leaving }: Taken, { log, process }: WorkerOptions): Promise<string> {
	const clock = watchClock();
	const ids = { queue: job.queueName, job: job.id, ageMs: Date.now() - job.timestamp, log };
	const outcome = await Promise.race([attempt(ids, () => process(job.data, job.name)), leaving]);
	if (outcome === 'leaving') {
		await job.moveToWait(token);
		throw new WaitingError('handed over to another process');
	}
	switch (outcome.kind) {
		case 'done':
			return outcome.note ?? 'done';
		case 'cancel':
			return `cancelled: ${outcome.reason}`;
		case 'snooze':
			await clock.note(job);
			await job.moveToDelayed(Date.now() + outcome.delayMs, token);
			throw new DelayedError(outcome.reason);
		case 'retry':
			throw isFinal(outcome.error) ? new UnrecoverableError(errorText(outcome.error)) : new Error(errorText(outcome.error));
	}
}
