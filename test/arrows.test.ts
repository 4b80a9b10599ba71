/**
 * The arrows between folders hold, and the rules that say so can see: a tree with one violation of every rule
 * is cruised with the same configuration, and each of them must be reported.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';

const ROOT = resolve(import.meta.dirname, '..');
const CONFIG = '.dependency-cruiser.cjs';
const FOLDERS = ['src', 'queues', 'workers', 'drizzle', 'sandbox'];
const DEPCRUISE = join(ROOT, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');

const report = z.object({
	summary: z.object({
		totalCruised: z.number(),
		violations: z.array(z.object({ from: z.string(), to: z.string(), rule: z.object({ name: z.string() }) })),
	}),
});
const configFile = z.object({ forbidden: z.array(z.object({ name: z.string(), comment: z.string() })) });

/** Rooms from the lowest to the highest: each plants a file that knows the next one. */
const FLOORS = [
	['plan/one', 'plan/joint', 'plan/explain'],
	[
		'rebalances',
		'store',
		'rebalance-cache',
		'chain',
		'exchange',
		'config',
		'bridge',
		'everclear',
		'channel',
		'positions',
		'steps/upkeep',
		'steps/fills',
		'steps/plan',
		'steps/invoice',
		'steps/leg',
		'steps/settle',
		'trigger',
	],
];
const UPWARD = FLOORS.flatMap((rooms) =>
	rooms.slice(0, -1).map((room, index) => ({ room, from: `src/${room}/upward.ts`, to: `src/${rooms[index + 1]}/one.ts` })),
);

/** File → its text, for the planted tree. Files that break a rule name it in `PLANTED`. */
const TREE: Readonly<Record<string, string>> = {
	'workers/main.ts': "import '../queues/queue.ts';\nimport '../queues/job.ts';\nimport '../src/cli/main.ts';\n",
	'workers/run.ts': "export { Worker } from 'bullmq';\n",
	'workers/web.ts': "import '@bull-board/api';\n",
	'queues/queue.ts': "import 'bullmq';\nimport 'pg';\n",
	'queues/job.ts': "import 'zod';\nimport 'bullmq';\nimport '../src/store/rows.ts';\nimport '../workers/run.ts';\n",
	'drizzle/schema/rows.ts': "import 'drizzle-orm';\nexport const rows = 1;\n",
	'sandbox/demo/main.ts': "import '../../src/cli/main.ts';\nimport '../oracle/books.ts';\n",
	'sandbox/world.ts': "import '../src/money/amount.ts';\nexport type World = number;\n",
	'sandbox/oracle/chains.ts': "import type { World } from '../world.ts';\nexport type W = World;\n",
	'sandbox/oracle/books.ts': "import '../world.ts';\nimport './chains.ts';\nimport '../../src/money/amount.ts';\n",
	'test/fixture.ts': 'export const fixture = 1;\n',
	'src/errors.ts': 'export const error = 1;\n',
	'src/dead.ts': 'export const dead = 1;\n',
	'src/money/amount.ts': "import '../errors.ts';\nimport 'node:fs';\nexport type Amount = bigint;\n",
	'src/inventory/venue.ts': "import '../fills/one.ts';\nimport '../money/amount.ts';\nexport type VenueId = string;\n",
	'src/fills/one.ts': "import '../health/one.ts';\n",
	'src/health/one.ts': "import '../invoice/one.ts';\n",
	'src/invoice/one.ts': "import '../plan/one.ts';\nimport '../errors.ts';\n",
	'src/plan/one.ts': "import '../earmark/one.ts';\nimport { keccak256 } from 'viem';\nexport { keccak256 };\n",
	'src/earmark/one.ts': "import '../leg/one.ts';\nimport type { Hex } from 'viem';\nexport type Text = Hex;\n",
	'src/leg/one.ts': "import '../settle/one.ts';\nimport 'pino';\n",
	'src/settle/one.ts':
		"import '../store/rows.ts';\nimport '../leg/one.ts';\nimport type { Amount } from '../money/amount.ts';\nexport type A = Amount;\n",
	'src/store/rows.ts': "import 'postgres';\nimport 'drizzle-orm';\nimport '../../drizzle/schema/rows.ts';\n",
	'src/chain/signer.ts': "import 'viem/accounts';\nexport type Signer = number;\n",
	'src/chain/follow.ts': "import type { Signer } from './signer.ts';\nexport type S = Signer;\n",
	'src/create-app.ts': "import './chain/signer.ts';\n",
	'src/bridge/bridge.ts': "import type { VenueId } from '../inventory/venue.ts';\nexport type Venue = VenueId;\n",
	'src/bridge/registry.ts': "import './across/adapter.ts';\nimport './across-next.ts';\nimport './bridge.ts';\n",
	'src/bridge/across/adapter.ts': "import './abi.ts';\nimport '../bridge.ts';\nimport '../../chain/signer.ts';\n",
	'src/bridge/across/abi.ts': 'export const abi = 1;\n',
	'src/bridge/across-next.ts': "import './across/abi.ts';\n",
	...Object.fromEntries(FLOORS.flat().map((room) => [`src/${room}/one.ts`, 'export const one = 1;\n'])),
	...Object.fromEntries(UPWARD.map(({ from, to }) => [from, `import '${relative(dirname(from), to)}';\n`])),
	'src/cli/main.ts': [
		"import '../../queues/job.ts';",
		"import 'postgres';",
		"import '../../test/fixture.ts';",
		"import 'solc';",
		"import './nowhere.ts';",
		"import '@bull-board/api';",
		"import 'pg';",
		"import '../bridge/registry.ts';",
		"import 'viem/accounts';",
		"import '../chain/signer.ts';",
		"import '../create-app.ts';",
		"import '../chain/follow.ts';",
	].join('\n'),
};

