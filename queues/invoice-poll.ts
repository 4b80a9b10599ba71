import { z } from 'zod';
import type { JobDefinition } from './job.ts';

/** One reading of all open invoices; added by a job scheduler. */
export const invoicePoll: JobDefinition<Record<string, never>> = {
	name: 'invoice-poll',
	payload: z.strictObject({}),
	queue: () => 'invoice-poll',
	id: () => 'invoice-poll',
	attempts: 1,
	backoffMs: 1_000,
};
