/** Layer 1: runs of the simulator on all cores, added up. */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { loadSimulator, simulatorFile } from '../simulation/load.ts';
import type { Told } from '../simulation/worker.ts';
import { type Figures, SEEDS } from './figures.ts';

interface Asked {
	readonly runs: number;
	readonly seed: number;
	/** Gets what happens, line by line. */
	readonly hear: (line: string) => void;
	/** Gets the figures of all runs, at the end. */
	readonly keep: (figures: Figures) => void;
	/** Whether no other run is to begin. */
	readonly isOver: () => boolean;
}

const PORTION = 50;
const TELL_EVERY = 500;
const DUPLICATE = /^(effect: two|brought twice|.* is posted )/m;
const LOST = /^(conservation|books|spent)/m;

/** Plays the seeds from `seed` on. */
export async function playSimulation({ runs, seed, hear, keep, isOver }: Asked): Promise<Figures> {
	const startedMs = performance.now();
	const total = { ...{ invoices: 0, legs: 0, faults: 0, events: 0 }, ...{ violations: 0, stuck: 0, duplicateEffects: 0, lostFunds: 0 } };
	const [hit, known] = [new Set<string>(), new Set<string>()];
	let done = 0;
	const add = (told: Told) => {
		for (const key of ['invoices', 'legs', 'faults', 'events'] as const) total[key] += told[key];
		for (const point of told.crashPoints.hit) hit.add(point);
		for (const point of told.crashPoints.known) known.add(point);
		for (const { seed: broken, kind, text } of told.broken) {
			total[kind === 'stuck' ? 'stuck' : 'violations'] += 1;
			if (DUPLICATE.test(text)) total.duplicateEffects += 1;
			if (LOST.test(text)) total.lostFunds += 1;
			hear(`seed ${broken} (npm run -s faults -- --seed ${broken} --story): ${text}`);
		}
		const before = done;
		done += told.runs;
		if (Math.floor(done / TELL_EVERY) > Math.floor(before / TELL_EVERY)) hear(`${done} of ${runs} runs, ${total.violations} violations`);
	};
	await onAllCores(await simulatorFile('worker'), { seeds: seedsFrom({ seed, runs, isOver }), add });
	const minutes = (performance.now() - startedMs) / 60_000;
	const mean = (sum: number) => (done === 0 ? 0 : Math.round((sum / done) * 10) / 10);
	const { invoices, legs, faults, events, ...found } = total;
	const figures: Figures = {
		...{ layer: 'sim', runs: done, seed, ...found, runsPerMinute: Math.round(done / minutes) },
		perRun: { invoices: mean(invoices), legs: mean(legs), faults: mean(faults), events: mean(events) },
		crashPoints: { hit: hit.size, known: known.size },
	};
	hear(`crash points: ${[...hit].sort().join('; ')}`);
	keep(figures);
	return figures;
}

/** Seeds go round at the end of their range. What is handed out is played, so those that were are seeds in a row. */
function* seedsFrom({ seed, runs, isOver }: Pick<Asked, 'seed' | 'runs' | 'isOver'>): Generator<number[]> {
	for (let first = 0; first < runs && !isOver(); first += PORTION)
		yield Array.from({ length: Math.min(PORTION, runs - first) }, (_, index) => (seed + first + index) % SEEDS);
}

/** Each thread asks for the next portion when it has told of the one before. */
async function onAllCores(file: string, { seeds, add }: { seeds: Generator<number[]>; add: (told: Told) => void }): Promise<void> {
	await Promise.all(
		Array.from({ length: availableParallelism() }, async () => {
			const worker = new Worker(file);
			try {
				for (const portion of seeds) add(await answer(worker, portion));
			} finally {
				await worker.terminate();
			}
		}),
	);
}

function answer(worker: Worker, portion: readonly number[]): Promise<Told> {
	return new Promise((resolve, reject) => {
		worker.removeAllListeners('error');
		worker.once('message', resolve);
		worker.once('error', reject);
		worker.postMessage(portion);
	});
}

/** Every event of one run; exit code 0 only if it holds. */
export async function tellStory(seed: number): Promise<number> {
	const { playSeed } = await loadSimulator();
	try {
		process.stdout.write(`${(await playSeed(seed)).story.join('\n')}\n`);
		return 0;
	} catch (error) {
		process.stdout.write(`${error instanceof Error ? error.message : String(error)}\n`);
		return 1;
	}
}
