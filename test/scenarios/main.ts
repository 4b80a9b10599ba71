/** `npm run scenarios`: everything that can happen to an invoice, by name, on real servers, chains and queues, judged from outside. */
import { randomBytes } from 'node:crypto';
import { Command } from 'commander';
import { migrateQueues } from '../../queues/queue.ts';
import { createDatabase } from '../../sandbox/servers/database.ts';
import { type Stack, startStack } from '../../sandbox/stack.ts';
import { startWorld } from '../../sandbox/world.ts';
import { migrateDatabase } from '../../src/store/migrate.ts';
import type { Servers } from '../product.ts';
import { SCENARIOS } from './all.ts';
import { play, type Result } from './play.ts';
import { randomScenario } from './random.ts';
import type { Scenario } from './scenario.ts';

const TEMPLATE = 'ballast_scenarios';

interface Options {
	readonly json?: boolean;
	readonly only?: string;
	readonly list?: boolean;
	readonly random?: string;
	readonly seed: string;
}

const program = new Command('scenarios')
	.description('Plays every scenario against the product on local chains, and judges each from the chains, the books and its own promise.')
	.option('--only <name>', 'one scenario, with its story in order')
	.option('--list', 'names and promises, and nothing else')
	.option('--random <count>', 'instead of the written ones, so many that a seed decides')
	.option('--seed <number>', 'the first seed of the random ones', '1')
	.option('--json', 'last line on stdout: the figures as JSON')
	.addHelpText(
		'after',
		'\nExamples:\n  npm run -s scenarios -- --list\n  npm run -s scenarios -- --only leg-refunded\n  npm run -s scenarios -- --json',
	)
	.action(async (options: Options) => {
		const chosen = choose(options);
		if (chosen.length === 0) program.error(`there is no scenario "${options.only}"; --list shows them all`);
		if (options.list === true) for (const { name, promise } of chosen) process.stdout.write(`${name}\n    ${promise}\n`);
		else process.exitCode = await playAll(chosen, options);
	});
await program.parseAsync();

function choose({ only, random, seed }: Options): readonly Scenario[] {
	if (random !== undefined)
		return Array.from({ length: wholeNumber('--random', random) }, (_, index) => randomScenario(wholeNumber('--seed', seed) + index));
	if (only === undefined) return SCENARIOS;
	const one = /^random-([0-9]{1,9})$/.exec(only);
	return one === null ? SCENARIOS.filter((each) => each.name === only) : [randomScenario(Number(one[1]))];
}

function wholeNumber(option: string, text: string): number {
	if (!/^[0-9]{1,9}$/.test(text)) program.error(`${option} is "${text}"; it is a whole number`);
	return Number(text);
}

async function playAll(chosen: readonly Scenario[], { json = false, only }: Options): Promise<number> {
	const startedMs = Date.now();
	const write = (text: string) => (json ? process.stderr : process.stdout).write(`${text}\n`);
	const [stack, world] = await Promise.all([startStack(), startWorld({ balances: {} })]);
	const results: Result[] = [];
	try {
		const servers = await prepare(stack);
		for (const scenario of chosen) {
			const begunMs = Date.now();
			const story: string[] = [];
			const hear = (sentence: string) => {
				const line = `${((Date.now() - begunMs) / 1_000).toFixed(1).padStart(6)}s  ${sentence}`;
				story.push(line);
				if (only !== undefined) write(line);
			};
			if (only !== undefined) write(scenario.promise);
			const result = await play(scenario, { world, servers }, hear);
			results.push(result);
			write(`${result.problems.length === 0 ? 'ok    ' : 'FAILED'} ${scenario.name} (${result.seconds.toFixed(1)} s)`);
			if (result.problems.length > 0) for (const line of [...(only === undefined ? story : []), ...result.problems]) write(`    ${line}`);
		}
	} finally {
		await Promise.all([stack.stop(), world.stop()]);
	}
	const figures = figuresOf(results, Math.round((Date.now() - startedMs) / 100) / 10);
	if (json) process.stdout.write(`${JSON.stringify(figures)}\n`);
	else write(`${figures.passed} of ${figures.scenarios} hold, in ${figures.seconds} s`);
	return figures.failed === 0 && figures.duplicateEffects === 0 && figures.conserved ? 0 : 1;
}

function figuresOf(results: readonly Result[], seconds: number) {
	const passed = results.filter((each) => each.problems.length === 0).length;
	return {
		scenarios: results.length,
		passed,
		failed: results.length - passed,
		duplicateEffects: results.reduce((sum, each) => sum + each.duplicateEffects, 0),
		conserved: results.every((each) => each.conserved),
		seconds,
	};
}

/** A migrated database and queues of its own for every scenario. */
async function prepare(stack: Stack): Promise<Servers> {
	const template = await stack.postgres.createDatabase(TEMPLATE);
	await migrateDatabase(template);
	await migrateQueues({ backend: stack.queueBackend, redisUrl: stack.redisUrl, databaseUrl: template, prefix: '', connections: 1 });
	const named = () => randomBytes(6).toString('hex');
	return {
		database: () => createDatabase(stack.databaseUrl, `scenario_${named()}`, TEMPLATE),
		queues: (databaseUrl) => ({
			backend: stack.queueBackend,
			redisUrl: stack.redisUrl,
			databaseUrl,
			prefix: `{s${named()}}`,
			connections: 6,
		}),
	};
}
