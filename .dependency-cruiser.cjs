/**
 * Which way the arrows may point. Each rule says what a violation means and what to do instead.
 * `test/arrows.test.ts` plants one violation of every rule and fails when one goes unseen.
 */
const { existsSync } = require('node:fs');

/** The stages in the order in which funds pass them; each knows itself and the ones before it. */
const STAGES = ['money', 'inventory', 'fills', 'health', 'invoice', 'plan', 'earmark', 'leg', 'settle'];
const CORE = `^src/(${STAGES.join('|')})/`;
const PRODUCT = '^(src|queues|workers|drizzle)/';
const SHARED = '^src/(errors|outcome|transitions)\\.ts$';
const npm = (names) => `(^|/)node_modules/(${names})(/|$)`;

const stagesFlowForward = STAGES.slice(1).map((stage, index) => ({
	name: `stages-flow-forward:${stage}`,
	comment: `"${stage}" may build on ${STAGES.slice(0, index + 1).join(', ')} and on nothing later. Move what both need to the earlier stage, or pass it in as an argument.`,
	severity: 'error',
	from: { path: `^src/${stage}/` },
	to: { path: PRODUCT, pathNot: [`^src/(${STAGES.slice(0, index + 2).join('|')})/`, SHARED] },
}));

/** The rooms inside a stage or around the stages, each list in the order in which they build on each other. */
const FLOORS = [
	['plan/one', 'plan/joint', 'plan/explain'],
	[
		...['rebalances', 'store', 'rebalance-cache', 'chain', 'exchange', 'config', 'bridge', 'everclear', 'channel', 'positions'],
		...['steps/upkeep', 'steps/fills', 'steps/plan', 'steps/invoice', 'steps/leg', 'steps/settle', 'trigger'],
	],
];
const roomsBuildOnEachOther = FLOORS.flatMap((rooms) =>
	rooms.slice(0, -1).map((room, index) => ({
		name: `rooms-build-on-each-other:${room}`,
		comment: `src/${room} stands below ${rooms.slice(index + 1).join(', ')} and knows none of them, not even their types. Move what both need to a stage or to the lower room, or pass it in.`,
		severity: 'error',
		from: { path: `^src/${room}/` },
		to: { path: `^src/(${rooms.slice(index + 1).join('|')})/` },
	})),
);

const ENTRIES = ['workers/main.ts', 'src/cli/main.ts', 'sandbox/demo/main.ts'];
const nothingUnreachable = {
	name: 'nothing-unreachable',
	comment: 'No process reaches this module: it is dead, or wired up nowhere. Delete it, or import it where it is meant to run.',
	severity: 'error',
	// A process begins in one of them, or its owner's code does.
	from: { path: ['^workers/[^/]+\\.ts$', '^src/cli/main\\.ts$', '^src/rebalance-cache/index\\.ts$', '^sandbox/.+/main\\.ts$'] },
	to: { path: '^(src|queues|drizzle/schema|sandbox)/.+\\.ts$', pathNot: '(/main|^src/rebalance-cache/index)\\.ts$', reachable: false },
};

