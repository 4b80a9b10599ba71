/** The planner on what is there and asked for now. */
import type { Config } from '../config/load.ts';
import type { GateState } from '../health/gate.ts';
import { offWords } from '../leg/breaker-change.ts';
import { type Explainer, explainerOf } from '../plan/explain/explain.ts';
import type { BatchPlan } from '../plan/plan.ts';
import type { Question } from '../steps/plan/decision.ts';
import { named } from '../steps/plan/named.ts';
import { type DryRun, planDry } from '../steps/plan/plan-dry.ts';
import { type Answer, answerOf } from './plan-file/answer.ts';
import type { PlanFile } from './plan-file/read-plan-file.ts';
import { tableOf } from './plan-file/table.ts';
import { withApp } from './with-app.ts';

/** The document of a planned file, and what only the present has. */
interface AnswerNow extends Answer {
	/** More for earmarks that lack something, which goes before all else. */
	readonly topUps: readonly (Answer & { readonly earmark: string })[];
	/** Routes that were left out because nobody said what they cost, and venues whose balances could not be read. */
	readonly unanswered: readonly { readonly route: string; readonly problem: string }[];
	readonly unread: readonly { readonly venue: string; readonly problem: string }[];
	/** Routes over which nothing is planned now. */
	readonly off: readonly { readonly route: string; readonly reason: string; readonly until: string | null }[];
	/** Nothing of it is done while an operator has stopped everything. */
	readonly stopped: boolean;
	/** How far what is there can be relied on: nothing is done while halted, and less is available while degraded. */
	readonly health: { readonly state: GateState; readonly reason: string };
}

const NOTHING: AnswerNow = {
	...{ plans: [], payable: [], unplanned: [], proof: { exact: true, bound: null } },
	...{ topUps: [], unanswered: [], unread: [], off: [], stopped: false, health: { state: 'normal', reason: '' } },
};

/** A table, or one JSON document. Throws `ConfigError` for a wrong setting, `TransientError` when the database cannot be asked. */
export async function planNow(json: boolean): Promise<string> {
	const { config, found } = await withApp('plan', async (app) => ({ config: app.config, found: await planDry(app) }));
	if (found === null) return json ? JSON.stringify(NOTHING) : 'nothing is asked for that is not being served';
	return json ? JSON.stringify(answerNow(config, found)) : tableNow(config, found);
}

function answerNow(config: Config, { run, decision, isStopped, gate }: DryRun): AnswerNow {
	const answer = (question: Question, batch: BatchPlan) => explained(config, { question, batch }, answerOf);
	return {
		...answer(decision.question, decision.batch),
		topUps: decision.topUps.map(({ short, question, answer: batch }) => ({ earmark: short.earmark.id, ...answer(question, batch) })),
		unanswered: [...run.quoted.unanswered].map(([route, problem]) => ({ route, problem })),
		unread: [...run.unread].map(([venue, problem]) => ({ venue, problem })),
		off: offIn(run).map(([route, { reason, until }]) => ({ route, reason, until })),
		stopped: isStopped,
		health: { state: gate.state, reason: gate.reason },
	};
}

function tableNow(config: Config, { run, decision, isStopped, gate }: DryRun): string {
	const table = (question: Question, batch: BatchPlan) => explained(config, { question, batch }, tableOf);
	const unknown = [
		...(isStopped ? ['STOPPED by an operator: nothing of this is done'] : []),
		...(gate.state === 'halted' ? [`HALTED: nothing of this is done: ${gate.reason}`] : []),
		...(gate.state === 'degraded' ? [`DEGRADED, so that less is available: ${gate.reason}`] : []),
		...[...run.unread].map(([venue, problem]) => `balances at ${venue} are unknown: ${problem}`),
		...[...run.quoted.unanswered].map(([route, problem]) => `route ${route} is left out: ${problem}`),
		...offIn(run).map(([route, use]) => `route ${route} is ${offWords(use)}`),
	];
	const topUps = decision.topUps.flatMap(({ short, question, answer }) => [
		`earmark ${short.earmark.id} lacks something:`,
		...table(question, answer)
			.split('\n')
			.map((line) => `  ${line}`.trimEnd()),
		'',
	]);
	return [...unknown, ...(unknown.length > 0 ? [''] : []), ...topUps, table(decision.question, decision.batch)].join('\n');
}

function offIn({ uses }: DryRun['run']) {
	return [...uses].filter(([, { use }]) => use === 'off');
}

type Show<Shown> = (file: PlanFile, batch: BatchPlan, explainer: Explainer) => Shown;

function explained<Shown>({ planning }: Config, asked: { question: Question; batch: BatchPlan }, show: Show<Shown>): Shown {
	const { question, batch } = named(asked);
	const file = { ...question, goal: planning.goal, budgetMs: planning.budgetMs };
	return show(file, batch, explainerOf(file, batch));
}
