/**
 * What would be paid, planned and refused, and why: on one file, with nothing else asked (no database, queue, chain or network), or, without
 * a file, on what is there and asked for now.
 */
import { Command } from 'commander';
import { explainerOf } from '../plan/explain/explain.ts';
import { planBatch } from '../plan/joint/plan-batch.ts';
import { answerOf } from './plan-file/answer.ts';
import { parseJsonBytes } from './plan-file/json-text.ts';
import { readBytes } from './plan-file/read-bytes.ts';
import { type PlanFile, readPlanFile } from './plan-file/read-plan-file.ts';
import { PlanFileError } from './plan-file/spot.ts';
import { tableOf } from './plan-file/table.ts';
import { planNow } from './plan-now.ts';

const HELP = `
Examples:
  npm run -s ballast -- plan
  npm run -s ballast -- plan --file docs/plan.example.json
  npm run -s ballast -- plan --file - --json < docs/plan.example.json

Without a file balances and quotes are read now, and nothing is earmarked or sent. A file that cannot be used ends with code 2 and one line {"error": …, "path": …} on stderr. The format is in docs/planner.md.`;

export function plan(): Command {
	return new Command('plan')
		.description('what would be paid and planned now, or on the snapshot in a file, and why; nothing is moved')
		.option('--file <path>', 'a snapshot as JSON, or - for standard input')
		.option('--json', 'one JSON document')
		.addHelpText('after', HELP)
		.action(async ({ file, json = false }: { file?: string; json?: boolean }, command: Command) => {
			const refused = (error: PlanFileError) => command.error(JSON.stringify({ error: error.message, path: error.path }));
			process.stdout.write(`${file === undefined ? await planNow(json) : planned(await readOr(file, refused), json)}\n`);
		});
}

function planned(question: PlanFile, json: boolean): string {
	const result = planBatch(question.input, question.demands, { goal: question.goal, stop: stopAfter(question.budgetMs) });
	const explainer = explainerOf(question, result);
	return json ? JSON.stringify(answerOf(question, result, explainer)) : tableOf(question, result, explainer);
}

async function readOr(file: string, refused: (error: PlanFileError) => never): Promise<PlanFile> {
	try {
		return readPlanFile(parseJsonBytes(await readBytes(file)));
	} catch (error) {
		if (error instanceof PlanFileError) return refused(error);
		throw error;
	}
}

/** Counted from now. */
function stopAfter(budgetMs: number): () => boolean {
	const end = performance.now() + budgetMs;
	return () => performance.now() >= end;
}
