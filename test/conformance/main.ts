/** `npm run exam`: every bridge in the registry takes the exam, on real servers, contracts and chains. */
import { randomBytes } from 'node:crypto';
import { Command } from 'commander';
import { createDatabase } from '../../sandbox/servers/database.ts';
import { startStack } from '../../sandbox/stack.ts';
import { startWorld } from '../../sandbox/world.ts';
import { bridgeNames } from '../../src/bridge/registry.ts';
import { migrateDatabase } from '../../src/store/migrate.ts';
import type { Check } from './check.ts';
import { CHECKS, examine, type Mark } from './exam.ts';
import type { Hall } from './room.ts';
import { type Row, tableOf } from './table.ts';

const TEMPLATE = 'ballast_exam';

interface Options {
	readonly bridge?: string;
	readonly check?: string;
	readonly full: boolean;
}

const program = new Command('exam')
	.description('Examines every bridge in the registry, and prints what holds: check by bridge.')
	.option('--bridge <name>', 'one bridge')
	.option('--check <words>', 'the checks whose claim contains these words')
	.option('--full', 'every crash and every fault of a node, not only a sample', false)
	.addHelpText('after', '\nExamples:\n  npm run -s exam\n  npm run -s exam -- --full --bridge across\n  npm run -s exam -- --check crash')
	.action(async (options: Options) => {
		const bridges = bridgeNames().filter((each) => options.bridge === undefined || each === options.bridge);
		const checks = CHECKS.filter(({ claim }) => options.check === undefined || claim.includes(options.check));
		if (bridges.length === 0) program.error(`there is no bridge "${options.bridge}"; known: ${bridgeNames().join(', ')}`);
		if (checks.length === 0) program.error(`no check's claim contains "${options.check}"`);
		process.exitCode = await examineAll({ bridges, checks, isFull: options.full });
	});
await program.parseAsync();

interface Chosen {
	readonly bridges: readonly string[];
	readonly checks: readonly Check[];
	readonly isFull: boolean;
}

/** The exit code. */
async function examineAll({ bridges, checks, isFull }: Chosen): Promise<number> {
	const [stack, world] = await Promise.all([
		startStack({ backend: 'postgres' }),
		startWorld({ blockSeconds: 0, balances: {}, exchange: true }),
	]);
	try {
		await migrateDatabase(await stack.postgres.createDatabase(TEMPLATE));
		const hall: Hall = { world, database: () => createDatabase(stack.databaseUrl, `exam_${randomBytes(6).toString('hex')}`, TEMPLATE) };
		const rows: Row[] = [];
		for (const check of checks) {
			const marks = new Map<string, Mark>();
			for (const bridge of bridges) marks.set(bridge, await examine(hall, { bridge, check, isFull }));
			rows.push({ claim: check.claim, marks });
			for (const [bridge, mark] of marks)
				if (mark.state === 'failed') process.stdout.write(`${bridge}: ${check.claim}\n${mark.problem}\n\n`);
		}
		process.stdout.write(`${tableOf(rows, bridges)}\n`);
		return rows.some(({ marks }) => [...marks.values()].some((mark) => mark.state === 'failed')) ? 1 : 0;
	} finally {
		await Promise.all([stack.stop(), world.stop()]);
	}
}
