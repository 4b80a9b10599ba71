/** `npm run faults`: what can go wrong goes wrong, by seed, and the invariants are judged after every event. */
import { Command, InvalidArgumentError, Option } from 'commander';
import { runPlanted } from '../planted/hunt.ts';
import { allHold, type Figures } from './figures.ts';
import { NoPlaceError, nextSeed, openRecord, readPlayed } from './ledger.ts';
import { playProcesses } from './process/campaign.ts';
import type { Suite } from './process/matrix.ts';
import { playSimulation, tellStory } from './simulation.ts';

const SIMULATED_RUNS = 2_000;
const PROCESS_RUNS = 12;
const MOST_SEED = 2 ** 32 - 1;

function wholeNumber(least: number, most: number) {
	return (text: string): number => {
		const value = Number(text);
		if (!/^\d+$/.test(text) || value < least || value > most)
			throw new InvalidArgumentError(`must be a whole number from ${least} to ${most}`);
		return value;
	};
}

interface Options {
	readonly layer: 'sim' | 'process';
	readonly suite: Suite;
	readonly runs?: number;
	readonly seed: number;
	readonly json: boolean;
	readonly story: boolean;
	readonly planted: boolean;
	readonly record: boolean;
	readonly resume: boolean;
}

const program = new Command('faults')
	.description(
		'Play seeded runs in which processes die, chains are reorganised, and nodes, bridges and queues misbehave. Exit code 0 only if all hold.',
	)
	.addOption(
		new Option(
			'--layer <layer>',
			'sim: the product on a store in memory and simulated chains, in one process; process: real processes, servers and chains',
		)
			.choices(['sim', 'process'])
			.default('sim'),
	)
	.addOption(
		new Option(
			'--suite <suite>',
			'of processes: usual: bridges that chains and attesters prove; exchange: an account at an exchange, asked by keyed requests',
		)
			.choices(['usual', 'exchange'])
			.default('usual'),
	)
	.option('--runs <n>', 'how many; unless told otherwise 2000 simulated ones, or 12 of processes', wholeNumber(1, 100_000_000))
	.option('--seed <n>', 'the first seed; the others follow from it', wholeNumber(0, MOST_SEED), 1)
	.option('--story', 'simulated: print the events of the run with this very seed, and nothing else; of processes: of every run', false)
	.option('--planted', 'plant known bugs one at a time and count the simulated runs, 300 at most, until each is caught', false)
	.option(
		'--record',
		'write what was played to docs/faults.json and to the table of docs/faults.md; what Ctrl-C has left is written, too',
		false,
	)
	.option('--resume', 'go on with the seed after the last recorded one of the layer; --seed counts only where there is none', false)
	.option('--json', 'only the last line on stdout: the figures as JSON (progress goes to stderr)', false)
	.addHelpText(
		'after',
		`
Examples:
  npm run faults -- --runs 2000 --seed 1
  npm run -s faults -- --layer sim --runs 50000 --seed 7 --json
  npm run -s faults -- --layer process --runs 64 --json
  npm run -s faults -- --layer process --suite exchange --runs 16 --seed 3 --json
  npm run -s faults -- --layer process --runs 300 --record --resume
  npm run -s faults -- --planted --json
  npm run -s faults -- --seed 4242 --story        # the events of one run, as after a failure`,
	)
	.action(async (options: Options) => {
		process.exitCode = await run(options).catch((error: unknown) => {
			if (error instanceof NoPlaceError) return program.error(error.message);
			throw error;
		});
	});
await program.parseAsync();

/** Exit code 0 only if all hold, or all that was planted is caught. */
async function run(options: Options): Promise<number> {
	const { layer, json, story } = options;
	if (options.planted) return runPlanted(options);
	if (layer === 'sim' && options.suite !== 'usual')
		return program.error(`--suite ${options.suite} is played by processes: --layer process`);
	if (layer === 'sim' && story) return tellStory(options.seed);
	const runs = options.runs ?? (layer === 'sim' ? SIMULATED_RUNS : PROCESS_RUNS);
	const seed = options.resume ? nextSeed(readPlayed(), { layer, suite: options.suite }, options.seed) : options.seed;
	const stream = json ? process.stderr : process.stdout;
	const hear = (line: string) => void stream.write(`${line}\n`);
	const keep: (figures: Figures) => void = options.record ? openRecord(options.suite) : () => {};
	const figures = await (layer === 'sim' ? playSimulation : playProcesses)({
		runs,
		seed,
		suite: options.suite,
		story,
		hear,
		keep,
		isOver: whenInterrupted(hear),
	});
	process.stdout.write(`${JSON.stringify(figures)}\n`);
	return figures.runs === runs && allHold(figures) ? 0 : 1;
}

/** Whether somebody wants an end: what is under way is played to its own, unless they say so twice. */
function whenInterrupted(hear: (line: string) => void): () => boolean {
	let isOver = false;
	for (const signal of ['SIGINT', 'SIGTERM'] as const)
		process.on(signal, () => {
			// An end by `exit` runs what was left for it, and so takes the processes along.
			if (isOver) process.exit(1);
			isOver = true;
			hear('ends when what is under way has; once more ends at once');
		});
	return () => isOver;
}
