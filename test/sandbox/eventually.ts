import { setTimeout as pause } from 'node:timers/promises';

/** Looks until the claim holds. Throws with `claim` when it does not within `withinMs`. */
export async function eventually(claim: string, holds: () => Promise<boolean>, withinMs = 15_000): Promise<void> {
	const deadline = Date.now() + withinMs;
	while (!(await holds())) {
		if (Date.now() > deadline) throw new Error(`not within ${withinMs} ms: ${claim}`);
		await pause(20);
	}
}
