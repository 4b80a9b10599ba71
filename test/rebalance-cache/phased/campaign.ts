/** A whole migration while callers go on: copiers are killed, each side goes away in each phase, and every phase is left the way back once. */
import { setTimeout as pause } from 'node:timers/promises';
import { createLog } from '../../../src/observe/log.ts';
import { type CopyOptions, copyCache } from '../../../src/rebalance-cache/copy.ts';
import { movePhase, rollBack } from '../../../src/rebalance-cache/move.ts';
import { openSides } from '../../../src/rebalance-cache/open-sides.ts';
import { verifyCache } from '../../../src/rebalance-cache/verify.ts';
import type { RebalanceCache } from '../../../src/rebalances/cache.ts';
import { answersIn, keepsBoth, PHASES, type Phase } from '../../../src/rebalances/phase.ts';
import { generator, type Random } from '../../faults/random.ts';
import { actionOf } from '../action.ts';
import { type Load, problemsOf, startLoad } from './load.ts';
import { openSite, type SideName, type Site } from './site.ts';

interface MigrationOptions {
	readonly rows: number;
	readonly writesPerSecond: number;
	/** How long a side is away each time. */
	readonly awayMs: number;
	/** Copiers that are killed. */
	readonly kills: number;
	/** Decides when they are. */
	readonly seed: number;
	readonly hear: (line: string) => void;
}

interface MigrationFigures {
	readonly campaign: 'migration';
	readonly rows: number;
	readonly calls: number;
	/** Apart from calls while the side that decides was away. */
	readonly failedCalls: number;
	/** Lost, doubled, or back after they were removed or rejected. */
	readonly problems: number;
	readonly differences: number;
	readonly seconds: number;
}

const OPTIONS: CopyOptions = { cause: { actor: 'campaign', reason: 'a test' }, bridges: new Set(['across']), onProgress: () => {} };
/** Rows of one call. */
const BATCH = 1_000;
/** From the return of a side until everything is on both. */
const REPAIRED_WITHIN_MS = 15_000;
const FOLLOWED_SECONDS = 2;
const SETTLED_SECONDS = 5;
const SIDES: readonly SideName[] = ['redis', 'postgres'];

/** Servers and processes are its own, on loopback, and are gone at the end. */
export async function playMigration(options: MigrationOptions): Promise<MigrationFigures> {
	const startedMs = performance.now();
	const site = await openSite();
	const log = createLog('silent', 'campaign');
	const sides = openSides({ redisUrl: site.redisUrl, databaseUrl: site.databaseUrl, prefix: 'rebalances', log });
	try {
		const caches = [await site.cache(), await site.cache()];
		await fill(caches[0] as RebalanceCache, options.rows);
		const load = startLoad(caches, options.writesPerSecond);
		const migration = new Migration({ options, site, sides, load });
		await migration.thereAndBack().finally(() => load.stop());
		const outcome = await load.stop();
		const problems = await problemsOf(await site.cache('redis'), outcome);
		for (const problem of [...problems, ...new Set(outcome.failures.map((failure) => `failed: ${failure}`))]) options.hear(problem);
		return {
			...{ campaign: 'migration', rows: options.rows, calls: outcome.calls },
			failedCalls: outcome.failures.length - migration.excused,
			...{ problems: problems.length, differences: migration.differences, seconds: Math.round((performance.now() - startedMs) / 1_000) },
		};
	} finally {
		await Promise.all([sides.redis.close(), sides.postgres.close()]);
		await site.close();
	}
}

async function fill(cache: RebalanceCache, rows: number): Promise<void> {
	for (let first = 0; first < rows; first += BATCH)
		await cache.addRebalances(Array.from({ length: Math.min(BATCH, rows - first) }, () => actionOf()));
}

interface Ground {
	readonly options: MigrationOptions;
	readonly site: Site;
	readonly sides: ReturnType<typeof openSides>;
	readonly load: Load;
}

class Migration {
	/** Calls that failed while the side that decides was away. */
	excused = 0;
	differences = 0;
	/** Since Redis was written alone. */
	private isCopied = false;
	private readonly ground: Ground;
	private readonly random: Random;

	constructor(ground: Ground) {
		this.ground = ground;
		this.random = generator(ground.options.seed);
	}

	/** Each phase is entered, left the way back and entered again, with both sides away once in it. */
	async thereAndBack(): Promise<void> {
		const { sides, options } = this.ground;
		for (const phase of PHASES) {
			await this.enter(phase);
			for (const side of SIDES) await this.outage(phase, side);
			if (phase === 'redis') continue;
			options.hear(`back to ${await rollBack(sides, OPTIONS)}, and forth again`);
			await this.enter(phase);
			await this.judge(phase);
		}
		for (const phase of PHASES.slice(0, -1).reverse()) {
			await rollBack(sides, OPTIONS);
			await this.judge(phase);
		}
	}

	private async enter(phase: Phase): Promise<void> {
		const { sides, options } = this.ground;
		if (phase === 'dual-read') {
			for (let killed = 0; killed < options.kills; killed += 1) await this.killCopier();
			options.hear(`${(await copyCache(sides, OPTIONS)).copied} copied`);
			this.isCopied = true;
		}
		await movePhase(sides, phase, OPTIONS);
		options.hear(`the phase is ${phase}`);
	}

	private async killCopier(): Promise<void> {
		const { site, options } = this.ground;
		const copier = site.copier();
		const ended = new Promise((resolve) => copier.once('exit', resolve));
		const until = (await site.copied()) + this.random(Math.ceil(options.rows / options.kills));
		while (copier.exitCode === null && (await site.copied()) <= until) await pause(20);
		copier.kill('SIGKILL');
		await ended;
		options.hear(`a copier was killed at ${await site.copied()} rows`);
	}

	private async outage(phase: Phase, side: SideName): Promise<void> {
		const { site, load, options } = this.ground;
		// Everybody follows the phase within a second.
		await load.more(FOLLOWED_SECONDS * options.writesPerSecond);
		const before = load.counts();
		await site.goAway(side);
		await pause(options.awayMs);
		await site.comeBack(side);
		const decides = answersIn(phase) === side;
		// Those that began while it was away end within seconds.
		if (decides) await load.more(SETTLED_SECONDS * options.writesPerSecond);
		const { calls, failed } = load.counts();
		if (decides) this.excused += failed - before.failed;
		options.hear(
			`${side} was away for ${options.awayMs} ms in ${phase}: ${failed - before.failed} of ${calls - before.calls} calls failed`,
		);
		await this.judge(phase);
	}

	/** Where both sides are written, both are the same in time. */
	private async judge(phase: Phase): Promise<void> {
		if (!keepsBoth(phase) || !this.isCopied) return;
		const until = performance.now() + REPAIRED_WITHIN_MS;
		for (;;) {
			const problems: string[] = [];
			const { differences } = await verifyCache(this.ground.sides, { ...OPTIONS, onDifference: (problem) => problems.push(problem) });
			if (differences === 0) return;
			if (performance.now() < until) continue;
			this.differences += differences;
			for (const problem of problems) this.ground.options.hear(`${phase}: ${problem}`);
			return;
		}
	}
}
