/** How exact and how fast the planner is: next to HiGHS for one demand, to its own bound and to a greedy planner for batches. */

import { planOne } from '../../src/plan/one/plan-one.ts';
import { PLAN_LIMITS } from '../../src/plan/plan.ts';
import { batch, single } from '../../test/plan/seeded.ts';
import { median, quantile, rounded } from '../statistics.ts';
import { gapOf, matchGreedy, planWithin } from './batches.ts';
import { openHighs } from './highs.ts';
import { judge } from './referee.ts';

export interface BenchOptions {
	/** How many demands are compared with HiGHS; a fifth as many are timed per size, a tenth as many batches are planned. */
	readonly instances: number;
	readonly seed: number;
	/** For people. */
	readonly write: (text: string) => void;
}

interface Times {
	readonly p50Ms: number;
	readonly p95Ms: number;
}

export interface BenchLine {
	readonly bench: 'planner';
	readonly exact: { readonly '20x4': Times; readonly '40x4': Times; readonly instances: number };
	/** Median over the pairs of the time of one solve of HiGHS over that of our whole search. */
	readonly vsHighs: { readonly speedup: number; readonly witnessBetter: number; readonly instances: number };
	readonly joint: { readonly demands: number; readonly budgetMs: number; readonly gapMedian: number; readonly instances: number };
	readonly vsGreedy: { readonly worse: number; readonly covered: number; readonly feesRatio: number; readonly instances: number };
	readonly rssMb: number;
}

const SIZES = [
	['20x4', { chains: 20, bridges: 4 }],
	['40x4', { chains: 40, bridges: 4 }],
] as const;
const LOADS = [0.1, 0.3, 0.5, 0.7, 0.9] as const;
const REFEREED = [
	{ chains: 10, bridges: 3 },
	{ chains: 20, bridges: 4 },
	{ chains: 15, bridges: 4 },
	{ chains: 20, bridges: 3 },
] as const;
const EDGES = [0.1, 0.3, 0.5, 0.8, 0.95] as const;
const JOINT = { demands: 20, chains: 10, bridges: 3 } as const;
const JOINT_LOADS = [0.6, 1, 1.3] as const;
/** Where funds are about as large as what is asked for; with more of them everybody covers everything. */
const GREEDY_LOADS = [0.85, 0.9, 0.95, 1, 1.05] as const;
const BUDGET_MS = 200;
/** Until code is compiled. */
const WARM_UP = 200;

/** Needs no server, and draws everything from the seed; only times differ from run to run. */
export async function benchPlanner(options: BenchOptions): Promise<{ line: BenchLine; misses: readonly string[] }> {
	const batches = Math.ceil(options.instances / 10);
	const exact = timeExact(options, Math.ceil(options.instances / 5));
	const vsHighs = await compareWithHighs(options);
	const joint = measureGaps(options, batches);
	const vsGreedy = compareWithGreedy(options, batches);
	const rssMb = Math.round(process.memoryUsage().rss / 2 ** 20);
	const line: BenchLine = { bench: 'planner', exact: exact.figures, vsHighs: vsHighs.figures, joint, vsGreedy, rssMb };
	return { line, misses: [...exact.misses, ...vsHighs.misses, ...missesOf(line)] };
}

/** What the goals ask for and the figures do not reach; empty when all of them hold. */
export function missesOf({ exact, vsHighs, joint, vsGreedy }: Omit<BenchLine, 'bench' | 'rssMb'>): string[] {
	const goals: readonly (readonly [boolean, string])[] = [
		[exact['20x4'].p95Ms <= 5, `exact p95 at 20 chains and 4 bridges is ${exact['20x4'].p95Ms} ms; the goal is 5`],
		[vsHighs.speedup >= 20, `HiGHS takes ${vsHighs.speedup} times as long; the goal is 20`],
		[vsHighs.witnessBetter === 0, `${vsHighs.witnessBetter} plans of HiGHS are better`],
		[joint.gapMedian <= 0.01, `half of the batches are further than ${joint.gapMedian} from their bound; the goal is 0.01`],
		[vsGreedy.worse === 0, `${vsGreedy.worse} batches are arranged better by the greedy planner`],
		[vsGreedy.covered >= 1.25, `${vsGreedy.covered} times as many demands are covered as by the greedy planner; the goal is 1.25`],
		[vsGreedy.feesRatio <= 0.8, `fees are ${vsGreedy.feesRatio} of the greedy planner's; the goal is 0.8`],
	];
	return goals.flatMap(([holds, miss]) => (holds ? [] : [miss]));
}

