import { z } from 'zod';
import type { JobDefinition } from './job.ts';

const payload = z.strictObject({
	legId: z.uuid(),
	hop: z.int().min(0),
	generation: z.int().min(1),
	bridge: z.string(),
	origin: z.string(),
	destination: z.string(),
	step: z.enum(['send', 'claim']).default('send'),
});
export type BridgeExecution = z.output<typeof payload>;

/** Sends or claims one hop. One queue per configured route, so that a stuck route blocks nobody and can be paused alone. */
export const bridgeExecution: JobDefinition<BridgeExecution> = {
	name: 'execute',
	payload,
	queue: (hop) => bridgeQueue(hop),
	id: ({ legId, hop, generation, step }) => `${step}-${legId}-h${hop}-g${generation}`,
	attempts: 8,
	backoffMs: 500,
};

export function bridgeQueue({ bridge, origin, destination }: { bridge: string; origin: string; destination: string }): string {
	return `bridge-execution-${bridge}-${origin}-${destination}`;
}
