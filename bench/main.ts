/** `npm run bench -- <name>`: measurements, each ending with one JSON line on stdout; exit code 0 only when its goals hold. */
import { Command } from 'commander';
import { benchBridges } from './bridges/bench.ts';

const program = new Command('bench')
	.description('Measures, and says whether the goals hold.')
	.addHelpText('after', '\nExamples:\n  npm run -s bench -- bridges\n  npm run -s bench -- bridges --samples 100 --seed 7');

program
	.command('bridges')
	.description('How soon each bridge sees its proofs, with how many looks and calls, next to a poller of 60 seconds.')
	.option('--samples <count>', 'hops per bridge', '40')
	.option('--seed <number>', 'decides the delays', '1')
	.action(async ({ samples, seed }: { samples: string; seed: string }) => {
		const { line, misses } = await benchBridges({
			samples: wholeNumber('--samples', samples),
			seed: wholeNumber('--seed', seed),
			write: (text) => process.stderr.write(`${text}\n`),
		});
		for (const miss of misses) process.stderr.write(`GOAL MISSED: ${miss}\n`);
		process.stdout.write(`${JSON.stringify(line)}\n`);
		process.exitCode = misses.length === 0 ? 0 : 1;
	});

await program.parseAsync();

function wholeNumber(option: string, text: string): number {
	if (!/^[1-9][0-9]{0,8}$/.test(text)) program.error(`${option} is "${text}"; it is a whole number above zero`);
	return Number(text);
}
