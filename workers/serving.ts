/** One queue being served by this process, and how it is left. */
import type { Log } from '../src/observe/log.ts';
import type { Outcome } from '../src/outcome.ts';

export interface WorkerOptions {
	readonly queue: string;
	readonly concurrency: number;
	readonly log: Log;
	/** How long jobs under way may take to end once the worker closes; five seconds unless given. */
	readonly drainMs?: number;
	process(data: unknown, name: string): Promise<Outcome>;
}

export interface Serving {
	/** Jobs taken since the start, and those of them under way. */
	readonly tally: { readonly begun: number; readonly running: number };
	/** Takes no new jobs; those under way end, or go back to the queue for another process when the time for that is over. */
	close(): Promise<void>;
	/** Lets go at once, of a worker that is past closing: its jobs are another's when their locks have run out. */
	abandon(): void;
}

/** Most steps take less; with it a process is gone within the ten seconds that supervisors usually leave it. */
const DRAIN_MS = 5_000;

/** `now` resolves when `during` has gone on for the time given: what is under way then is handed over as it is. */
export function handOverAfter(drainMs = DRAIN_MS) {
	let handOver = () => {};
	const now = new Promise<'leaving'>((resolve) => {
		handOver = () => resolve('leaving');
	});
	return {
		now,
		async during(work: () => Promise<void>): Promise<void> {
			const timer = setTimeout(handOver, drainMs);
			await work().finally(() => clearTimeout(timer));
		},
	};
}
