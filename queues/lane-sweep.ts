import { z } from 'zod';
import type { JobDefinition } from './job.ts';

/** Milliseconds from sweep to sweep: later than whoever an effect belongs to, sooner than a person would ask. */
export const SWEEP_EVERY_MS = 15_000;

/** One look at every lane for what nobody follows; added by a job scheduler. */
export const laneSweep: JobDefinition<Record<string, never>> = {
	name: 'lane-sweep',
	payload: z.strictObject({}),
	queue: () => 'lane-sweep',
	id: () => 'lane-sweep',
	attempts: 1,
	backoffMs: 1_000,
};
