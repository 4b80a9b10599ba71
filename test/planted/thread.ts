/** A thread on a tree with a bug in it: it plays the seeds that it is sent, and tells what was found. */
import { parentPort } from 'node:worker_threads';
import { Broken, playSeed } from '../simulation/play.ts';

/** What one run has found. */
export type Finding =
	| { readonly kind: 'nothing' }
	/** An invariant is broken, of the judge or of the product itself, or the run does not come to rest. */
	| { readonly kind: 'caught'; readonly text: string }
	/** The simulator or the product has come to grief: that says nothing of money. */
	| { readonly kind: 'crashed'; readonly text: string };

/** The judge's complaints are plain errors. */
const JUDGED = ['Error', 'InvariantError'];

parentPort?.on('message', async (seed: number) => parentPort?.postMessage(await find(seed)));

async function find(seed: number): Promise<Finding> {
	try {
		await playSeed(seed);
		return { kind: 'nothing' };
	} catch (error) {
		if (!(error instanceof Broken)) return { kind: 'crashed', text: String(error) };
		const { cause, finding } = error;
		const isJudged = cause instanceof Error && JUDGED.includes(cause.name);
		return isJudged ? { kind: 'caught', text: finding } : { kind: 'crashed', text: `${String(cause)}` };
	}
}
