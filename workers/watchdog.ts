/** Notices a worker that takes no jobs although there are some, makes it anew, and gives the process up when that did not help. */
import type { App } from '../src/app.ts';
import { createLoop } from './loop.ts';
import type { Serving } from './serving.ts';

/** How often it is looked. */
const LOOK_MS = 5_000;
/** 30 s: far beyond a reconnection, and soon enough that nobody has to be called. */
const SILENT_LOOKS = 6;
/** Two minutes: every slot is taken by a job, and each of a job's calls ends by a time-out of its own; beyond that they hang. */
const BUSY_LOOKS = 24;

interface Watched {
	readonly concurrency: number;
	serve(): Serving;
}

/** `look` is told whether the queue has a job that could run now. It counts looks and not time: a process that was held up has not been silent. */
export function watch({ concurrency, serve }: Watched) {
	let serving = serve();
	let begun = 0;
	let silent = 0;
	let wasRemade = false;
	return {
		look(hasReadyJob: boolean): 'well' | 'remade' | 'dead' {
			const isTaking = serving.tally.begun > begun;
			begun = serving.tally.begun;
			wasRemade &&= !isTaking;
			silent = hasReadyJob && !isTaking ? silent + 1 : 0;
			if (silent < (serving.tally.running < concurrency ? SILENT_LOOKS : BUSY_LOOKS)) return 'well';
			if (wasRemade) return 'dead';
			serving.abandon();
			serving = serve();
			[begun, silent, wasRemade] = [0, 0, true];
			return 'remade';
		},
		close: () => serving.close(),
	};
}

type Served = { readonly queue: string } & Pick<ReturnType<typeof watch>, 'look'>;

/** Looks at every queue until stopped; `failed` resolves with the reason when one is dead. `ready`: the queues that have a job that could run now. */
export function watchAll(app: App, ready: () => Promise<ReadonlySet<string>>, served: readonly Served[]) {
	let fail = (_reason: string) => {};
	const failed = new Promise<string>((resolve) => {
		fail = resolve;
	});
	const { stop } = createLoop(app, LOOK_MS, async () => {
		const waiting = await ready();
		for (const { queue, look } of served) {
			const found = look(waiting.has(queue));
			if (found === 'remade') app.log.error({ queue }, 'worker took no jobs: made anew');
			if (found === 'dead') fail(`the worker of ${queue} takes no jobs, and a new one did not either`);
		}
	});
	return { failed, stop };
}
