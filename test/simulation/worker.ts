/** A thread that plays the seeds that it is sent, and tells what they have added up to. */
import { parentPort } from 'node:worker_threads';
import { CRASH_POINTS } from './crash-points.ts';
import { crashPointsHit } from './moment.ts';
import { Broken, playSeed } from './play.ts';

interface BrokenRun {
	readonly seed: number;
	readonly kind: Broken['kind'];
	/** What was found to be wrong, without the story. */
	readonly text: string;
}

/** Sums over a portion of runs. */
export interface Told {
	readonly runs: number;
	readonly invoices: number;
	readonly legs: number;
	readonly faults: number;
	readonly events: number;
	readonly broken: readonly BrokenRun[];
	/** By this thread, since it began. */
	readonly crashPoints: { readonly hit: readonly string[]; readonly known: readonly string[] };
}

parentPort?.on('message', async (seeds: readonly number[]) => parentPort?.postMessage(await playAll(seeds)));

async function playAll(seeds: readonly number[]): Promise<Told> {
	const sums = { invoices: 0, legs: 0, faults: 0, events: 0 };
	const broken: BrokenRun[] = [];
	for (const seed of seeds) {
		try {
			const played = await playSeed(seed);
			sums.invoices += played.invoices;
			sums.legs += played.legs;
			sums.faults += played.faults;
			sums.events += played.story.length;
		} catch (error) {
			if (!(error instanceof Broken)) throw error;
			broken.push({ seed, kind: error.kind, text: error.finding });
		}
	}
	return { runs: seeds.length, ...sums, broken, crashPoints: { hit: crashPointsHit(), known: CRASH_POINTS } };
}
