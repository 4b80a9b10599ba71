import { z } from 'zod';
import type { JobDefinition } from './job.ts';

const payload = z.strictObject({ legId: z.uuid(), hop: z.int().min(0), generation: z.int().min(1) });

/** One look at one proof, then delayed again: waiting for the other side of a bridge spends no attempt. */
export const attestationPolling: JobDefinition<z.output<typeof payload>> = {
	name: 'prove',
	payload,
	queue: () => 'attestation-polling',
	id: ({ legId, hop, generation }) => `prove-${legId}-h${hop}-g${generation}`,
	attempts: 8,
	backoffMs: 500,
};
