import type { App } from '../src/app.ts';
import { errorText } from '../src/errors.ts';

/** Runs `work` every `everyMs`, at once when nudged, never beside itself; a failure is logged and the loop goes on. */
export function createLoop(app: Pick<App, 'log'>, everyMs: number, work: () => Promise<unknown>) {
	let wanted = true;
	let stopped = false;
	let wakeUp = () => {};
	const running = (async () => {
		while (!stopped) {
			wanted = false;
			await work().catch((error: unknown) => app.log.warn({ error: errorText(error) }, 'scheduler step failed'));
			if (!wanted && !stopped)
				await new Promise<void>((resolve) => {
					const timer = setTimeout(resolve, everyMs);
					wakeUp = () => {
						clearTimeout(timer);
						resolve();
					};
				});
		}
	})();
	const nudge = () => {
		wanted = true;
		wakeUp();
	};
	return {
		nudge,
		stop: async () => {
			stopped = true;
			nudge();
			await running;
		},
	};
}