/** Rule → one edge of the tree above that breaks it. Every rule of the configuration must stand here. */
const PLANTED: Readonly<Record<string, readonly [from: string, to: string]>> = {
	'no-cycles': ['src/leg/one.ts', 'src/settle/one.ts'],
	'src-knows-no-queue': ['src/cli/main.ts', 'queues/job.ts'],
	'nobody-imports-workers': ['queues/job.ts', 'workers/run.ts'],
	'queues-only-speak': ['queues/job.ts', 'src/store/rows.ts'],
	'queues-carry-zod-only': ['queues/job.ts', 'node_modules/bullmq/'],
	'core-is-pure:node': ['src/money/amount.ts', 'fs'],
	'core-is-pure:npm': ['src/leg/one.ts', 'node_modules/pino/'],
	'core-is-pure:viem': ['src/plan/one.ts', 'node_modules/viem/'],
	'money-is-a-leaf': ['src/money/amount.ts', 'src/errors.ts'],
	'stages-flow-forward:inventory': ['src/inventory/venue.ts', 'src/fills/one.ts'],
	'stages-flow-forward:fills': ['src/fills/one.ts', 'src/health/one.ts'],
	'stages-flow-forward:health': ['src/health/one.ts', 'src/invoice/one.ts'],
	'stages-flow-forward:invoice': ['src/invoice/one.ts', 'src/plan/one.ts'],
	'stages-flow-forward:plan': ['src/plan/one.ts', 'src/earmark/one.ts'],
	'stages-flow-forward:earmark': ['src/earmark/one.ts', 'src/leg/one.ts'],
	'stages-flow-forward:leg': ['src/leg/one.ts', 'src/settle/one.ts'],
	'stages-flow-forward:settle': ['src/settle/one.ts', 'src/store/rows.ts'],
	...Object.fromEntries(UPWARD.map(({ room, from, to }) => [`rooms-build-on-each-other:${room}`, [from, to] as const])),
	'bridges-are-strangers': ['src/bridge/across-next.ts', 'src/bridge/across/abi.ts'],
	'bridges-are-asked': ['src/bridge/across/adapter.ts', 'src/chain/signer.ts'],
	'keys-in-the-signer': ['src/cli/main.ts', 'node_modules/viem/'],
	'signer-is-handed-in': ['src/cli/main.ts', 'src/chain/signer.ts'],
	'product-knows-no-sandbox': ['src/cli/main.ts', 'test/fixture.ts'],
	'oracle-knows-no-product': ['sandbox/oracle/books.ts', 'src/money/amount.ts'],
	'oracle-stands-alone': ['sandbox/oracle/books.ts', 'sandbox/world.ts'],
	'bullmq-in-two-files': ['queues/job.ts', 'node_modules/bullmq/'],
	'bull-board-in-web': ['src/cli/main.ts', 'node_modules/@bull-board/'],
	'database-in-store': ['src/cli/main.ts', 'node_modules/postgres/'],
	'pg-in-two-places': ['src/cli/main.ts', '/pg/'],
	'product-needs-no-dev-dependency': ['src/cli/main.ts', 'node_modules/solc/'],
	'not-to-unresolvable': ['src/cli/main.ts', './nowhere.ts'],
	'nothing-unreachable': ['src/dead.ts', 'src/dead.ts'],
};

