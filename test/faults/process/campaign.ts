/** Layer 2: runs of real processes, one after the other, added up. */
import { migrateQueues } from '../../../queues/queue.ts';
import { type Stack, startStack } from '../../../sandbox/stack.ts';
import { startWorld } from '../../../sandbox/world.ts';
import { migrateDatabase } from '../../../src/store/migrate.ts';
import { type Figures, SEEDS } from '../figures.ts';
import { type Choice, choose } from './choice.ts';
import type { FaultName } from './faults.ts';
import { CELLS, nameOf, pointsOf, type Suite } from './matrix.ts';
import { playRun, type RunResult } from './run.ts';
import type { Place } from './site.ts';

interface Asked {
	readonly runs: number;
	readonly seed: number;
	readonly suite: Suite;
	/** Whether every run tells its whole story, and not only one that fails. */
	readonly story: boolean;
	/** Gets what happens, line by line. */
	readonly hear: (line: string) => void;
	/** Gets the figures of all runs so far, after each of them. */
	readonly keep?: (figures: Figures) => void;
	/** Whether no other run is to begin. */
	readonly isOver?: () => boolean;
}

const TEMPLATE = 'ballast_faults';
/** Three, so that one of them may lie. */
const ENDPOINTS = 3;
const LANES = 2;

/**
 * Plays the seeds from `seed` on. Most of a run is waiting, for blocks and for the locks of the dead, so two are played beside each other; each lane starts
 * and stops servers and chains of its own, on loopback.
 */
export async function playProcesses({ runs, seed, suite, hear, story, keep = () => {}, isOver = () => false }: Asked): Promise<Figures> {
	const byIndex = new Map<number, RunResult>();
	let [begun, startedMs] = [0, performance.now()];
	const figures = () => add(inARow(byIndex), { seed, suite, minutes: (performance.now() - startedMs) / 60_000 });
	const lane = async (place: Place) => {
		while (begun < runs && !isOver()) {
			const index = begun;
			begun += 1;
			byIndex.set(index, await playOne(place, choiceOf(place, (seed + index) % SEEDS, suite), { hear, story }));
			keep(figures());
		}
	};
	await inPlaces({ count: Math.min(LANES, runs), suite }, async (places) => {
		startedMs = performance.now();
		await Promise.all(places.map(lane));
	});
	tellCells(inARow(byIndex), suite, hear);
	return figures();
}

/** Those without a gap before them: only seeds in a row can be told by the first of them and their number. */
function inARow(byIndex: ReadonlyMap<number, RunResult>): RunResult[] {
	const row: RunResult[] = [];
	for (let next = byIndex.get(0); next !== undefined; next = byIndex.get(row.length)) row.push(next);
	return row;
}

/** Whatever happens, all of them are stopped. */
async function inPlaces(
	{ count, suite }: { count: number; suite: Suite },
	use: (places: readonly Place[]) => Promise<void>,
): Promise<void> {
	const opened: { stop(): Promise<void> }[] = [];
	const open = async (): Promise<Place> => {
		const stack = await startStack({ durable: 'process' });
		opened.push(stack);
		const world = await startWorld({ balances: {}, endpoints: ENDPOINTS, exchange: suite === 'exchange' });
		opened.push(world);
		return { world, stack, template: await prepare(stack) };
	};
	try {
		const places: Place[] = [];
		for (let index = 0; index < count; index += 1) places.push(await open());
		await use(places);
	} finally {
		await Promise.all(opened.map((each) => each.stop()));
	}
}

function choiceOf({ stack }: Place, seed: number, suite: Suite): Choice {
	return choose(seed, suite, (fault: FaultName) => stack.redis !== null || !fault.startsWith('redis-'));
}

async function playOne(place: Place, choice: Choice, { hear, story: isTold }: Pick<Asked, 'hear' | 'story'>): Promise<RunResult> {
	const startedMs = performance.now();
	const result = await playRun(place, choice).catch((error: unknown) => unplayed(choice, error));
	const seconds = ((performance.now() - startedMs) / 1_000).toFixed(1);
	const { violations, stuck, story } = result;
	const isFine = violations.length === 0 && stuck === null;
	hear(`${isFine ? 'ok    ' : 'FAILED'} seed ${choice.seed} (${seconds} s): ${result.crashes} died. ${story[0]?.trim() ?? ''}`);
	if (!isFine || isTold) for (const line of [...story, ...violations]) hear(`    ${line}`);
	return result;
}

/** A run that could not be played says nothing for the product, so it counts as one that came to no rest. */
function unplayed(choice: Choice, error: unknown): RunResult {
	const reason = `could not be played: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
	return {
		...{ choice, violations: [], duplicateEffects: 0, providerDuplicates: 0, lostFunds: false, stuck: reason },
		...{ crashes: 0, legs: 0, faults: 0, events: 0, story: [reason] },
	};
}

function add(results: readonly RunResult[], { seed, suite, minutes }: { seed: number; suite: Suite; minutes: number }): Figures {
	const runs = results.length;
	const count = (is: (result: RunResult) => boolean) => results.filter(is).length;
	const sum = (of: (result: RunResult) => number) => results.reduce((total, each) => total + of(each), 0);
	const mean = (of: (result: RunResult) => number) => (runs === 0 ? 0 : Math.round((sum(of) / runs) * 10) / 10);
	const hit = new Set(results.filter((each) => each.crashes > 0).map((each) => each.choice.cell.point));
	return {
		...{ layer: 'process', runs, seed },
		violations: count((each) => each.violations.length > 0),
		stuck: count((each) => each.stuck !== null),
		duplicateEffects: sum((each) => each.duplicateEffects),
		...(suite === 'exchange' && { providerDuplicates: sum((each) => each.providerDuplicates) }),
		lostFunds: count((each) => each.lostFunds),
		runsPerMinute: Math.round((runs / minutes) * 10) / 10,
		perRun: {
			invoices: mean((each) => each.choice.invoices.length),
			legs: mean((each) => each.legs),
			faults: mean((each) => each.faults),
			events: mean((each) => each.events),
		},
		crashPoints: { hit: hit.size, known: pointsOf(suite).length },
	};
}

/** A cell is hit by as many deaths as it asks for. */
function tellCells(results: readonly RunResult[], suite: Suite, hear: (line: string) => void): void {
	const asked = new Set(results.map(({ choice }) => nameOf(choice.cell)));
	const hit = new Set(results.filter(({ choice, crashes }) => crashes >= choice.cell.deaths).map(({ choice }) => nameOf(choice.cell)));
	hear(`cells: ${hit.size} hit of ${asked.size} played, of ${CELLS[suite].length}`);
	for (const each of asked) if (!hit.has(each)) hear(`    not hit: ${each}`);
}

async function prepare(stack: Stack): Promise<string> {
	const url = await stack.postgres.createDatabase(TEMPLATE);
	await migrateDatabase(url);
	await migrateQueues({ backend: stack.queueBackend, redisUrl: stack.redisUrl, databaseUrl: url, prefix: '', connections: 1 });
	return TEMPLATE;
}
