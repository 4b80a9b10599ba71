/** Whether work has a job in its queue, as the reconciler asks. */
import { attestationPolling } from '../queues/attestation-polling.ts';
import { bridgeExecution, bridgeQueue } from '../queues/bridge-execution.ts';
import { earmarkSettlement } from '../queues/earmark-settlement.ts';
import type { Producer } from '../queues/queue.ts';
import type { LegJobRef, LiveJobs } from '../src/steps/upkeep/reconcile.ts';

export function liveJobs(producer: Pick<Producer, 'isLive'>): LiveJobs {
	return {
		leg: (ref) => isLegJobLive(producer, ref),
		settlement: ({ earmarkId, generation }) =>
			producer.isLive('earmark-settlement', earmarkSettlement.id({ earmarkId, cause: `r${generation}` })),
	};
}

/** Whether the job that the hop waits for is in its queue. */
export async function isLegJobLive(
	producer: Pick<Producer, 'isLive'>,
	{ legId, hop, generation, step, ...route }: LegJobRef,
): Promise<boolean> {
	if (step === 'prove') return producer.isLive('attestation-polling', attestationPolling.id({ legId, hop, generation }));
	return producer.isLive(bridgeQueue(route), bridgeExecution.id({ legId, hop, generation, step, ...route }));
}
