/** How good the campaign is at finding bugs: known mistakes are planted one at a time, and the runs until each is caught are counted. */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { startPostgres } from '../../sandbox/servers/postgres.ts';
import { errorText } from '../../src/errors.ts';
import { migrateDatabase } from '../../src/store/migrate.ts';
import { type Bug, readBugs } from './bug.ts';
import { bundleCopy, withPlanted } from './plant.ts';
import type { Finding } from './thread.ts';

/** A bug that is not caught by so many runs counts as missed. */
const MOST_RUNS = 300;
/** A run takes a fraction of a second; one that takes so long goes round and round. */
const ENDLESS_MS = 60_000;
const SEEDS = 2 ** 32;

interface Score {
	readonly planted: number;
	readonly caught: number;
	/** By the bug's name; null when it was not caught. */
	readonly runsToCatch: Readonly<Record<string, number | null>>;
}

interface Hunt {
	readonly bugs: readonly Bug[];
	readonly seed: number;
	/** 300 unless told otherwise. */
	readonly mostRuns?: number;
	readonly tell: (text: string) => void;
}

/** Plants all bugs and prints the score. Answers the exit code: 0 only if all were caught. */
export async function runPlanted({ seed }: { readonly seed: number }): Promise<number> {
	const score = await hunt({ bugs: readBugs(), seed, tell: (text) => process.stderr.write(`${text}\n`) });
	process.stdout.write(`${JSON.stringify(score)}\n`);
	return score.caught === score.planted ? 0 : 1;
}

/** On all cores, one bug each. Starts a PostgreSQL when one of them needs it. Throws when a patch does not apply. */
export async function hunt(asked: Hunt): Promise<Score> {
	if (!asked.bugs.some(({ catcher }) => catcher === 'outbox')) return huntOn(null, asked);
	const server = await startPostgres();
	try {
		const databaseUrl = await server.createDatabase('planted');
		await migrateDatabase(databaseUrl);
		return await huntOn(databaseUrl, asked);
	} finally {
		await server.stop();
	}
}

async function huntOn(databaseUrl: string | null, { bugs, seed, mostRuns = MOST_RUNS, tell }: Hunt): Promise<Score> {
	const runs = new Map<string, number | null>(bugs.map(({ name }) => [name, null]));
	const left = [...bugs];
	const lane = async () => {
		for (let bug = left.shift(); bug !== undefined; bug = left.shift()) {
			const found = await withPlanted(bug, async (copy) => {
				const worker = new Worker(await bundleCopy(copy, bug.catcher), { workerData: { databaseUrl } });
				return firstCaught(worker, { seed, mostRuns }).finally(() => worker.terminate());
			});
			runs.set(bug.name, found.runs);
			tell(`${bug.name}: ${found.runs === null ? 'NOT CAUGHT' : `caught in run ${found.runs}`}: ${found.text.split('\n')[0]}`);
		}
	};
	await Promise.all(Array.from({ length: availableParallelism() }, lane));
	const caught = [...runs.values()].filter((each) => each !== null).length;
	return { planted: bugs.length, caught, runsToCatch: Object.fromEntries(runs) };
}

interface Catch {
	readonly runs: number | null;
	readonly text: string;
}

/** Runs in which the simulator crashes are no catch; the last of them is told when nothing else is found. */
async function firstCaught(worker: Worker, { seed, mostRuns }: { seed: number; mostRuns: number }): Promise<Catch> {
	let text = `${mostRuns} runs have found nothing`;
	try {
		for (let run = 1; run <= mostRuns; run += 1) {
			const finding = await answer(worker, (seed + run - 1) % SEEDS);
			if (finding.kind === 'caught') return { runs: run, text: finding.text };
			if (finding.kind === 'crashed') text = `run ${run} crashed: ${finding.text}`;
		}
	} catch (error) {
		text = errorText(error);
	}
	return { runs: null, text };
}

function answer(worker: Worker, seed: number): Promise<Finding> {
	return new Promise((resolve, reject) => {
		const timer = setTimeout(() => reject(new Error(`the run of seed ${seed} does not end`)), ENDLESS_MS);
		const end = (act: () => void) => {
			clearTimeout(timer);
			worker.removeAllListeners('message').removeAllListeners('error');
			act();
		};
		worker.once('message', (finding: Finding) => end(() => resolve(finding)));
		worker.once('error', (error) => end(() => reject(error)));
		worker.postMessage(seed);
	});
}
