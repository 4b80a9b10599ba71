/** When a search has to end. */
import type { App } from '../../app.ts';
import type { Stop } from '../../plan/plan.ts';

/** So often may be asked for each millisecond of a budget: a search ends beside a clock that stands still, or is set back, too. */
export const ASKS_PER_MS = 100;

/** True once `budgetMs` have passed from now on, or it was asked too often, and from then on. */
export function stopAfter({ nowMs }: Pick<App, 'nowMs'>, budgetMs: number): Stop {
	const endMs = nowMs() + budgetMs;
	let asksLeft = budgetMs * ASKS_PER_MS;
	let isOver = false;
	return () => {
		asksLeft -= 1;
		isOver ||= asksLeft < 0 || nowMs() >= endMs;
		return isOver;
	};
}
