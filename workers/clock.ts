/** Whether the machine's clock was set while a job ran. */

/** Clocks are slewed by less in the time of a job. */
const SLEWED_MS = 2_000;

interface Noted {
	readonly progress: unknown;
	updateProgress(setMs: number): Promise<void>;
}

/**
 * A job is put off by the clock as it is by then, and looks as if it were by the one it was taken by. `note` writes by how many milliseconds the
 * clock was set ahead since (back: negative; only slewed: 0) into the job's progress, where `queues/line.ts` reads it.
 */
export function watchClock() {
	const apart = () => Date.now() - performance.now();
	const before = apart();
	return {
		async note(job: Noted): Promise<void> {
			const movedMs = Math.round(apart() - before);
			const setMs = Math.abs(movedMs) > SLEWED_MS ? movedMs : 0;
			if (job.progress !== setMs) await job.updateProgress(setMs);
		},
	};
}
