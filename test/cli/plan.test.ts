import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bareEnvironment } from '../../sandbox/servers/environment.ts';
import { planned, route, snapshot } from './plan-snapshot.ts';
import { ballast } from './shell.ts';

const EXAMPLE = 'docs/plan.example.json';

/** The answer to a document that is legal. */
async function answer(document: unknown) {
	const { code, stdout, stderr } = await planned(typeof document === 'string' ? document : JSON.stringify(document), '--json');
	expect([code, stderr]).toEqual([0, '']);
	return JSON.parse(stdout);
}

/** One asset at two venues with `decimals`, a route between them, and one demand at the second. */
function simple({ decimals = 6, confirmed = '500', amount = '100', limits = {} }) {
	return {
		assets: { USDC: { '1': decimals, '10': decimals } },
		inventory: [{ venue: '1', asset: 'USDC', confirmed, reserve: '0', held: '0' }],
		routes: [{ ...route('across-1-10', '1', '10'), ...limits }],
		demands: [{ id: 'inv-1', asset: 'USDC', enqueuedAt: 1, destinations: [{ venue: '10', amount }] }],
	};
}

const FREE = { minimum: '0', maximum: '1', step: '1', fixedFee: '0', feeBps: '0', gasCost: '0', toleranceBps: '0' };

