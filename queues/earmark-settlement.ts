import { z } from 'zod';
import type { JobDefinition } from './job.ts';

const payload = z.strictObject({ earmarkId: z.uuid(), cause: z.string().regex(/^[grw][0-9]+$/) });

/** Parent of an earmark's flow; also woken by the outbox. `cause` is its generation (g3), that of the reconciler's look at it (r4), or its wake-up (w17). */
export const earmarkSettlement: JobDefinition<z.output<typeof payload>> = {
	name: 'settle',
	payload,
	queue: () => 'earmark-settlement',
	id: ({ earmarkId, cause }) => `settle-${earmarkId}-${cause}`,
	attempts: 8,
	backoffMs: 500,
};
