/** What a thrown error means for a job: which ones are tried again, and what the log says. */
import { UnknownJobError } from '../queues/job.ts';
import { BallastError, BusyError, errorText, InvariantError, PermanentError } from '../src/errors.ts';
import type { Log } from '../src/observe/log.ts';
import { cancel, type Outcome, retry, snooze } from '../src/outcome.ts';
import { ConflictError } from '../src/store/db.ts';

const CONFLICT_LOOK_AGAIN_MS = 50;
/** Two versions serve a queue together while one replaces the other; a job that one does not know is left to the other meanwhile. */
const UNKNOWN_LOOK_AGAIN_MS = 1_000;
/** Afterwards nobody knows it. It ends without having done anything, and the reconciler adds what its row needs, as its own version says it. */
const UNKNOWN_FOR_MS = 60_000;

interface Attempted {
	readonly queue: string;
	readonly job: string | undefined;
	/** Milliseconds since the job was added. */
	readonly ageMs: number;
	readonly log: Log;
}

/** Runs one step; whatever it throws is logged with its ids and becomes a `retry`. */
export async function attempt({ queue, job, ageMs, log }: Attempted, step: () => Promise<Outcome>): Promise<Outcome> {
	try {
		return await step();
	} catch (error) {
		if (error instanceof UnknownJobError) {
			log.warn({ queue, job, error: errorText(error) }, 'job left to another version');
			return ageMs < UNKNOWN_FOR_MS ? snooze(UNKNOWN_LOOK_AGAIN_MS, error.message) : cancel(error.message);
		}
		// A twin was faster: nothing was written, and the next look decides on what it has written.
		if (error instanceof ConflictError) return snooze(CONFLICT_LOOK_AGAIN_MS, error.message);
		if (error instanceof BusyError) return snooze(error.retryAfterMs, error.message);
		const details = error instanceof BallastError ? error.details : {};
		const line = { queue, job, ...details, error: errorText(error) };
		if (error instanceof InvariantError) log.error(line, 'stopped: an invariant does not hold');
		else log.warn(line, 'job failed');
		return retry(error);
	}
}

/** Trying again would give the same answer; the row stays due, and the reconciler asks again later. */
export function isFinal(error: unknown): boolean {
	return error instanceof PermanentError || error instanceof InvariantError;
}
