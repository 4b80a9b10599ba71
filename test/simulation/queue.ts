/**
 * The queue server of the simulation: jobs by their ids, flows whose parents wait for their children, delays by the simulation's clock, as
 * BullMQ keeps them. It may lose jobs, hand one out twice, in any order, or be emptied.
 */
import type { FlowRequest, JobRequest } from '../../queues/job.ts';
import { type Producer, RECOVERY } from '../../queues/queue.ts';
import type { Outcome } from '../../src/outcome.ts';
import { isFinal } from '../../workers/attempt.ts';

export interface SimulatedJob {
	readonly request: JobRequest;
	readonly addedMs: number;
	state: 'waiting' | 'delayed' | 'waiting-children' | 'active' | 'completed' | 'failed';
	/** When a delayed job is due, and when an active one counts as stalled: unix milliseconds. */
	dueMs: number;
	failures: number;
	readonly parent: SimulatedJob | null;
	readonly onFailure: FlowRequest['onFailure'];
	/** Children that have not ended. */
	readonly open: Set<SimulatedJob>;
}

const LIVE: readonly SimulatedJob['state'][] = ['waiting', 'active', 'delayed'];

export class SimulatedQueue {
	private readonly jobs = new Map<string, SimulatedJob>();
	private readonly nowMs: () => number;

	constructor(nowMs: () => number) {
		this.nowMs = nowMs;
	}

	/** The part of a producer that the relay and the reconciler use. */
	get producer(): Producer {
		const part: Pick<Producer, 'add' | 'addFlows' | 'isLive'> = {
			add: async (requests) => {
				for (const request of requests) this.put({ request, parent: null, onFailure: 'ignore' }, 'waiting');
			},
			addFlows: async (flows) => {
				for (const flow of flows) this.putFlow(flow, null);
			},
			isLive: async (queue, id) => LIVE.includes(this.jobs.get(keyOf(queue, id))?.state ?? 'completed'),
		};
		return part as Producer;
	}

	/** Jobs that a worker may take now, oldest first; those whose worker has died among them, once their lock has run out. */
	ready(): SimulatedJob[] {
		const now = this.nowMs();
		return [...this.jobs.values()].filter(
			({ state, dueMs }) => state === 'waiting' || ((state === 'delayed' || state === 'active') && dueMs <= now),
		);
	}

	/** When the next delayed or stalled job may be taken; null when there is none. */
	nextDueMs(): number | null {
		const waiting = [...this.jobs.values()].filter(({ state }) => state === 'delayed' || state === 'active');
		return waiting.length === 0 ? null : Math.min(...waiting.map(({ dueMs }) => dueMs));
	}

	take(job: SimulatedJob): void {
		job.state = 'active';
		job.dueMs = this.nowMs() + RECOVERY.lockMs + RECOVERY.stalledCheckMs;
	}

	/** What the shell around every worker makes of an outcome (`workers/run.ts`). A job that was lost meanwhile has nobody to tell it to. */
	end(job: SimulatedJob, outcome: Outcome): void {
		switch (outcome.kind) {
			case 'done':
			case 'cancel':
				this.finish(job, 'completed');
				return;
			case 'snooze':
				job.state = 'delayed';
				job.dueMs = this.nowMs() + outcome.delayMs;
				return;
			case 'retry':
				job.failures += 1;
				if (isFinal(outcome.error) || job.failures >= job.request.attempts) {
					this.finish(job, 'failed');
					return;
				}
				job.state = 'delayed';
				job.dueMs = this.nowMs() + job.request.backoffMs * 2 ** (job.failures - 1);
		}
	}

	lose(job: SimulatedJob): void {
		this.jobs.delete(keyOf(job.request.queue, job.request.id));
	}

	/** Everything is gone, as after FLUSHALL. */
	flush(): void {
		this.jobs.clear();
	}

	private put(
		{ request, parent, onFailure }: Pick<SimulatedJob, 'request' | 'parent' | 'onFailure'>,
		state: SimulatedJob['state'],
	): SimulatedJob | null {
		const key = keyOf(request.queue, request.id);
		// An id that is active or kept is silently passed over.
		if (this.jobs.has(key)) return null;
		const job = { request, parent, onFailure, state, addedMs: this.nowMs(), dueMs: 0, failures: 0, open: new Set<SimulatedJob>() };
		this.jobs.set(key, job);
		parent?.open.add(job);
		return job;
	}

	private putFlow(flow: FlowRequest, parent: SimulatedJob | null): void {
		const { children, onFailure, ...request } = flow;
		const job = this.put({ request, parent, onFailure }, children.length === 0 ? 'waiting' : 'waiting-children');
		if (job === null) return;
		for (const child of children) this.putFlow(child, job);
		if (job.open.size === 0) job.state = 'waiting';
	}

	/** Inside a leg a failure fails what follows; at its top it is ignored. */
	private finish(job: SimulatedJob, state: 'completed' | 'failed'): void {
		job.state = state;
		const { parent } = job;
		if (parent === null || parent.state !== 'waiting-children') return;
		parent.open.delete(job);
		if (state === 'failed' && job.onFailure === 'fail-parent') this.finish(parent, 'failed');
		else if (parent.open.size === 0) parent.state = 'waiting';
	}
}

const keyOf = (queue: string, id: string) => `${queue}/${id}`;