/** Edges of the tree that no rule may complain about. */
const ALLOWED: readonly (readonly [from: string, to: string])[] = [
	['workers/run.ts', 'node_modules/bullmq/'],
	['workers/web.ts', 'node_modules/@bull-board/'],
	['queues/queue.ts', 'node_modules/bullmq/'],
	['src/store/rebalance-cache/line.ts', '/pg/'],
	['queues/queue.ts', '/pg/'],
	['queues/job.ts', 'node_modules/zod/'],
	['src/earmark/one.ts', 'node_modules/viem/'],
	['src/invoice/one.ts', 'src/errors.ts'],
	['src/settle/one.ts', 'src/money/amount.ts'],
	['src/store/rows.ts', 'drizzle/schema/rows.ts'],
	['src/store/rows.ts', 'node_modules/drizzle-orm/'],
	['src/bridge/across/adapter.ts', 'src/bridge/across/abi.ts'],
	['src/bridge/across/adapter.ts', 'src/bridge/bridge.ts'],
	['src/bridge/registry.ts', 'src/bridge/across/adapter.ts'],
	['src/chain/signer.ts', 'node_modules/viem/'],
	['src/chain/follow.ts', 'src/chain/signer.ts'],
	['src/create-app.ts', 'src/chain/signer.ts'],
];

const run = promisify(execFile);

async function cruise(cwd: string) {
	const folders = FOLDERS.filter((folder) => existsSync(join(cwd, folder)));
	const args = [DEPCRUISE, '--config', CONFIG, '--output-type', 'json', ...folders];
	// The exit code is the number of violations; what was seen is in the report.
	const { stdout } = await run(process.execPath, args, { cwd, maxBuffer: 64 * 1024 * 1024 }).catch(reportOfFailure);
	return report.parse(JSON.parse(stdout)).summary;
}

function reportOfFailure(error: unknown): { stdout: string } {
	const failed = z.object({ stdout: z.string().startsWith('{') }).safeParse(error);
	if (!failed.success) throw error;
	return failed.data;
}

async function rules(root: string) {
	return configFile.parse(createRequire(join(root, 'x.cjs'))(join(root, CONFIG))).forbidden;
}

describe('this tree', () => {
	test('keeps every rule, and is really read', async () => {
		const summary = await cruise(ROOT);
		expect(summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} → ${to}`)).toEqual([]);
		expect(summary.totalCruised, 'a cruise that reads next to nothing proves nothing').toBeGreaterThanOrEqual(20);
	}, 60_000);

	test('explains every rule', async () => {
		for (const rule of await rules(ROOT)) expect(rule.comment.length, rule.name).toBeGreaterThan(60);
	});
});

describe('a tree with one violation of every rule', () => {
	let tree = '';
	let summary: Awaited<ReturnType<typeof cruise>>;

	beforeAll(async () => {
		tree = await realpath(await mkdtemp(join(tmpdir(), 'ballast-arrows-')));
		for (const [path, text] of Object.entries(TREE)) {
			await mkdir(dirname(join(tree, path)), { recursive: true });
			await writeFile(join(tree, path), text);
		}
		for (const file of [CONFIG, 'tsconfig.json', 'package.json']) await cp(join(ROOT, file), join(tree, file));
		await symlink(join(ROOT, 'node_modules'), join(tree, 'node_modules'));
		summary = await cruise(tree);
	}, 60_000);

	afterAll(() => rm(tree, { recursive: true, force: true }));

	const violations = (from: string, to: string) => summary.violations.filter((each) => each.from === from && each.to.includes(to));

	test.each(Object.entries(PLANTED))('is caught by %s', (name, [from, to]) => {
		expect(violations(from, to).map((each) => each.rule.name)).toContain(name);
	});

	test.each(ALLOWED)('is not blamed for %s → %s', (from, to) => {
		expect(violations(from, to).map((each) => each.rule.name)).toEqual([]);
	});

	test('covers every rule of the configuration', async () => {
		const planted = Object.keys(PLANTED).filter((name) => name !== 'nothing-unreachable');
		const configured = (await rules(ROOT)).map((rule) => rule.name).filter((name) => name !== 'nothing-unreachable');
		expect(planted.sort()).toEqual(configured.sort());
	});
});
