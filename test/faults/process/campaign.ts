/** Layer 2: runs of real processes, one after the other, added up. */
import { migrateQueues } from '../../../queues/queue.ts';
import { type Stack, startStack } from '../../../sandbox/stack.ts';
import { startWorld } from '../../../sandbox/world.ts';
import { CRASH_POINTS } from '../../../src/crash-point.ts';
import { migrateDatabase } from '../../../src/store/migrate.ts';
import { type Figures, SEEDS } from '../figures.ts';
import { choose } from './choice.ts';
import type { FaultName } from './faults.ts';
import { type Place, playRun, type RunResult } from './run.ts';

export interface Asked {
	readonly runs: number;
	readonly seed: number;
	/** Whether every run tells its whole story, and not only one that fails. */
	readonly story: boolean;
	/** Gets what happens, line by line. */
	readonly hear: (line: string) => void;
}

const TEMPLATE = 'ballast_faults';
/** Three, so that one of them may lie. */
const ENDPOINTS = 3;

/** Plays the seeds from `seed` on. Starts and stops servers and chains of its own, on loopback. */
export async function playProcesses({ runs, seed, ...telling }: Asked): Promise<Figures> {
	const stack = await startStack();
	try {
		const world = await startWorld({ balances: {}, endpoints: ENDPOINTS });
		try {
			const place = { world, stack, template: await prepare(stack) };
			const startedMs = performance.now();
			const results: RunResult[] = [];
			for (let index = 0; index < runs; index += 1) results.push(await playOne(place, (seed + index) % SEEDS, telling));
			return add(results, { runs, seed, minutes: (performance.now() - startedMs) / 60_000 });
		} finally {
			await world.stop();
		}
	} finally {
		await stack.stop();
	}
}

async function playOne(place: Place, seed: number, { hear, story: isTold }: Pick<Asked, 'hear' | 'story'>): Promise<RunResult> {
	const startedMs = performance.now();
	const choice = choose(seed, (fault: FaultName) => place.stack.redis !== null || !fault.startsWith('redis-'));
	const result = await playRun(place, choice);
	const seconds = ((performance.now() - startedMs) / 1_000).toFixed(1);
	const { violations, stuck, story } = result;
	const isFine = violations.length === 0 && stuck === null;
	hear(`${isFine ? 'ok    ' : 'FAILED'} seed ${seed} (${seconds} s): ${result.crashes} died. ${story[0]?.trim() ?? ''}`);
	if (!isFine || isTold) for (const line of [...story, ...violations]) hear(`    ${line}`);
	return result;
}

function add(results: readonly RunResult[], { runs, seed, minutes }: { runs: number; seed: number; minutes: number }): Figures {
	const count = (is: (result: RunResult) => boolean) => results.filter(is).length;
	const sum = (of: (result: RunResult) => number) => results.reduce((total, each) => total + of(each), 0);
	const mean = (of: (result: RunResult) => number) => Math.round((sum(of) / runs) * 10) / 10;
	const hit = new Set(results.filter((each) => each.crashes > 0).map((each) => each.crashedAt));
	return {
		...{ layer: 'process', runs, seed },
		violations: count((each) => each.violations.length > 0),
		stuck: count((each) => each.stuck !== null),
		duplicateEffects: sum((each) => each.duplicateEffects),
		lostFunds: count((each) => each.lostFunds),
		runsPerMinute: Math.round((runs / minutes) * 10) / 10,
		perRun: {
			invoices: mean((each) => each.invoices),
			legs: mean((each) => each.legs),
			faults: mean((each) => each.faults),
			events: mean((each) => each.events),
		},
		crashPoints: { hit: hit.size, known: CRASH_POINTS.length },
	};
}

async function prepare(stack: Stack): Promise<string> {
	const url = await stack.postgres.createDatabase(TEMPLATE);
	await migrateDatabase(url);
	await migrateQueues({ backend: stack.queueBackend, redisUrl: stack.redisUrl, databaseUrl: url, prefix: '', connections: 1 });
	return TEMPLATE;
}