module.exports = {
	forbidden: [
		{
			name: 'no-cycles',
			comment: 'Two modules that need each other are one module, or hide a third one: extract what both use.',
			severity: 'error',
			from: {},
			to: { circular: true },
		},
		{
			name: 'src-knows-no-queue',
			comment:
				'src decides; how decisions travel is not its business. Return the decision (or write an outbox row through src/store) and let a worker enqueue.',
			severity: 'error',
			from: { path: '^src/' },
			to: { path: '^(queues|workers)/' },
		},
		{
			name: 'nobody-imports-workers',
			comment: 'A worker is a shell at the edge of a process. What somebody else needs from it belongs in src.',
			severity: 'error',
			from: { pathNot: '^workers/' },
			to: { path: '^workers/' },
		},
		{
			name: 'queues-only-speak',
			comment:
				'A queue file says what a job is: its name, payload, id and retry. It may use amounts, ids and errors, not the store, a chain or a bridge: those belong in the worker.',
			severity: 'error',
			from: { path: '^queues/' },
			to: { path: PRODUCT, pathNot: ['^queues/', '^src/(money|inventory)/', SHARED] },
		},
		{
			name: 'queues-carry-zod-only',
			comment: 'A payload is a zod schema and nothing else. Only queues/queue.ts talks to a broker.',
			severity: 'error',
			from: { path: '^queues/', pathNot: '^queues/queue\\.ts$' },
			to: { dependencyTypes: ['npm', 'npm-dev', 'npm-optional', 'npm-peer'], pathNot: npm('zod') },
		},
		{
			name: 'core-is-pure:node',
			comment:
				'The core has facts in and decisions out: no files, clocks, sockets or randomness. Do it in src/store, src/chain or a worker and pass the result in.',
			severity: 'error',
			from: { path: CORE },
			to: { dependencyTypes: ['core'] },
		},
		{
			name: 'core-is-pure:npm',
			comment: 'The core uses zod, and types of viem; a library that acts belongs at the edge. Pass its result in as plain data.',
			severity: 'error',
			from: { path: CORE },
			to: { path: npm('.+'), pathNot: npm('zod|viem') },
		},
		{
			name: 'core-is-pure:viem',
			comment:
				'The core may name the types of viem (`import type`), but call nothing in it: hashing, encoding and clients belong to src/chain and the bridges.',
			severity: 'error',
			from: { path: CORE },
			to: { path: npm('viem'), dependencyTypesNot: ['type-only'] },
		},
		{
			name: 'money-is-a-leaf',
			comment: 'Everything rests on src/money, so it rests on nothing of ours. Whatever it seems to need is an argument.',
			severity: 'error',
			from: { path: '^src/money/' },
			to: { path: PRODUCT, pathNot: '^src/money/' },
		},
		...stagesFlowForward,
		...roomsBuildOnEachOther,
		{
			name: 'bridges-are-strangers',
			comment:
				'A bridge that imports another cannot be removed or replaced alone. What two bridges share belongs in src/bridge/bridge.ts, src/bridge/look-again.ts or src/chain.',
			severity: 'error',
			from: { path: '^src/bridge/([^/.]+)', pathNot: '^src/bridge/(bridge|look-again|registry)\\.ts$' },
			to: { path: '^src/bridge/', pathNot: ['^src/bridge/(bridge|look-again|registry)\\.ts$', '^src/bridge/$1[./]'] },
		},
		{
			name: 'bridges-are-asked',
			comment:
				'An adapter is asked and never acts: it sees no table, no key and no environment. Return an unsigned call, or take what is missing as a setting or a port.',
			severity: 'error',
			from: { path: '^src/bridge/' },
			to: { path: ['^src/store/', '^src/chain/signer', '^src/config/env\\.ts$', '^drizzle/'] },
		},
		{
			name: 'keys-in-the-signer',
			comment:
				'Only src/chain/signer.ts turns a key into an account. Whoever wants something signed writes an effect and hands its id to the signer.',
			severity: 'error',
			from: { path: PRODUCT, pathNot: '^src/chain/signer\\.ts$' },
			to: { path: npm('viem/accounts|viem/_esm/accounts|viem/_types/accounts') },
		},
		{
			name: 'signer-is-handed-in',
			comment:
				'src/create-app.ts makes the signer once per process; everybody else is handed it behind its interface (`import type`), which takes the id of an effect and nothing else.',
			severity: 'error',
			from: { path: PRODUCT, pathNot: '^src/create-app\\.ts$' },
			to: { path: '^src/chain/signer\\.ts$', dependencyTypesNot: ['type-only'] },
		},
		{
			name: 'product-knows-no-sandbox',
			comment:
				'The product gets URLs and addresses by configuration, here as in production. Code that needs the sandbox belongs in sandbox/ or test/.',
			severity: 'error',
			from: { path: PRODUCT },
			to: { path: '^(sandbox|test|bench)/' },
		},
		{
			name: 'oracle-knows-no-product',
			comment:
				'Whoever judges by the code that is judged repeats its mistakes. The oracle reads chains, providers and tables by itself; copy the fact that it needs.',
			severity: 'error',
			from: { path: '^sandbox/oracle/' },
			to: { path: [PRODUCT, '^test/'] },
		},
		{
			name: 'oracle-stands-alone',
			comment:
				'The rest of the sandbox runs product code here and there, so the oracle knows of it by `import type` only: hand in what it has to read.',
			severity: 'error',
			from: { path: '^sandbox/oracle/' },
			to: { path: '^(sandbox|bench)/', pathNot: '^sandbox/oracle/', dependencyTypesNot: ['type-only'] },
		},
		{
			name: 'bullmq-in-two-files',
			comment:
				'queues/queue.ts produces and workers/run.ts consumes; everybody else speaks of jobs and outcomes, so that the broker stays replaceable.',
			severity: 'error',
			from: { pathNot: ['^queues/queue\\.ts$', '^workers/run\\.ts$'] },
			to: { path: npm('bullmq') },
		},
		{
			name: 'bull-board-in-web',
			comment: 'The board is a page of the web process. Mount it in src/web/ or workers/web.ts.',
			severity: 'error',
			from: { pathNot: ['^src/web/', '^workers/web\\.ts$'] },
			to: { path: npm('@bull-board') },
		},
		{
			name: 'database-in-store',
			comment: 'SQL lives in src/store, where rows become domain values and transitions are compare-and-set. Add a function there.',
			severity: 'error',
			from: { path: '^(src|queues|workers)/', pathNot: '^src/store/' },
			to: { path: [npm('postgres'), npm('drizzle-orm'), '^drizzle/'] },
		},
		{
			name: 'pg-in-two-places',
			comment:
				'The pg driver is here for the PostgreSQL backend of the broker and for the connections of the old cache (docs/adr/0027-a-second-driver-for-connections-that-are-cut.md).',
			severity: 'error',
			from: { path: PRODUCT, pathNot: '^(queues/queue|src/store/rebalance-cache/line)\\.ts$' },
			to: { path: npm('pg|@types/pg') },
		},
		{
			name: 'product-needs-no-dev-dependency',
			comment: 'The production image has no development or optional packages. Make it a dependency, or move the code to sandbox/ or test/.',
			severity: 'error',
			from: { path: PRODUCT },
			to: { dependencyTypes: ['npm-dev', 'npm-optional', 'npm-no-pkg', 'npm-unknown'], pathNot: npm('@types/.+') },
		},
		{
			name: 'not-to-unresolvable',
			comment: 'The imported module does not exist. Fix the path, or add the package to package.json with an exact version.',
			severity: 'error',
			from: {},
			to: { couldNotResolve: true },
		},
		...(ENTRIES.every((entry) => existsSync(entry)) ? [nothingUnreachable] : []),
	],
	options: {
		doNotFollow: { path: 'node_modules' },
		exclude: { path: '\\.(sol|json)$' },
		tsConfig: { fileName: 'tsconfig.json' },
		// Type-only imports are arrows too.
		tsPreCompilationDeps: true,
		enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types', 'node', 'default'] },
	},
};
