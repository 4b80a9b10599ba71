import type { JobRequest } from '../../queues/job.ts';
import type { Producer } from '../../queues/queue.ts';
import { until } from '../product.ts';

/** Waits until a job, or a flow by its top, has ended. */
export async function untilEnded(producer: Producer, { queue, id }: Pick<JobRequest, 'queue' | 'id'>, withinMs?: number): Promise<string> {
	const states = producer.queues.find(({ name }) => name === queue);
	return until(
		`job ${id} has ended`,
		async () => {
			const state = (await states?.getJobState(id)) ?? 'unknown';
			return ['completed', 'failed', 'unknown'].includes(state) ? state : null;
		},
		withinMs,
	);
}
