/** `npm run migration`: a migration of the cache under load, in which everything goes away once (docs/rebalance-cache.md). */
import { Command, InvalidArgumentError } from 'commander';
import { playMigration } from './campaign.ts';

interface Flags {
	readonly rows: number;
	readonly writes: number;
	readonly away: number;
	readonly kills: number;
	readonly seed: number;
	readonly json: boolean;
}

const program = new Command('migration')
	.description(
		'Move a cache from Redis to PostgreSQL and back while callers go on: copiers are killed, each side goes away in each phase, and each phase is left the way back. Exit code 0 only if nothing is lost.',
	)
	.option('--rows <count>', 'actions that are stored', wholeNumber(1), 100_000)
	.option('--writes <count>', 'a second, all the time', wholeNumber(1), 200)
	.option('--away <seconds>', 'how long a side is away each time', wholeNumber(1), 10)
	.option('--kills <count>', 'copiers that are killed before one may end', wholeNumber(0), 3)
	.option('--seed <number>', 'decides when they are', wholeNumber(0), 1)
	.option('--json', 'only the last line on stdout: the figures as JSON (progress goes to stderr)', false)
	.addHelpText(
		'after',
		`
Examples:
  npm run migration
  npm run -s migration -- --rows 2000 --writes 50 --away 7 --seed 3 --json`,
	)
	.action(async ({ rows, writes, away, kills, seed, json }: Flags) => {
		const stream = json ? process.stderr : process.stdout;
		const hear = (line: string) => void stream.write(`${line}\n`);
		const figures = await playMigration({ ...{ rows, kills, seed, hear }, writesPerSecond: writes, awayMs: away * 1_000 });
		process.stdout.write(`${JSON.stringify(figures)}\n`);
		process.exitCode = figures.failedCalls + figures.problems + figures.differences === 0 ? 0 : 1;
	});
await program.parseAsync();

function wholeNumber(least: number) {
	return (text: string): number => {
		if (!/^\d{1,9}$/.test(text) || Number(text) < least) throw new InvalidArgumentError(`must be a whole number from ${least}`);
		return Number(text);
	};
}
