import { z } from 'zod';
import type { JobDefinition } from './job.ts';

const payload = z.union([
	z.strictObject({ demandId: z.uuid(), wakeup: z.string() }),
	/** What the webhook names: an invoice that need not be known yet. */
	z.strictObject({ invoiceId: z.string().regex(/^0x[0-9a-f]{64}$/), wakeup: z.string() }),
]);
export type InvoiceEvaluation = z.output<typeof payload>;

/** One look at one invoice: payable now, in need of funds, or waiting with a reason. */
export const invoiceEvaluation: JobDefinition<InvoiceEvaluation> = {
	name: 'evaluate',
	payload,
	queue: () => 'invoice-evaluation',
	id: (job) => ('demandId' in job ? `evaluate-${job.demandId}-w${job.wakeup}` : `invoice-${job.invoiceId}-w${job.wakeup}`),
	attempts: 3,
	backoffMs: 500,
};
