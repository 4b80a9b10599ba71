import { z } from 'zod';
import type { JobDefinition } from './job.ts';

const payload = z.strictObject({ demandId: z.uuid(), wakeup: z.string() });

/** One look at one invoice: payable now, in need of funds, or waiting with a reason. */
export const invoiceEvaluation: JobDefinition<z.output<typeof payload>> = {
	name: 'evaluate',
	payload,
	queue: () => 'invoice-evaluation',
	id: ({ demandId, wakeup }) => `evaluate-${demandId}-w${wakeup}`,
	attempts: 3,
	backoffMs: 500,
};
