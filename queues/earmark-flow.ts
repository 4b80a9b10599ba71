/**
 * An earmark is one flow: settlement, and under it per leg and hop claim ◄ prove ◄ send, the claim only where the bridge has one. Inside a leg a failure fails what
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
	/** The step that comes next. */
	readonly remaining: 'send' | 'prove' | 'claim';
	/** Whether what is proven has to be claimed. */
	readonly claims: boolean;
}

/** `legs`: for each leg that has not ended, its hops that have not, in order. */
export function earmarkFlow(earmarkId: string, generation: number, legs: readonly (readonly FlowHop[])[]): FlowRequest {
	const tops = legs.map((hops) => legTop(hops, generation)).filter((top) => top !== null);
	return node(requestJob(earmarkSettlement, { earmarkId, cause: `g${generation}` }), tops, 'ignore');
}

function legTop(hops: readonly FlowHop[], generation: number): FlowRequest | null {
	const jobs = hops.flatMap((hop) => jobsOf(hop, generation));
	const top = jobs.reduce<FlowRequest | null>((below, job) => node(job, under(below), 'fail-parent'), null);
	return top === null ? null : { ...top, onFailure: 'ignore' };
}

/** The jobs that a hop still needs, in order. */
function jobsOf({ legId, hop, bridge, origin, destination, remaining, claims }: FlowHop, generation: number): JobRequest[] {
	const execution = { legId, hop, generation, bridge, origin, destination };
	return [
		...(remaining === 'send' ? [requestJob(bridgeExecution, { ...execution, step: 'send' })] : []),
		...(remaining === 'claim' ? [] : [requestJob(attestationPolling, { legId, hop, generation })]),
		...(claims ? [requestJob(bridgeExecution, { ...execution, step: 'claim' })] : []),
	];
}

function under(below: FlowRequest | null): readonly FlowRequest[] {
	return below === null ? [] : [below];
}

function node(job: JobRequest, children: readonly FlowRequest[], onFailure: FlowRequest['onFailure']): FlowRequest {
	return { ...job, children, onFailure };
}
