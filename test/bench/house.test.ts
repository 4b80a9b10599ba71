/** The house gets no worse; and each measure is shown something that it has to count. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { LIMITS, measureHouse, missesOf, slowest } from '../../bench/house/bench.ts';
import { functionsOf, untypedThrowsIn } from '../../bench/house/functions.ts';
import { arrowsOf, busiest, cyclesAmong, exportsForTests, exportsOf, unusedExports } from '../../bench/house/imports.ts';
import { packagesOf, readPackages, tableOf } from '../../bench/house/packages.ts';
import { keysOf, unreadSettings, untoldSettings } from '../../bench/house/settings.ts';
import { type Part, ROOT, readSources, type Source } from '../../bench/house/sources.ts';
import { mapsIn, stateWritesIn, tablesWithoutMap } from '../../bench/house/states.ts';
import { readTimes } from '../../bench/house/times.ts';
import { twinsAmong } from '../../bench/house/twins.ts';
import { fileSchema } from '../../src/config/schema.ts';
import FileTimes from '../setup/file-times.ts';

const PAGE = readFileSync(join(ROOT, 'docs/house.md'), 'utf8');

function source(path: string, text: string, part: Part = 'product'): Source {
	return {
		path,
		part,
		text,
		lines: text.split('\n').length,
		tree: ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true),
	};
}

describe('the house', () => {
	it('is within its limits', async () => {
		expect(missesOf(await measureHouse(null))).toEqual([]);
	});

	it('counts the slowest file of the tests where their times are known', () => {
		const seconds = { 'test/a.test.ts': 3, 'test/b.test.ts': LIMITS.testSecondsMax + 1 };
		const slow = slowest({ endedAt: '2026-11-22T00:00:00.000Z', seconds });
		expect([slow.value, slow.limit]).toEqual([LIMITS.testSecondsMax + 1, LIMITS.testSecondsMax]);
		expect(slow.places.slice(1)).toEqual([`test/b.test.ts (${slow.value} s)`, 'test/a.test.ts (3 s)']);
	});

	it('reads the times as a run leaves them behind, and knows none before', () => {
		const folder = mkdtempSync(join(tmpdir(), 'ballast-times-'));
		try {
			const file = join(folder, 'below', 'times.json');
			expect(readTimes(file)).toBeNull();
			const took = { collectDuration: 1_000, setupDuration: 20, duration: 2_549 };
			new FileTimes({ file }).onTestRunEnd([{ moduleId: join(ROOT, 'test/a.test.ts'), diagnostic: () => took }]);
			expect(readTimes(file)?.seconds).toEqual({ 'test/a.test.ts': 3.6 });
		} finally {
			rmSync(folder, { recursive: true });
		}
	});

	it('has a page that says the same limits', () => {
		const told = [...PAGE.matchAll(/^\| `(\w+)` \| [^|]+ \| ([0-9]+) \|/gm)].map(([, name, limit]) => [name, Number(limit)]);
		expect(Object.fromEntries(told)).toEqual(LIMITS);
	});

	it('has a page that says of every package who needs it, and why', () => {
		const told = tableOf(PAGE, 'Dependencies');
		const real = readPackages(readSources()).map(({ name, needs }) => `${name}: ${needs.join(', ')}`);
		expect(told.map(({ name, needs }) => `${name}: ${needs}`)).toEqual(real);
		expect(told.filter(({ reason }) => reason === '')).toEqual([]);
	});

	it('that is worse than a limit is told, with the places', () => {
		const figures = [{ name: 'twins', value: 3, limit: 2, places: ['a ~ b'] }];
		expect(missesOf({ figures, importMost: [], importedMost: [] })).toEqual(['twins is 3, and at most 2: a ~ b']);
	});
});

describe('what is measured', () => {
	it('are functions with a block, from their first line to their last', () => {
		const text = 'export function one() {\n\treturn 1;\n}\nconst two = () => {\n};\nconst three = () => 3;\nclass A { four() {\n\n} }\n';
		const found = functionsOf(source('a.ts', text)).map(({ name, line, lines }) => [name, line, lines]);
		expect(found).toEqual([
			['one', 1, 3],
			['two', 4, 2],
			['four', 7, 3],
		]);
	});

	it('are errors without a class of their own', () => {
		const text = "if (a) throw new Error('x');\nthrow new RangeError('y');\n";
		expect(untypedThrowsIn(source('a.ts', text))).toEqual(['a.ts:1']);
	});

	it('are exports that nobody imports, of files that somebody does', () => {
		const taken = source(
			'src/a.ts',
			'export const used = 1, spare = 2;\nexport interface Shape {}\nexport function also() {}\nconst own = 3;\n',
		);
		const taker = source('src/b/c.ts', "import { type Shape as S, used } from '../a.ts';\nexport const entry = used;\n");
		const sources = [taken, taker];
		const arrows = sources.flatMap(arrowsOf);
		expect(exportsOf(taken).map(({ name }) => name)).toEqual(['used', 'spare', 'Shape', 'also']);
		expect(unusedExports(sources, arrows)).toEqual(['src/a.ts spare', 'src/a.ts also']);
		const table = source('drizzle/schema/a.ts', 'export const rows = pgTable();\nexport const KINDS = [];\n');
		expect(unusedExports([table], [{ from: 'b.ts', to: table.path, names: [] }])).toEqual(['drizzle/schema/a.ts KINDS']);
		expect(busiest(arrows, 'to', 3)).toEqual([{ path: 'src/a.ts', count: 1 }]);
	});

	it('are all exports of what is loaded by need, or as a whole, as taken', () => {
		const taken = source('src/a.ts', 'export const used = 1;\n');
		for (const text of ["await import('./a.ts');", "import * as all from './a.ts';", "export * from './a.ts';"])
			expect(unusedExports([taken], arrowsOf(source('src/b.ts', text)))).toEqual([]);
	});

	it('are exports that stand there for the tests alone', () => {
		const taken = source('src/a.ts', 'export const one = 1, two = 2, three = 3;\nconst four = two;\n');
		const test = arrowsOf(source('test/a.test.ts', "import { one, three, two } from '../src/a.ts';", 'tests'));
		const other = arrowsOf(source('src/b.ts', "import { three } from './a.ts';"));
		expect(exportsForTests([taken], test, other)).toEqual(['src/a.ts one']);
		expect(exportsForTests([taken], test, [...other, ...test])).toEqual([]);
	});

	it('are six lines that stand twice', () => {
		const lines = ['one', 'two', 'three', 'four', 'five', 'six'].map((name) => `const ${name} = compute('${name}');`);
		const twins = (more: readonly string[]) => twinsAmong([source('a.ts', lines.join('\n')), source('b.ts', more.join('\n\n\t'))]);
		expect(twins(['first();', ...lines, 'last();'])).toEqual(['a.ts ~ b.ts']);
		expect(twins(lines.slice(1))).toEqual([]);
		const imports = source('a.ts', `import {\n${lines.map((_, index) => `\tone${index},`).join('\n')}\n} from './one.ts';`);
		expect(twinsAmong([imports, { ...imports, path: 'b.ts' }])).toEqual([]);
	});

	it('are files that come back to themselves', () => {
		const arrow = (from: string, to: string) => ({ from, to, names: ['*'] });
		const arrows = [arrow('a', 'b'), arrow('b', 'c'), arrow('c', 'b'), arrow('c', 'd'), arrow('d', 'e')];
		expect(cyclesAmong(arrows)).toEqual(['b ~ c']);
		expect(cyclesAmong(arrows.slice(0, 2))).toEqual([]);
	});
});

describe('packages', () => {
	const manifest = (names: readonly string[]) => ({
		...{ dependencies: Object.fromEntries(names.map((name) => [name, '1.0.0'])), devDependencies: {}, optionalDependencies: {} },
		...{ overrides: { inner: '1.0.0' }, scripts: { lint: 'tool check .' } },
	});
	const needsOf = (name: string, text: string, part?: Part) =>
		packagesOf(manifest([name]), {
			sources: [source('a.ts', text, part)],
			commandsOf: (each) => (each === '@maker/tool' ? ['tool'] : []),
			isInstalled: (each) => each === 'inner' && name !== 'outer',
		}).map(({ needs }) => needs.join(', '));

	it.each([
		['one', "import { a } from 'one';"],
		['one', "import type { A } from 'one/below';"],
		['one', "const a = await import('one');"],
		['one', "type A = typeof import('one')['default'];"],
		['one', "createRequire(import.meta.url)('one');"],
		['one', "createRequire(import.meta.url).resolve('one/package.json');"],
		['@maker/one', "const PATH = '@maker/one/artifacts';"],
		['@maker/one-linux', `resolve(\`@maker/one-\${process.platform}\`);`],
		['@types/one', "import { a } from 'one';"],
		['@types/node', "import { a } from 'node:fs';"],
	])('%s is needed by the part with %s', (name, text) => {
		expect(needsOf(name, text, 'sandbox')).toEqual(['sandbox', 'packages']);
	});

	it('are needed by a command of package.json, and those that are put in the place of others by other packages', () => {
		expect(needsOf('@maker/tool', '')).toEqual(['commands', 'packages']);
		expect(needsOf('outer', '')).toEqual(['', '']);
	});

	it.each(["const NAMES = ['one'];", "import { a } from 'one-more';", "import './one';"])('are not needed for %s', (text) => {
		expect(needsOf('one', text)[0]).toBe('');
	});
});

describe('settings', () => {
	it('are the keys of the schema, through lists, records and what may be left out', () => {
		expect(keysOf(fileSchema, '')).toEqual(
			expect.arrayContaining([
				...['wallet', 'chains.<>.rpcUrls', 'chains.<>.finalityBlocks', 'chains.<>.finalityBlocks[].below', 'chains.<>.fees.maxFeePerGas'],
				...['assets.<>.venues.<>.reserve', 'everclear.spokes.<>', 'everclear.marginBps', 'bridges.<>', 'routes[].toAsset', 'via'],
			]),
		);
	});

	it('are read where a property or a pattern has their name, in a folder that may', () => {
		const keys = ['a.<>.one', 'two', 'three', 'four'].map((key) => ({ key, below: ['src/'] }));
		const reads = source('src/b.ts', 'const { two: own, ...rest } = settings;\nread(settings.one, { three: 3 });\n');
		expect(unreadSettings(keys, [reads, source('queues/c.ts', 'settings.three;')])).toEqual(['three', 'four']);
	});

	it('are told where a table has a row for them', () => {
		const page = '| `a.<id>.one`, `.two` | text | |\n| `list[].x` | |\n| `tiers` | lists of `below` | |\n\nAnd `ONE_VARIABLE` is.';
		const keys = ['a.<>.one', 'a.<>.two', 'a.<>.three', 'list[].x', 'list[].y', 'tiers[].below', 'ONE_VARIABLE', 'TWO'].map((key) => ({
			...{ key, below: [] },
		}));
		expect(untoldSettings(keys, [page])).toEqual(['a.<>.three', 'list[].y', 'TWO']);
	});
});

describe('changes of state', () => {
	const write = (body: string) =>
		stateWritesIn(source('src/store/a.ts', `async function change() {\n${body}\n}`)).map(({ place, isByMap }) => [place, isByMap]);

	it('are updates that set a state, by its map where the function around asks it', () => {
		const where = '.where(inArray(hops.status, legStatesBefore(to)))';
		expect(write(`await tx.update(hops).set({ status: to })${where};`)).toEqual([['src/store/a.ts:2 hops', true]]);
		expect(write("await tx.update(holds).set({ state: 'released' }).where(x);")).toEqual([['src/store/a.ts:2 holds', false]]);
		expect(write(`await tx.update(effects).set({ status: to })${where};`)).toEqual([['src/store/a.ts:2 effects', false]]);
		expect(write('await tx.insert(hops).values(x).onConflictDoUpdate({ target: hops.id, set: { status: to } });')).toHaveLength(1);
		expect(write("await tx.execute(sql`update hops set status = 'failed' where late`);")).toEqual([['src/store/a.ts:2 hops', false]]);
		expect(write('const change = changeOf(row);\nawait tx.update(routeBreakers).set({ ...values });')).toEqual([
			['src/store/a.ts:3 routeBreakers', true],
		]);
	});

	it('are no reads, no first states, and no other columns', () => {
		expect(write('await tx.update(hops).set({ seconds: 3 }).where(eq(hops.status, to));')).toEqual([]);
		expect(write("await tx.insert(hops).values({ status: 'planned' });")).toEqual([]);
		expect(write("await tx.execute(sql`select status from hops where status = 'failed'`);")).toEqual([]);
	});

	it('have one map per machine, and a table with a state and without one is told', () => {
		expect(mapsIn(source('src/a.ts', 'export const A_TRANSITIONS = {};'))).toEqual(['src/a.ts A_TRANSITIONS']);
		const table = (name: string, column: string) =>
			source('drizzle/schema/a.ts', `export const ${name} = pgTable('x', { ${column}: text() });`);
		expect(tablesWithoutMap([table('news', 'status'), table('hops', 'status'), table('invoices', 'hubStatus')])).toEqual([
			'drizzle/schema/a.ts news',
		]);
	});
});
