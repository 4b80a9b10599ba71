/** `npm run bench -- <name>`: measurements, each ending with one JSON line on stdout; exit code 0 only when its goals hold. */
import { Command } from 'commander';

// Each measurement loads its own code alone: what the others need takes memory, and time to collect it.

const program = new Command('bench').description('Measures, and says whether the goals hold.').addHelpText(
	'after',
	`
Examples:
  npm run -s bench -- bridges
  npm run -s bench -- bridges --samples 100 --seed 7
  npm run -s bench -- cache
  npm run -s bench -- fills
  npm run -s bench -- house
  npm run -s bench -- inventory
  npm run -s bench -- inventory --pairs 100 --transfers 100 --seed 7
  npm run -s bench -- exactly-once
  npm run -s bench -- exactly-once --pairs 100
  npm run -s bench -- planner
  npm run -s bench -- planner --instances 100 --seed 7 --json`,
);

program
	.command('bridges')
	.description('How soon each bridge sees its proofs, with how many looks and calls, next to a poller of 60 seconds.')
	.option('--samples <count>', 'hops per bridge', '40')
	.option('--seed <number>', 'decides the delays', '1')
	.action(async ({ samples, seed }: { samples: string; seed: string }) => {
		const { benchBridges } = await import('./bridges/bench.ts');
		tell(await benchBridges({ samples: wholeNumber('--samples', samples), seed: wholeNumber('--seed', seed), write }));
	});

program
	.command('cache')
	.description('What the cache of rebalances costs in PostgreSQL next to Redis, and what a migration costs those who go on working.')
	.option('--samples <count>', 'times that each method is called on each side', '60')
	.option('--stored <count>', 'actions that are stored and migrated', '100000')
	.action(async ({ samples, stored }: { samples: string; stored: string }) => {
		const { benchCache } = await import('./cache/bench.ts');
		const counts = { samples: wholeNumber('--samples', samples), stored: [1_000, wholeNumber('--stored', stored)] as const };
		tell(await benchCache({ ...counts, write }));
	});

program
	.command('exactly-once')
	.description('What a leg costs next to a bare job of the same shape, and how soon work goes on after kill -9 and after FLUSHALL.')
	.option('--pairs <count>', 'legs that are timed next to a bare job each', '30')
	.action(async ({ pairs }: { pairs: string }) => {
		const { benchExactlyOnce } = await import('./exactly-once/bench.ts');
		tell(await benchExactlyOnce({ pairs: wholeNumber('--pairs', pairs), write }));
	});

program
	.command('inventory')
	.description(
		'What a sync of 20 chains asks and takes, how soon a transfer is available, and whether a replayed ledger comes to the same.',
	)
	.option('--pairs <count>', 'syncs that are timed next to single reads', '40')
	.option('--transfers <count>', 'transfers that are timed, 160 at most', '48')
	.option('--events <count>', 'entries of the ledger that is replayed', '1000000')
	.option('--seed <number>', 'decides balances, transfers and entries', '1')
	.action(async ({ pairs, transfers, events, seed }: Record<'pairs' | 'transfers' | 'events' | 'seed', string>) => {
		const { benchInventory } = await import('./inventory/bench.ts');
		const counts = { pairs: wholeNumber('--pairs', pairs), transfers: wholeNumber('--transfers', transfers) };
		const drawn = { events: wholeNumber('--events', events), seed: wholeNumber('--seed', seed) };
		tell(await benchInventory({ ...counts, ...drawn, write }));
	});

program
	.command('fills')
	.description(
		'What 100,000 pending fills take, how soon a message is in what is effective, and whether random messages come to what a model says.',
	)
	.option('--pending <count>', 'fills that wait for the chain', '100000')
	.option('--samples <count>', 'messages that are timed', '30000')
	.option('--messages <count>', 'random ones, beside the model', '1000000')
	.option('--seed <number>', 'decides the random ones', '1')
	.action(async ({ pending, samples, messages, seed }: Record<'pending' | 'samples' | 'messages' | 'seed', string>) => {
		const { benchFills } = await import('./fills/bench.ts');
		const counts = { pending: wholeNumber('--pending', pending), samples: wholeNumber('--samples', samples) };
		tell(benchFills({ ...counts, messages: wholeNumber('--messages', messages), seed: wholeNumber('--seed', seed), write }));
	});

program
	.command('planner')
	.description('How exact and how fast plans are, next to HiGHS for one demand, and to a bound and a greedy planner for batches.')
	.option('--instances <count>', 'demands that HiGHS plans, too', '1000')
	.option('--seed <number>', 'decides the instances', '1')
	.option('--json', 'the last line only')
	.action(async ({ instances, seed, json }: { instances: string; seed: string; json?: true }) => {
		const counts = { instances: wholeNumber('--instances', instances), seed: wholeNumber('--seed', seed) };
		const { benchPlanner } = await import('./planner/bench.ts');
		tell(await benchPlanner({ ...counts, write: json === true ? () => {} : write }));
	});

program
	.command('house')
	.description('How long functions and files are, what is there twice or for nobody, and who imports most.')
	.action(async () => {
		const { benchHouse } = await import('./house/bench.ts');
		tell(await benchHouse({ write }));
	});

await program.parseAsync();

function write(text: string): void {
	process.stderr.write(`${text}\n`);
}

function tell({ line, misses }: { line: unknown; misses: readonly string[] }): void {
	for (const miss of misses) write(`GOAL MISSED: ${miss}`);
	process.stdout.write(`${JSON.stringify(line)}\n`);
	process.exitCode = misses.length === 0 ? 0 : 1;
}

function wholeNumber(option: string, text: string): number {
	if (!/^[1-9][0-9]{0,8}$/.test(text)) program.error(`${option} is "${text}"; it is a whole number above zero`);
	return Number(text);
}