describe('ballast plan --json', () => {
	it('answers with the three lists and the proof, amounts as exact text, keys in their order', async () => {
		const { code, stdout, stderr } = await planned(JSON.stringify(snapshot()), '--json');
		expect([code, stderr, stdout]).toEqual([
			0,
			'',
			`${[
				'{"plans":[{"demand":"inv-1","destination":"10","local":"0","legs":[{"route":"across-1-10","send":"100.540217","receive":"100"}],',
				'"operations":1,"cost":"0.740217","seconds":60}],',
				'"payable":[{"demand":"inv-2","destination":"10","amount":"20"}],',
				'"unplanned":[],"proof":{"exact":true,"bound":null}}',
			].join('')}\n`,
		]);
	});

	it('shows what each hop of a leg sends and delivers', async () => {
		const { demands, ...rest } = snapshot();
		const there = { ...demands[0], destinations: [{ venue: '56', amount: '50.5' }], maxCost: '9' };
		expect((await answer({ ...rest, demands: [there] })).plans).toEqual([
			{
				...{ demand: 'inv-1', destination: '56', local: '0', operations: 2, cost: '1.4410251636', seconds: 120 },
				legs: [
					{
						...{ route: 'over-10', send: '51.541026', receive: '50.5000008364' },
						hops: [
							{ route: 'across-1-10', send: '51.541026', receive: '51.020409' },
							{ route: 'across-10-56', send: '51.020409', receive: '50.5000008364' },
						],
					},
				],
			},
		]);
	});

	it('says of a demand without a plan why, how much is missing where, and what was looked at', async () => {
		const [first] = (await answer(simple({ confirmed: '80' }))).unplanned;
		expect(first).toEqual({
			...{ demand: 'inv-1', reason: 'INSUFFICIENT_FUNDS', destination: '10', short: '20.532', alternatives: [] },
		});
	});

	it('takes nothing for everything', async () => {
		const nothing = { assets: {}, inventory: [], routes: [], demands: [] };
		expect(await answer(nothing)).toEqual({ plans: [], payable: [], unplanned: [], proof: { exact: true, bound: null } });
		expect(await answer({ ...nothing, assets: { USDC: {} }, objective: {} })).toMatchObject({ plans: [] });
	});

	it('reads and answers the same from a pipe, in a process of its own without any settings', () => {
		const input = JSON.stringify(snapshot());
		const args = ['--import', 'tsx', 'src/cli/main.ts', 'plan', '--file', '-', '--json'];
		const run = (text: string) => spawnSync(process.execPath, args, { input: text, env: { ...bareEnvironment() }, encoding: 'utf8' });
		expect(run(input)).toMatchObject({ status: 0, stderr: '', stdout: expect.stringMatching(/^\{"plans":\[\{"demand":"inv-1".*\}\n$/) });
		expect(run(`${input}]`)).toMatchObject({ status: 2, stdout: '', stderr: '{"error":"is not JSON","path":"$"}\n' });
	});
});

describe('ballast plan takes as legal', () => {
	it('names that every object of JavaScript knows', async () => {
		const text = JSON.stringify(simple({}))
			.replaceAll('"USDC"', '"__proto__"')
			.replaceAll('"1"', '"constructor"')
			.replaceAll('"10"', '"toString"')
			.replaceAll('"across-1-10"', '"hasOwnProperty"')
			.replaceAll('"inv-1"', '"__proto__"')
			.replaceAll('"minimum":"constructor"', '"minimum":"1"');
		const { plans } = await answer(text);
		expect(plans).toMatchObject([
			{ demand: '__proto__', destination: 'toString', legs: [{ route: 'hasOwnProperty', send: '100.540217' }] },
		]);
	});

	it('names of assets and venues that would meet in one key', async () => {
		const row = (asset: string, venue: string, confirmed: string) => ({ venue, asset, confirmed, reserve: '0', held: '0' });
		const demand = (id: string, asset: string, venue: string) => ({
			...{ id, asset, enqueuedAt: 1 },
			destinations: [{ venue, amount: '1' }],
		});
		const { payable, unplanned } = await answer({
			assets: { A: { 'B@C': 6 }, 'A@B': { C: 2 }, 'A%40B': { C: 0 } },
			inventory: [row('A', 'B@C', '1'), row('A@B', 'C', '0.99')],
			routes: [],
			demands: [demand('one', 'A', 'B@C'), demand('two', 'A@B', 'C'), demand('three', 'A%40B', 'C')],
		});
		expect(payable).toEqual([{ demand: 'one', destination: 'B@C', amount: '1' }]);
		expect(unplanned).toMatchObject([
			{ demand: 'three', short: '1' },
			{ demand: 'two', short: '0.01' },
		]);
	});

	it('limits of zero, held above confirmed, a tolerance above everything, zeros at the end, a key twice', async () => {
		const none = { minimum: '0', maximum: '0', feeBps: '10000', toleranceBps: '20000.5' };
		const text = JSON.stringify(simple({ amount: '100.0000000', limits: none })).replace('"held":"0"', '"held":"1","held":"600.50"');
		expect((await answer(text)).unplanned).toMatchObject([{ reason: 'INSUFFICIENT_FUNDS', short: '100' }]);
	});

	it('text with escapes, surrogates without a partner, and characters of every plane', async () => {
		const ids = ['\u{1F600}', '\uFFFD', 'a"\\\n', '\uD800'];
		const [demand] = simple({}).demands;
		const { payable } = await answer({
			...simple({}),
			inventory: [{ venue: '10', asset: 'USDC', confirmed: '400', reserve: '0', held: '0' }],
			demands: ids.map((id) => ({ ...demand, id })),
		});
		// A lone surrogate stands where UTF-8 and code points put it: below the planes that pairs reach.
		expect(payable.map((each: { demand: string }) => each.demand)).toEqual(['a"\\\n', '\uFFFD', '\uD800', '\u{1F600}']);
	});

	it('a route that stands behind the one that goes over it', async () => {
		const { routes, ...rest } = snapshot();
		expect(await answer({ ...rest, routes: [...routes].reverse() })).toEqual(await answer(snapshot()));
	});
});

describe('ballast plan finds its way', () => {
	it('among five hundred routes', async () => {
		const { routes, ...rest } = simple({});
		const many = Array.from({ length: 500 }, (_, index) => ({
			...routes[0],
			id: `r${index}`,
			gasCost: `${1 + ((index * 7) % 500) / 1_000}`,
		}));
		expect((await answer({ ...rest, routes: many })).plans).toMatchObject([{ legs: [{ route: 'r0' }], cost: '1.540217' }]);
	});
});

describe('ballast plan keeps every digit', () => {
	const HUGE = '9'.repeat(77);
	it('of amounts beyond 10^77 at 0 decimals', async () => {
		const { plans } = await answer(simple({ decimals: 0, confirmed: HUGE, amount: HUGE, limits: { ...FREE, maximum: HUGE } }));
		expect(plans).toMatchObject([{ legs: [{ send: HUGE, receive: HUGE }], cost: '0' }]);
	});

	it('of amounts beyond 10^77 at 77 decimals, which no chain could hold', async () => {
		const amount = `${HUGE}.${'1'.repeat(77)}`;
		const gasCost = `0.${'0'.repeat(76)}7`;
		const step = `0.${'0'.repeat(76)}1`;
		const limits = { ...FREE, maximum: amount, step, gasCost };
		const { plans } = await answer(simple({ decimals: 77, confirmed: amount, amount, limits }));
		expect(plans).toMatchObject([{ legs: [{ send: amount, receive: amount }], cost: gasCost }]);
		const [short] = (await answer(simple({ decimals: 77, confirmed: '0', amount, limits }))).unplanned;
		expect(short).toMatchObject({ reason: 'INSUFFICIENT_FUNDS', short: amount });
	});

	it('of a demand that is paid from more than a uint256', async () => {
		const { inventory, ...rest } = simple({ decimals: 77, confirmed: HUGE, amount: HUGE });
		const [row] = inventory;
		const rows = [{ ...row, venue: '10', reserve: '0.1', held: `${'8'.repeat(77)}.5` }];
		expect((await answer({ ...rest, routes: [], inventory: rows })).unplanned).toMatchObject([{ short: `${'8'.repeat(77)}.6` }]);
	});
});

describe('ballast plan is indifferent to', () => {
	it('the order of lists and keys, byte for byte', async () => {
		const document = example();
		const { stdout: expected } = await planned(JSON.stringify(document), '--json');
		expect(JSON.parse(expected)).toMatchObject({ proof: { exact: true } });
		await fc.assert(
			fc.asyncProperty(fc.infiniteStream(fc.nat()), async (random) => {
				const next = () => random.next().value ?? 0;
				expect((await planned(JSON.stringify(shuffled(document, next)), '--json')).stdout).toBe(expected);
			}),
			{ numRuns: 20 },
		);
	});
});

describe('ballast plan for a person', () => {
	it('shows what docs/planner.md says: what is paid, planned and refused, why, and what else was thought of', async () => {
		const { code, stdout } = await ballast({}, 'plan', '--file', EXAMPLE);
		expect([code, readFileSync('docs/planner.md', 'utf8')]).toEqual([0, expect.stringContaining(`\n\`\`\`text\n${stdout}\`\`\`\n`)]);
		for (const text of ['OTHERS_FIRST', 'SLOWER', 'RESERVE', 'short at', 'there already']) expect(stdout).toContain(text);
	});

	it('shows each hop of a leg', async () => {
		const { demands, ...rest } = snapshot();
		const there = { ...demands[0], destinations: [{ venue: '56', amount: '50.5' }], maxCost: '9' };
		const { stdout } = await planned(JSON.stringify({ ...rest, demands: [there] }));
		expect(stdout).toMatch(/over-10 +sends +51\.541026 +delivers +50\.5000008364\n.* hop across-1-10 .*\n.* hop across-10-56 /);
	});

	it('shows no control character of a name', async () => {
		const { stdout } = await planned(JSON.stringify(simple({})).replace('"inv-1"', '"\\u001b[2Jinv"'));
		expect(stdout).toContain('\uFFFD[2Jinv');
		expect(stdout).not.toContain('\u001b');
	});

	it('says with --help how it is called', async () => {
		const { code, stdout } = await ballast({}, 'plan', '--help');
		expect([code, stdout]).toEqual([0, expect.stringContaining('npm run -s ballast -- plan --file -')]);
	});
});

describe('ballast plan ends with', () => {
	it('2 without a file where the settings do not say where to look, and 1 for a file that cannot be read', async () => {
		expect(await ballast({}, 'plan')).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('DATABASE_URL: is missing') });
		expect(await ballast({}, 'plan', '--file', 'no/such/file')).toMatchObject({
			code: 1,
			stdout: '',
			stderr: expect.stringContaining('ENOENT'),
		});
		expect(await ballast({}, 'plan', '--file', '.')).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('EISDIR') });
	});

	it('2 for a file without an end', async () => {
		expect(await ballast({}, 'plan', '--file', '/dev/zero')).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('"$"') });
	});
});

/** Demands of every fate: paid at once, planned, and refused for different reasons. */
function example(): unknown {
	return JSON.parse(readFileSync(EXAMPLE, 'utf8'));
}

/** The same with lists and keys in an order that `next` decides; `via` alone says something by its order. */
function shuffled(value: unknown, next: () => number): unknown {
	const mixed = <T>(list: readonly T[]): T[] =>
		list
			.map((each) => [next(), each] as const)
			.sort(([a], [b]) => a - b)
			.map(([, each]) => each);
	if (Array.isArray(value)) return mixed(value.map((each) => shuffled(each, next)));
	if (typeof value !== 'object' || value === null) return value;
	return Object.fromEntries(mixed(Object.entries(value)).map(([key, each]) => [key, key === 'via' ? each : shuffled(each, next)]));
}
