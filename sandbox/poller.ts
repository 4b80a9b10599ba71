/** Something that is looked at again and again, one look at a time, and that can be held still while a test rearranges the world. */
export interface Poller {
	/** Waits for the look that is under way. */
	pause(): Promise<void>;
	resume(): void;
	stop(): Promise<void>;
	/** What the last look threw, or null; it is tried again anyway. */
	readonly problem: unknown;
}

export function startPoller(everyMs: number, look: () => Promise<void>): Poller {
	let timer: NodeJS.Timeout | null = null;
	let current: Promise<void> = Promise.resolve();
	let isRunning = false;
	const poller = { problem: null as unknown };
	const next = () => {
		timer = setTimeout(() => {
			current = look().then(
				() => {
					poller.problem = null;
				},
				(error: unknown) => {
					poller.problem = error;
				},
			);
			void current.then(() => (isRunning ? next() : undefined));
		}, everyMs);
	};
	const resume = () => {
		if (isRunning) return;
		isRunning = true;
		next();
	};
	const pause = async () => {
		isRunning = false;
		if (timer !== null) clearTimeout(timer);
		await current;
	};
	resume();
	return Object.assign(poller, { pause, resume, stop: pause });
}