function timeExact({ seed, write }: BenchOptions, instances: number): { figures: BenchLine['exact']; misses: string[] } {
	const times = new Map<string, number[]>(SIZES.map(([name]) => [name, []]));
	const inexact: string[] = [];
	for (let index = -WARM_UP; index < instances; index += 1) {
		for (const [name, size] of SIZES) {
			const at = seed + Math.abs(index);
			const { input, demand } = single(at, { ...size, load: LOADS[Math.abs(index) % LOADS.length] ?? 0.5 });
			const startedMs = performance.now();
			const { exact } = planOne(input, demand, PLAN_LIMITS);
			const tookMs = performance.now() - startedMs;
			if (index < 0) continue;
			times.get(name)?.push(tookMs);
			if (!exact) inexact.push(`${name} with seed ${at} is not exact`);
		}
	}
	const [small, large] = SIZES.map(([name]) => timesOf(times.get(name) ?? []));
	if (small === undefined || large === undefined) throw new RangeError('there are two sizes');
	write(`one demand, exact: ${small.p50Ms} ms at 20x4, ${large.p50Ms} ms at 40x4; ${inexact.length} of ${2 * instances} not proven`);
	return { figures: { '20x4': small, '40x4': large, instances }, misses: inexact };
}

async function compareWithHighs({ instances, seed, write }: BenchOptions): Promise<{ figures: BenchLine['vsHighs']; misses: string[] }> {
	const highs = await openHighs();
	const ratios: number[] = [];
	const better: string[] = [];
	const misses: string[] = [];
	for (let index = 0; index < instances; index += 1) {
		const at = seed + index;
		const size = REFEREED[index % REFEREED.length] ?? REFEREED[0];
		const load = EDGES[Math.floor(index / REFEREED.length) % EDGES.length] ?? 0.5;
		const verdict = judge(highs, single(at, { ...size, load }), index % 2 === 0);
		if (verdict.times !== null) ratios.push(verdict.times.highsMs / verdict.times.oursMs);
		if (!verdict.exact) misses.push(`seed ${at} is not exact`);
		for (const each of verdict.better) better.push(`seed ${at}: ${each}`);
		if ((index + 1) % 100 === 0) write(`${index + 1} of ${instances} compared with HiGHS`);
	}
	for (const each of better) write(each);
	return { figures: { speedup: rounded(median(ratios), 1), witnessBetter: better.length, instances }, misses };
}

function measureGaps({ seed, write }: BenchOptions, instances: number): BenchLine['joint'] {
	const gaps = Array.from({ length: instances }, (_, index) => {
		const instance = batch(seed + index, { ...JOINT, load: JOINT_LOADS[index % JOINT_LOADS.length] ?? 1 });
		return gapOf(instance, planWithin(instance, 'value', BUDGET_MS));
	});
	write(`joint: ${gaps.filter((gap) => gap === 0).length} of ${instances} proven, the worst gap is ${rounded(Math.max(...gaps), 4)}`);
	return { demands: JOINT.demands, budgetMs: BUDGET_MS, gapMedian: rounded(median(gaps), 5), instances };
}

function compareWithGreedy({ seed, write }: BenchOptions, instances: number): BenchLine['vsGreedy'] {
	const matches = Array.from({ length: instances }, (_, index) => {
		const instance = batch(seed + index, { ...JOINT, load: GREEDY_LOADS[index % GREEDY_LOADS.length] ?? 1 });
		const match = matchGreedy(instance, planWithin(instance, 'age', BUDGET_MS));
		if (match.worse !== null) write(`seed ${seed + index}: the greedy planner is better in ${match.worse}`);
		return match;
	});
	const fees = matches.flatMap((match) => match.fees ?? []);
	write(`greedy: ${fees.length} of ${instances} batches cover the same demands`);
	const sums = (pairs: readonly { ours: number; greedy: number }[]): number =>
		pairs.reduce((sum, { ours }) => sum + ours, 0) / pairs.reduce((sum, { greedy }) => sum + greedy, 0);
	return {
		worse: matches.filter(({ worse }) => worse !== null).length,
		covered: rounded(sums(matches.map(({ covered }) => covered)), 3),
		feesRatio: rounded(sums(fees), 3),
		instances,
	};
}

function timesOf(timesMs: readonly number[]): Times {
	return { p50Ms: rounded(median(timesMs), 2), p95Ms: rounded(quantile(timesMs, 0.95), 2) };
}
