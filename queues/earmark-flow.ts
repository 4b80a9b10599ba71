/**
 * An earmark is one flow: settlement, and under it per leg and hop prove ◄ send. Inside a leg a failure fails what
 * follows; the top job of each leg is ignored by settlement, which therefore runs exactly once, when every leg has ended,
 * well or badly, and decides from the database.
 */
import { attestationPolling } from './attestation-polling.ts';
import { bridgeExecution } from './bridge-execution.ts';
import { earmarkSettlement } from './earmark-settlement.ts';
import { type FlowRequest, type JobRequest, requestJob } from './job.ts';

export interface FlowHop {
	readonly legId: string;
	readonly hop: number;
	readonly bridge: string;
	readonly origin: string;
	readonly destination: string;
	readonly remaining: 'send' | 'prove';
}

/** `legs`: for each leg that has not ended, its hops that have not, in order. */
export function earmarkFlow(earmarkId: string, generation: number, legs: readonly (readonly FlowHop[])[]): FlowRequest {
	const tops = legs.map((hops) => legTop(hops, generation)).filter((top) => top !== null);
	return node(requestJob(earmarkSettlement, { earmarkId, cause: `g${generation}` }), tops, 'ignore');
}

function legTop(hops: readonly FlowHop[], generation: number): FlowRequest | null {
	let below: FlowRequest | null = null;
	for (const { legId, hop, bridge, origin, destination, remaining } of hops) {
		const execution = { legId, hop, generation, bridge, origin, destination };
		if (remaining === 'send') below = node(requestJob(bridgeExecution, execution), under(below), 'fail-parent');
		below = node(requestJob(attestationPolling, { legId, hop, generation }), under(below), 'fail-parent');
	}
	return below === null ? null : { ...below, onFailure: 'ignore' };
}

function under(below: FlowRequest | null): readonly FlowRequest[] {
	return below === null ? [] : [below];
}

function node(job: JobRequest, children: readonly FlowRequest[], onFailure: FlowRequest['onFailure']): FlowRequest {
	return { ...job, children, onFailure };
}
