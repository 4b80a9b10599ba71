/** What exactly once costs, and how soon work goes on after a death and after a loss: the product on real servers and chains of its own. */
import { type Counts, countPerLeg } from './counts.ts';
import { QUEUED_WITHIN_MS, timeFlushall } from './flushall.ts';
import { openGround } from './ground.ts';
import { ratioOf, tellPairs, timePairs } from './ratio.ts';
import { type Recovery, timeRecovery } from './recovery.ts';

export interface BenchOptions {
	/** How many legs are timed next to a bare job each. */
	readonly pairs: number;
	/** For people. */
	readonly write: (text: string) => void;
}

export interface BenchLine {
	readonly bench: 'exactly-once';
	/** Median over the pairs of the time of a leg over that of its bare job; a smaller one is better, and 1 would be free. */
	readonly ratioToBareJob: number;
	/** Means. */
	readonly perLeg: Counts;
	readonly recovery: Recovery;
	readonly flushall: { readonly ms: number; readonly lost: number };
}

/** Starts and stops servers and chains of its own, on loopback. Throws when there is no redis-server on PATH, or a leg is lost or sent twice. */
export async function benchExactlyOnce({ pairs, write }: BenchOptions): Promise<{ line: BenchLine; misses: readonly string[] }> {
	const ground = await openGround();
	try {
		const timed = await timePairs(ground, pairs);
		write(tellPairs(timed));
		const perLeg = await countPerLeg(ground);
		write(
			`a leg makes ${perLeg.sqlRoundTrips} round trips to the database, ${perLeg.walBytes} bytes of its log, ${perLeg.rpcCalls} RPC calls`,
		);
		const recovery = await timeRecovery(ground);
		write(`the last job of a killed worker was worked on again after ${recovery.ms} ms; ${recovery.boundMs} are promised`);
		const { ms, lost, work } = await timeFlushall(ground);
		write(`all work was queued again ${ms} ms after FLUSHALL, ${lost} lost (${work})`);
		const line: BenchLine = { bench: 'exactly-once', ratioToBareJob: ratioOf(timed), perLeg, recovery, flushall: { ms, lost } };
		return { line, misses: missesOf(line) };
	} finally {
		await ground.stop();
	}
}

/** What the goals ask for and the figures do not reach; empty when all of them hold. */
export function missesOf({ recovery, flushall }: Pick<BenchLine, 'recovery' | 'flushall'>): string[] {
	return [
		...(recovery.ms <= recovery.boundMs
			? []
			: [`a killed worker's jobs stood still for ${recovery.ms} ms; ${recovery.boundMs} are promised`]),
		...(flushall.ms <= QUEUED_WITHIN_MS ? [] : [`work was queued again ${flushall.ms} ms after FLUSHALL; the goal is ${QUEUED_WITHIN_MS}`]),
		...(flushall.lost === 0 ? [] : [`${flushall.lost} pieces of work were lost by FLUSHALL`]),
	];
}
