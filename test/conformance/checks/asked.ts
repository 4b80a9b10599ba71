/** A service that takes its time is looked at, by whoever comes, and asked once. */
import type { Check } from '../check.ts';

/** Of two processes in turn; each lets the time pass that it wants to wait. */
const STEPS = 12;
const LONG_MS = 3_600_000;

export const asksOnce: Check = {
	claim: 'what is asked for and late is not asked for again',
	isAbout: ({ asks = false }) => asks,
	async run({ room }) {
		const opened = await room();
		await opened.begin();
		await opened.goTo('claim');
		opened.hold();
		const processes = [opened.enter(), opened.enter()];
		for (let step = 0; step < STEPS; step += 1) {
			const process = processes[step % processes.length];
			if (process !== undefined) await opened.step(process);
		}
		await opened.pass(LONG_MS);
		await opened.release();
		await opened.goTo(null);
		await opened.expectDelivered();
	},
};
