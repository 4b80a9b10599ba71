/** Turns wake-ups into jobs. All planning wake-ups of one batch become one job; everything else has a job of its own. */
import type { Producer } from '../queues/queue.ts';
import { crashPoint } from '../src/crash-point.ts';
import type { OutboxRow } from '../src/store/outbox.ts';
import { type Called, jobOf, type Reading } from './job-of.ts';

interface Relay extends Reading {
	readonly producer: Producer;
}

export async function sendWakeups({ producer, ...reading }: Relay, rows: readonly OutboxRow[]): Promise<void> {
	const called: Called[] = [];
	for (const row of rows) called.push(await jobOf(reading, row));
	await producer.addFlows(called.flatMap((each) => (each.kind === 'flow' ? [each.flow] : [])));
	const jobs = called.flatMap((each) => (each.kind === 'job' ? [each.job] : []));
	// Of those that wake the same job the last one names it.
	const planning = called.findLast((each) => each.kind === 'shared');
	await producer.add(planning === undefined ? jobs : [...jobs, planning.job]);
	crashPoint('relayed');
}
