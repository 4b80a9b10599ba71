/** What a thrown error means for a job: which ones are tried again, and what the log says. */
import { BallastError, BusyError, errorText, InvariantError, PermanentError } from '../src/errors.ts';
import type { Log } from '../src/observe/log.ts';
import { type Outcome, retry, snooze } from '../src/outcome.ts';
import { ConflictError } from '../src/store/db.ts';

const CONFLICT_LOOK_AGAIN_MS = 50;

/** Runs one step; whatever it throws is logged with its ids and becomes a `retry`. */
export async function attempt(
	{ queue, job, log }: { queue: string; job: string | undefined; log: Log },
	step: () => Promise<Outcome>,
): Promise<Outcome> {
	try {
		return await step();
	} catch (error) {
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
