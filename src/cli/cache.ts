/** Moves the cache of rebalances under way from Redis to PostgreSQL, and back (docs/rebalance-cache.md). */
import { Command } from 'commander';
import { bridgeNames } from '../bridge/registry.ts';
import { readEnv } from '../config/env.ts';
import { ConfigError, PermanentError } from '../errors.ts';
import { createLog } from '../observe/log.ts';
import type { Sides } from '../rebalance-cache/bring.ts';
import { copyCache, type Progress } from '../rebalance-cache/copy.ts';
import { movePhase, rollBack } from '../rebalance-cache/move.ts';
import { openSides } from '../rebalance-cache/open-sides.ts';
import { storedPhase } from '../rebalance-cache/stored-phase.ts';
import { verifyCache } from '../rebalance-cache/verify.ts';
import { PHASES, type Phase } from '../rebalances/phase.ts';

interface CacheFlags {
	readonly redis?: string;
	readonly prefix: string;
	readonly actor: string;
	readonly reason: string;
	readonly json?: boolean;
}

const EXAMPLES = `
The last line of stdout is JSON: what was copied and kept aside, the differences, or the phase.

Examples:
  npm run -s ballast -- cache phase --redis redis://127.0.0.1:6379
  npm run -s ballast -- cache phase dual-write --redis redis://127.0.0.1:6379 --reason "step 1"
  npm run -s ballast -- cache copy --redis redis://127.0.0.1:6379
  npm run -s ballast -- cache verify --redis redis://127.0.0.1:6379 --json
  npm run -s ballast -- cache rollback --redis redis://127.0.0.1:6379 --reason "answers differ"`;

export function cache(): Command {
	const command = new Command('cache')
		.description('move the cache of rebalances from Redis to PostgreSQL, and back')
		.addHelpText('after', EXAMPLES);
	command.addCommand(verb('copy', 'make the side that does not answer equal to the one that does').action(copy));
	command.addCommand(verb('verify', 'compare every record and every index of both sides').action(verify));
	command.addCommand(
		verb('phase', 'show the stored phase, or change it to a neighbour').argument('[name]', PHASES.join(', ')).action(phase),
	);
	command.addCommand(verb('rollback', 'go back by one phase; from done, Redis is made equal first').action(rollback));
	return command;
}

function verb(name: string, description: string): Command {
	return new Command(name)
		.description(description)
		.option('--redis <url>', 'where the old cache is; REDIS_URL unless it is given')
		.option('--prefix <name>', 'of the keys in Redis, and the name in PostgreSQL', 'rebalances')
		.option('--actor <name>', 'who does this, for the record', 'operator')
		.option('--reason <text>', 'why, for the record', 'by command')
		.option('--json', 'nothing but JSON on stdout');
}

async function copy(flags: CacheFlags): Promise<void> {
	const report = await withSides(flags, (sides) => copyCache(sides, optionsOf(flags)));
	tell(flags, `${report.copied} copied, ${report.removed} removed`, report);
}

async function verify(flags: CacheFlags): Promise<void> {
	const onDifference = (problem: string) => void process.stderr.write(`${problem}\n`);
	const report = await withSides(flags, (sides) => verifyCache(sides, { ...optionsOf(flags), onDifference }));
	tell(flags, `${report.differences} differences`, report);
	if (report.differences > 0) throw new PermanentError(`the two sides differ in ${report.differences} places`);
}

async function phase(name: string | undefined, flags: CacheFlags): Promise<void> {
	if (name !== undefined && !(PHASES as readonly string[]).includes(name))
		throw new ConfigError('phase', `"${name}" is none of ${PHASES.join(', ')}`);
	const stored = await withSides(flags, async (sides) =>
		name === undefined ? storedPhase(await sides.postgres.state()) : movePhase(sides, name as Phase, optionsOf(flags)),
	);
	tell(flags, `the phase is ${stored}`, { phase: stored });
}

async function rollback(flags: CacheFlags): Promise<void> {
	const stored = await withSides(flags, (sides) => rollBack(sides, optionsOf(flags)));
	tell(flags, `the phase is ${stored}`, { phase: stored });
}

async function withSides<T>({ redis, prefix }: CacheFlags, work: (sides: Sides) => Promise<T>): Promise<T> {
	const env = readEnv();
	const redisUrl = redis ?? env.REDIS_URL;
	if (redisUrl === undefined) throw new ConfigError('--redis', 'is not given, and REDIS_URL is not set');
	const log = createLog('warn', 'cache', { write: (line) => void process.stderr.write(line) });
	const sides = openSides({ redisUrl, databaseUrl: env.DATABASE_URL, prefix, log });
	try {
		return await work(sides);
	} finally {
		await Promise.all([sides.redis.close(), sides.postgres.close()]);
	}
}

function optionsOf({ actor, reason }: CacheFlags) {
	return { cause: { actor, reason }, bridges: new Set(bridgeNames()), onProgress: progress() };
}

const TOLD_EVERY = 10_000;
const BAR = 30;

/** On a terminal one line for each stage, which moves; elsewhere one now and then. */
function progress(): (progress: Progress) => void {
	let told: Progress | null = null;
	return (now) => {
		const { stage, seen, total } = now;
		const before = told?.stage === stage ? told.seen : null;
		const isEnd = seen >= (total ?? 0) && (before ?? -1) < (total ?? 0);
		const text = total === null ? stage : `${barOf(seen, total)} ${stage}: ${seen} of ${Math.max(seen, total)}`;
		if (process.stderr.isTTY) process.stderr.write(`${before === null && told !== null ? '\n' : '\r\u001b[K'}${text}`);
		else if (isEnd || seen - (before ?? 0) >= TOLD_EVERY) process.stderr.write(`${text}\n`);
		else return;
		told = now;
	};
}

function barOf(seen: number, total: number): string {
	const full = total === 0 ? BAR : Math.min(BAR, Math.floor((seen * BAR) / total));
	return `[${'#'.repeat(full)}${'.'.repeat(BAR - full)}]`;
}

function tell({ json }: CacheFlags, text: string, result: object): void {
	if (process.stderr.isTTY) process.stderr.write('\n');
	if (json !== true) process.stdout.write(`${text}\n`);
	process.stdout.write(`${JSON.stringify(result)}\n`);
}
