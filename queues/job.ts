/**
 * What a job is: a queue, a name, a payload of ids, an id of its own, and how often it may fail.
 * Every job may run twice, late, and beside its own twin; a payload never holds a fact.
 */
import { z } from 'zod';

export interface JobDefinition<Payload> {
	readonly name: string;
	readonly payload: z.ZodType<Payload>;
	/** The queue that takes this payload; route queues are named after their route. */
	queue(payload: Payload): string;
	/** Deterministic, never with a colon and never digits alone; a wake-up's id ends in its outbox row's id. */
	id(payload: Payload): string;
	/** Failures before the job is given up; the reconciler adds another one while its row is due. Waiting spends none. */
	readonly attempts: number;
	/** First delay between attempts in milliseconds; doubles each time. */
	readonly backoffMs: number;
}

export interface JobRequest {
	readonly queue: string;
	readonly name: string;
	readonly id: string;
	readonly data: Readonly<Record<string, string | number>>;
	readonly attempts: number;
	readonly backoffMs: number;
}

/** A job with the jobs that must end before it; inside a leg a failure fails what follows, at its top it is ignored. */
export interface FlowRequest extends JobRequest {
	readonly children: readonly FlowRequest[];
	readonly onFailure: 'fail-parent' | 'ignore';
}

/** The request to add one job, checked against its own schema. */
export function requestJob<Payload extends JobRequest['data']>(definition: JobDefinition<Payload>, payload: Payload): JobRequest {
	const data = definition.payload.parse(payload);
	return {
		queue: definition.queue(data),
		name: definition.name,
		id: definition.id(data),
		data,
		attempts: definition.attempts,
		backoffMs: definition.backoffMs,
	};
}

/** A job that this version does not know: of another name, or with fields that a newer version has given it. It is for whoever knows it. */
export class UnknownJobError extends Error {}

/** The payload of a job that was taken from a queue. Throws `UnknownJobError`. */
export function readJob<Payload>(
	{ name, payload }: JobDefinition<Payload>,
	job: { readonly name: string; readonly data: unknown },
): Payload {
	if (job.name !== name) throw new UnknownJobError(`a job named "${job.name}" is not known here`);
	const read = payload.safeParse(job.data);
	if (!read.success) throw new UnknownJobError(`a payload of "${name}" is not known here: ${z.prettifyError(read.error)}`);
	return read.data;
}
