import { z } from 'zod';
import type { JobDefinition } from './job.ts';

/** One look at whatever its queue is for; a job scheduler adds it every so often. What fails is looked at again the next time. */
export function recurring(queue: string): JobDefinition<Record<string, never>> {
	return {
		name: queue,
		payload: z.strictObject({}),
		queue: () => queue,
		id: () => queue,
		attempts: 1,
		backoffMs: 1_000,
	};
}
