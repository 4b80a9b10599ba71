/** `npm run faults`: what can go wrong goes wrong, by seed, and the invariants are judged after every event. */
import { Command, InvalidArgumentError, Option } from 'commander';
import { runSimulation } from './simulation.ts';

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
	readonly runs: number;
	readonly seed: number;
	readonly json: boolean;
	readonly story: boolean;
}

const program = new Command('faults')
	.description(
		'Play seeded runs in which processes die, chains are reorganised, and nodes, bridges and queues misbehave. Exit code 0 only if all hold.',
	)
	.addOption(
		new Option('--layer <layer>', 'sim: the product on a store in memory and simulated chains, in one process')
			.choices(['sim'])
			.default('sim'),
	)
	.option('--runs <n>', 'how many', wholeNumber(1, 100_000_000), 2_000)
	.option('--seed <n>', 'the first seed; the others follow from it', wholeNumber(0, MOST_SEED), 1)
	.option('--story', 'print the events of the run with this very seed, and nothing else', false)
	.option('--json', 'only the last line on stdout: the figures as JSON (progress goes to stderr)', false)
	.addHelpText(
		'after',
		`
Examples:
  npm run faults -- --runs 2000 --seed 1
  npm run -s faults -- --layer sim --runs 50000 --seed 7 --json
  npm run -s faults -- --seed 4242 --story        # the events of one run, as after a failure`,
	)
	.action(async (options: Options) => {
		process.exitCode = await runSimulation(options);
	});
await program.parseAsync();
