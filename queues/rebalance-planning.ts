import { z } from 'zod';
import type { JobDefinition } from './job.ts';

const payload = z.strictObject({ wakeup: z.string() });

/** One planning run over all demands that wait for funds: snapshot, plan, commit. */
export const rebalancePlanning: JobDefinition<z.output<typeof payload>> = {
	name: 'plan',
	payload,
	queue: () => 'rebalance-planning',
	id: ({ wakeup }) => `plan-w${wakeup}`,
	attempts: 5,
	backoffMs: 500,
};
