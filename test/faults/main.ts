/** `npm run faults`: what can go wrong goes wrong, by seed, and the invariants are judged after every event. */
import { Command, InvalidArgumentError, Option } from 'commander';
import { runPlanted } from '../planted/hunt.ts';
import { allHold } from './figures.ts';
import { playProcesses } from './process/campaign.ts';
import { runSimulation } from './simulation.ts';

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
	readonly runs?: number;
	readonly seed: number;
	readonly json: boolean;
	readonly story: boolean;
	readonly planted: boolean;
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
	.option('--runs <n>', 'how many; unless told otherwise 2000 simulated ones, or 12 of processes', wholeNumber(1, 100_000_000))
	.option('--seed <n>', 'the first seed; the others follow from it', wholeNumber(0, MOST_SEED), 1)
	.option('--story', 'simulated: print the events of the run with this very seed, and nothing else; of processes: of every run', false)
	.option('--planted', 'plant known bugs one at a time and count the simulated runs, 300 at most, until each is caught', false)
	.option('--json', 'only the last line on stdout: the figures as JSON (progress goes to stderr)', false)
	.addHelpText(
		'after',
		`
Examples:
  npm run faults -- --runs 2000 --seed 1
  npm run -s faults -- --layer sim --runs 50000 --seed 7 --json
  npm run -s faults -- --layer process --runs 64 --json
  npm run -s faults -- --planted --json
  npm run -s faults -- --seed 4242 --story        # the events of one run, as after a failure`,
	)
	.action(async (options: Options) => {
		process.exitCode = await run(options);
	});
await program.parseAsync();

/** Exit code 0 only if all hold, or all that was planted is caught. */
function run(options: Options): Promise<number> {
	if (options.planted) return runPlanted(options);
	if (options.layer === 'process') return runProcesses(options);
	return runSimulation({ ...options, runs: options.runs ?? SIMULATED_RUNS });
}

/** Exit code 0 only if all hold. */
async function runProcesses({ runs = PROCESS_RUNS, seed, json, story }: Options): Promise<number> {
	// An end by signal runs what was left for the exit, and so takes the processes along.
	for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
	const stream = json ? process.stderr : process.stdout;
	const figures = await playProcesses({ runs, seed, story, hear: (line) => void stream.write(`${line}\n`) });
	process.stdout.write(`${JSON.stringify(figures)}\n`);
	return allHold(figures) ? 0 : 1;
}
