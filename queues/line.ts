/** What stands in line in a queue: how many jobs in each state, since when, and which of them will run by themselves. */

/** What is asked of a queue. */
export interface Line {
	readonly name: string;
	getJobCounts(...states: string[]): Promise<Readonly<Record<string, number>>>;
	/** Ids between two places of the line. */
	getRanges(states: string[], first: number, last: number, isAscending?: boolean): Promise<string[]>;
	getJob(id: string): Promise<InLine | undefined>;
	getJobState(id: string): Promise<string>;
	isPaused(): Promise<boolean>;
}

/** All moments in Unix milliseconds, by the clock of whoever wrote them. */
interface InLine {
	readonly timestamp: number;
	readonly processedOn?: number | undefined;
	/** How long it was put off when it ran last. */
	readonly delay: number;
	readonly opts: { readonly delay?: number | undefined };
	/** By how many milliseconds the clock was set while it ran last, as `workers/clock.ts` notes. */
	readonly progress: unknown;
}

export interface QueueDepth {
	readonly queue: string;
	readonly state: string;
	readonly jobs: number;
}

/** Clocks of machines that belong together agree far better. */
export const CLOCKS_DIFFER_MS = 5_000;
const LIVE_STATES = ['waiting', 'paused', 'active', 'delayed', 'prioritized'];
const COUNTED_STATES = ['waiting', 'active', 'delayed', 'waiting-children', 'completed', 'failed'];
/** Where the PostgreSQL backend counts what waits in a paused queue; on Redis it is always empty. */
const PAUSED = 'paused';
/** Jobs come and go between counting and reading: the end of the line is looked for this far around where it was. */
const LINE_MARGIN = 100;

/** Of every state how many jobs, those included that have ended and are kept. */
export async function depthOf(queue: Line): Promise<QueueDepth[]> {
	const counts = await queue.getJobCounts(...COUNTED_STATES, PAUSED);
	const jobs = (state: string) => counts[state] ?? 0;
	return COUNTED_STATES.map((state) => ({ queue: queue.name, state, jobs: jobs(state) + (state === 'waiting' ? jobs(PAUSED) : 0) }));
}

/** Whether a job could run at `nowMs` and the queue is not paused. */
export async function isReady(queue: Line, nowMs: number): Promise<boolean> {
	const sinceMs = await waitingSince(queue);
	return sinceMs !== null && sinceMs <= nowMs && !(await queue.isPaused());
}

/**
 * When the first job in line could have run. Without a worker nothing moves from `delayed` to `waiting`, so the first delayed job counts
 * too. A job that has run before counts from its last run; a parent from when it was added, which may be long before its children ended.
 */
export async function waitingSince(queue: Line): Promise<number | null> {
	const { waiting = 0, [PAUSED]: paused = 0 } = await queue.getJobCounts('waiting', PAUSED);
	const end = waiting + paused;
	// Both backends list what waits from the newest to the oldest.
	const line = end === 0 ? [] : await queue.getRanges(['waiting'], Math.max(0, end - LINE_MARGIN), end + LINE_MARGIN);
	const [delayed] = await queue.getRanges(['delayed'], 0, 0, true);
	const first = [line.at(-1), delayed].filter((id) => id !== undefined);
	const jobs = await Promise.all(first.map((id) => queue.getJob(id)));
	const moments = jobs.filter((job) => job !== undefined).map(dueAt);
	return moments.length === 0 ? null : Math.min(...moments);
}

/**
 * Whether the job will run by itself: it runs, waits for a worker, or for its time. A parent whose children have not ended does not count: a
 * child that was taken away by force never ends. Nor does a job that waits longer than it was told to: whoever put it off had a clock that
 * is ahead of this one.
 */
export async function isLive(queue: Line, jobId: string): Promise<boolean> {
	const state = await queue.getJobState(jobId);
	if (state !== 'delayed') return LIVE_STATES.includes(state);
	const job = await queue.getJob(jobId);
	return job === undefined || dueAt(job) - Date.now() <= job.delay + CLOCKS_DIFFER_MS;
}

function dueAt({ timestamp, processedOn, delay, opts, progress }: InLine): number {
	if (processedOn === undefined) return timestamp + (opts.delay ?? 0);
	return processedOn + delay + (typeof progress === 'number' ? progress : 0);
}
