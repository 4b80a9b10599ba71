/** How a process ends: told to, or because it cannot do its work any more. */
import type { Log } from '../src/observe/log.ts';
import type { Store } from '../src/store/db.ts';
import type { Running } from './running.ts';

interface Ending {
	readonly log: Log;
	readonly store: Store;
	readonly running: Running | undefined;
	/** Milliseconds after which it ends whatever is still under way. */
	readonly withinMs: number;
}

/** Ends the process on SIGTERM and SIGINT with code 0, and with code 1 when it has failed or takes too long: its supervisor starts it again. */
export function endProcess({ log, store, running, withinMs }: Ending): void {
	const stop = async (signal: string, code: number) => {
		log.info({ signal }, 'stopping: no new jobs, those under way end or are handed over');
		setTimeout(() => process.exit(1), withinMs).unref();
		await running?.stop();
		await store.close();
		process.exit(code);
	};
	void running?.failed?.then((reason) => {
		log.fatal({ reason }, 'ends, to be started again');
		return stop('none', 1);
	});
	process.once('SIGTERM', () => stop('SIGTERM', 0));
	process.once('SIGINT', () => stop('SIGINT', 0));
}
