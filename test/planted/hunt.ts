/** How good the simulation is at finding bugs: known mistakes are planted one at a time, and the runs until each is caught are counted. */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { errorText } from '../../src/errors.ts';
import { type Bug, readBugs } from './bug.ts';
import { bundleCopy, withPlanted } from './plant.ts';
import type { Finding } from './thread.ts';

/** A bug that is not caught by so many runs counts as missed. */
const MOST_RUNS = 300;
/** A run takes a fraction of a second; one that takes so long goes round and round. */
const ENDLESS_MS = 60_000;
const SEEDS = 2 ** 32;

export interface Score {
	readonly planted: number;
	readonly caught: number;
	/** By the bug's name; null when it was not caught. */
	readonly runsToCatch: Readonly<Record<string, number | null>>;
}

export interface Hunt {
	readonly bugs: readonly Bug[];
	readonly seed: number;
	readonly tell: (text: string) => void;
}

/** Plants all bugs and prints the score. Answers the exit code: 0 only if all were caught. */
export async function runPlanted({ seed }: { readonly seed: number }): Promise<number> {
	const score = await hunt({ bugs: readBugs(), seed, tell: (text) => process.stderr.write(`${text}\n`) });
	process.stdout.write(`${JSON.stringify(score)}\n`);
	return score.caught === score.planted ? 0 : 1;
}

/** On all cores, one bug each. Throws when a patch does not apply. */
export async function hunt({ bugs, seed, tell }: Hunt): Promise<Score> {
	const runs = new Map<string, number | null>(bugs.map(({ name }) => [name, null]));
	const left = [...bugs];
	const lane = async () => {
		for (let bug = left.shift(); bug !== undefined; bug = left.shift()) {
			const found = await withPlanted(bug, async (copy) => firstCaught(await bundleCopy(copy), seed));
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
async function firstCaught(file: string, seed: number): Promise<Catch> {
	const worker = new Worker(file);
	let text = `${MOST_RUNS} runs have found nothing`;
	try {
		for (let run = 1; run <= MOST_RUNS; run += 1) {
			const finding = await answer(worker, (seed + run - 1) % SEEDS);
			if (finding.kind === 'caught') return { runs: run, text: finding.text };
			if (finding.kind === 'crashed') text = `run ${run} crashed: ${finding.text}`;
		}
	} catch (error) {
		text = errorText(error);
	} finally {
		await worker.terminate();
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
