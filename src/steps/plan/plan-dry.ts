/** What a planning run would decide now: it reads and prices as one does, and commits nothing. */
import type { App } from '../../app.ts';
import type { Obeyed } from '../../health/obeyed.ts';
import type { Run } from './commit-decision.ts';
import type { Decision } from './decision.ts';
import { decideOn } from './plan-demands.ts';
import { stopAfter } from './stop-after.ts';
import { survey } from './survey.ts';

export interface DryRun {
	readonly run: Run;
	readonly decision: Decision;
	/** Nothing of it would be done while an operator has stopped everything. */
	readonly isStopped: boolean;
	/** Nor while it is halted; degraded, less is available. */
	readonly gate: Obeyed;
}

/** Null when nothing is asked for. Throws as the planner does, and `TransientError` when the database cannot be asked. */
export async function planDry(app: App): Promise<DryRun | null> {
	const found = await survey(app);
	if (found === null) return null;
	const { run, snapshot } = found;
	const decision = decideOn(app, run, { snapshot, stop: stopAfter(app, app.config.planning.budgetMs) });
	return { run, decision, isStopped: snapshot.isStopped, gate: snapshot.gate };
}
