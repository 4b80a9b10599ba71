/**
 * What no other tool sees. Every check answers with lines like `path:12: what is wrong`, and each is shown a breach first,
 * so that a check gone blind fails here.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';

const ROOT = resolve(import.meta.dirname, '..');
const TEXT = /(\.(ts|cjs|mjs|js|json|jsonc|md|ya?ml|sql|sol|html|css|sh|example)|\/run|Dockerfile|Procfile|LICENSE|\.\w*ignore|\.npmrc)$/;
/** This file spells out what it looks for. */
const SELF = 'test/tidy.test.ts';
const PRODUCT = /^(src|queues|workers)\//;

interface File {
	readonly path: string;
	readonly text: string;
}

const list = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: ROOT, encoding: 'utf8' });
const paths = [...new Set(list.split('\n'))].filter((path) => path !== '' && existsSync(join(ROOT, path)));
const files: readonly File[] = paths
	.filter((path) => TEXT.test(path))
	.map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }));

interface LineRule {
	readonly what: string;
	readonly applies: (path: string) => boolean;
	readonly pattern: RegExp;
	/** A path and a line that must be caught. */
	readonly breaches: readonly (readonly [path: string, line: string])[];
}

const MONEY = 'scaling amounts belongs to src/money: use parseAmount, formatAmount, rescale';
const scales = (path: string) => PRODUCT.test(path) && !path.startsWith('src/money/');
const any = (path: string) => path !== 'package-lock.json';

const LINE_RULES: readonly LineRule[] = [
	{
		what: MONEY,
		applies: scales,
		pattern: /\b(parse|format)(Units|Ether|Gwei)\b/,
		breaches: [['src/plan/x.ts', 'const units = parseUnits(text, 6);']],
	},
	{
		what: `a power of ten; ${MONEY}; of basis points parseBps and applyRate of src/money/rate.ts`,
		applies: scales,
		pattern: /\b10n?\s*\*\*|\b1e\d|Math\.pow\(\s*10\b|\b1(0{3,}|0{0,2}(_000)+)n\b/,
		breaches: [
			['src/plan/x.ts', 'return units * 10n ** 12n;'],
			['workers/x.ts', 'return ratio * 1e6;'],
			['queues/x.ts', 'const one = 1_000_000n;'],
			['src/leg/x.ts', 'const bps = 10_000n;'],
		],
	},
	{
		what: 'a float; amounts are bigints from end to end',
		applies: scales,
		pattern:
			/\bparseFloat\b|\.toFixed\(|\bNumber\([^)]*(amount|units|balance|reserve|confirmed|held|send|receive|minimum|maximum|fee|wei)/i,
		breaches: [
			['src/plan/x.ts', 'const share = Number(leg.amount) / 3;'],
			['src/store/x.ts', 'const rate = Number.parseFloat(text);'],
		],
	},
	{
		what: 'a credential in a migration',
		applies: (path) => path.startsWith('drizzle/'),
		pattern: /\bpassword\s+'|\bcreate\s+(role|user)\b/i,
		breaches: [['drizzle/migrations/x.sql', "CREATE ROLE reader PASSWORD 'secret';"]],
	},
	{
		what: 'a path of one machine',
		applies: any,
		pattern: /(^|[\s"'`(=:])\/(work|root|tmp|home|Users)\/\w/,
		breaches: [['docs/x.md', 'see /home/somebody/file']],
	},
	{
		what: 'a package registry host; leave the choice to the machine',
		applies: () => true,
		pattern: /"resolved":\s*"https?:|^\s*(@\w+:)?registry\s*=|registry\.(npmjs|yarnpkg)/,
		breaches: [['package-lock.json', '  "resolved": "https://packages.example/x.tgz",']],
	},
	{
		what: 'a test that is left out, or leaves others out',
		applies: (path) => path.startsWith('test/'),
		pattern: /\b(test|it|describe|suite)(\.\w+)*\.(only|skip|todo|fails|skipIf|runIf)\(/,
		breaches: [['test/x.test.ts', "test.skip('later', () => {});"]],
	},
	{
		what: 'work left for later; open an issue instead',
		applies: any,
		pattern: /\b(TODO|FIXME|XXX)\b/,
		breaches: [['src/x.ts', '// TODO: finish']],
	},
	{
		what: 'a suppression without its reason on the same line',
		applies: any,
		pattern:
			/biome-ignore(-\w+)?(?! lint\/\w+\/\w+: .{10,}| format: .{10,})|@ts-(ignore|nocheck)|@ts-expect-error(?! .{10,})|eslint-disable/,
		breaches: [['src/x.ts', '// biome-ignore lint/style/noProcessEnv: why']],
	},
];

function isComment(path: string, line: string): boolean {
	return PRODUCT.test(path) && /^\s*(\/\/|\/?\*)/.test(line);
}

function lineBreaches({ what, applies, pattern }: LineRule, { path, text }: File): string[] {
	if (!applies(path) || path === SELF) return [];
	const overComments = what.startsWith('a suppression') || what.startsWith('work left') || what.startsWith('a path');
	return text.split('\n').flatMap((line, index) => {
		const breach = pattern.test(line) && (overComments || !isComment(path, line));
		return breach ? [`${path}:${index + 1}: ${what}`] : [];
	});
}

function sizeBreaches({ path, text }: File): string[] {
	const lines = text.trimEnd().split('\n').length;
	const [most, instead] = path.startsWith('workers/')
		? [60, 'what it decides belongs in a step of src/steps, how it runs in another file of workers/']
		: [300, 'what stands for itself belongs in a file of its own'];
	return lines > most ? [`${path}:${most + 1}: ${lines} lines, where ${most} are the most: ${instead}`] : [];
}

const ROOMS_WITHOUT_SOURCE = [
	...['conformance', 'simulation', 'scenarios', 'faults', 'planted', 'e2e', 'queues', 'workers', 'drizzle', 'sandbox', 'bench', 'setup'],
];
const LONE_TESTS = ['arrows', 'deploy', 'tidy'];

function mirrorBreaches(path: string): string[] {
	const [, room = '', rest] = path.split('/');
	if (!path.startsWith('test/') || !path.endsWith('.test.ts')) return [];
	const name = room.replace('.test.ts', '');
	const source =
		rest === undefined ? LONE_TESTS.includes(name) || existsSync(join(ROOT, 'src', `${name}.ts`)) : ROOMS_WITHOUT_SOURCE.includes(room);
	return source || existsSync(join(ROOT, 'src', room)) ? [] : [`${path}:1: mirrors nothing: there is no src/${room}`];
}

/** Relative targets of the links in a document, from the root of the project, with the line they stand on. */
function links({ path, text }: File): { readonly line: number; readonly target: string }[] {
	return text.split('\n').flatMap((line, index) =>
		[...line.matchAll(/\]\(([^)\s#]+)[^)]*\)/g)]
			.map((match) => match[1] ?? '')
			.filter((target) => !/^[a-z]+:/i.test(target))
			.map((target) => ({ line: index + 1, target: normalize(join(dirname(path), target)).replace(/\/$/, '') })),
	);
}

function linkBreaches(file: File): string[] {
	return links(file).flatMap(({ line, target }) =>
		existsSync(join(ROOT, target)) ? [] : [`${file.path}:${line}: ${target} does not exist`],
	);
}

/** Documents that no other document leads to; a link to a folder leads to all that is in it. */
function lostDocuments(documents: readonly File[]): string[] {
	const led = documents.flatMap((document) => links(document).map(({ target }) => ({ from: document.path, target })));
	return documents
		.filter(({ path }) => path.startsWith('docs/'))
		.filter(({ path }) => !led.some(({ from, target }) => from !== path && (target === path || target === dirname(path))))
		.map(({ path }) => `${path}:1: no other document links here`);
}

function decisionBreaches(decisions: readonly File[]): string[] {
	return [...decisions]
		.sort((a, b) => a.path.localeCompare(b.path))
		.flatMap(({ path, text }, index) => {
			const number = String(index + 1).padStart(4, '0');
			const missing = ['## Context', '## Decision', '## Consequences', '## Refused'].filter((part) => !text.includes(`\n${part}\n`));
			return [
				...(path.startsWith(`docs/adr/${number}-`) ? [] : [`${path}:1: the number should be ${number}: each once, none left out`]),
				...(text.startsWith(`# ${number} `) ? [] : [`${path}:1: the title should begin with "# ${number} "`]),
				...(/^Status: (accepted|replaced by \d{4})$/m.test(text) ? [] : [`${path}:3: no "Status: accepted" or "replaced by NNNN"`]),
				...missing.map((part) => `${path}:1: no "${part}"`),
			];
		});
}

/** Proofs named in a document, as `test/x.test.ts: title` or `scenario: name`, that are nowhere to be found. */
function proofBreaches({ path, text }: File): string[] {
	const textOf = (proof: string) => files.find((file) => file.path === proof)?.text ?? '';
	const scenarios = files.filter((file) => file.path.startsWith('test/scenarios/cases/')).map((file) => file.text);
	return text.split('\n').flatMap((line, index) => {
		const tests = [...line.matchAll(/`(test\/[^:`]+): ([^`]+)`/g)].filter(([, file = '', title = '']) => !textOf(file).includes(title));
		const named = [...line.matchAll(/`scenario: ([^`]+)`/g)].filter(
			([, name]) => !scenarios.some((each) => each.includes(`name: '${name}'`)),
		);
		return [...tests, ...named].map(([proof]) => `${path}:${index + 1}: ${proof} does not exist`);
	});
}

const sources = files.filter(({ path }) => /\.(ts|cjs|mjs|sol)$/.test(path));
const documents = files.filter(({ path }) => path.endsWith('.md'));
const decisions = documents.filter(({ path }) => path.startsWith('docs/adr/'));

describe('every file is free of', () => {
	test.each(LINE_RULES)('$what', (rule) => {
		for (const [path, text] of rule.breaches) expect(lineBreaches(rule, { path, text }), `unseen: ${text}`).toHaveLength(1);
		expect(files.flatMap((file) => lineBreaches(rule, file))).toEqual([]);
	});

	test('growth beyond 300 lines, and a worker beyond 60', () => {
		const long = 'src/x.ts:301: 301 lines, where 300 are the most: what stands for itself belongs in a file of its own';
		expect(sizeBreaches({ path: 'src/x.ts', text: 'x\n'.repeat(301) })).toEqual([long]);
		expect(sizeBreaches({ path: 'workers/x.ts', text: 'x\n'.repeat(61) }).join()).toMatch(/60 are the most: .*src\/steps.*workers\//);
		expect(sizeBreaches({ path: 'src/x.ts', text: 'x\n'.repeat(300) })).toEqual([]);
		expect(sources.flatMap(sizeBreaches)).toEqual([]);
	});
});

test('the list of files is the real one', () => {
	expect(paths).toContain('src/money/units.ts');
	expect(sources.length).toBeGreaterThan(20);
});

test('every test mirrors a room of the product, or stands in a known one', () => {
	expect(mirrorBreaches('test/nowhere/x.test.ts')).toHaveLength(1);
	expect(mirrorBreaches('test/nothing.test.ts')).toHaveLength(1);
	expect(mirrorBreaches('test/money/units.test.ts')).toEqual([]);
	expect(paths.flatMap(mirrorBreaches)).toEqual([]);
});

describe('the documents', () => {
	test('link to what exists', () => {
		expect(linkBreaches({ path: 'docs/x.md', text: 'a\n[b](../nowhere.md#c)' })).toEqual(['docs/x.md:2: nowhere.md does not exist']);
		expect(linkBreaches({ path: 'docs/x.md', text: '[b](../package.json) [c](https://example.org/x) [d](#e)' })).toEqual([]);
		expect(documents.flatMap(linkBreaches)).toEqual([]);
	});

	test('are all reached from another one', () => {
		const lost = { path: 'docs/lost.md', text: '[myself](lost.md)' };
		const found = { path: 'docs/adr/0001-x.md', text: '' };
		expect(lostDocuments([lost, found, { path: 'README.md', text: '[why](docs/adr/)' }])).toEqual([
			'docs/lost.md:1: no other document links here',
		]);
		expect(lostDocuments(documents)).toEqual([]);
	});

	test('name only proofs that exist', () => {
		const text = 'a `test/errors.test.ts: no such title`\n`scenario: none` `test/tidy.test.ts: link to what exists`';
		expect(proofBreaches({ path: 'docs/x.md', text })).toHaveLength(2);
		expect(documents.flatMap(proofBreaches)).toEqual([]);
	});

	test('number each decision once, leave no number out, and say what was decided, why, and what was refused', () => {
		const text = '# 0001 Title\n\nStatus: accepted\n\n## Context\n\n## Decision\n\n## Consequences\n\n## Refused\n';
		expect(decisionBreaches([{ path: 'docs/adr/0001-title.md', text }])).toEqual([]);
		const twice = ['docs/adr/0001-a.md', 'docs/adr/0001-b.md'].map((path) => ({ path, text }));
		expect(decisionBreaches(twice).join('\n')).toMatch(/0001-b\.md:1: the number should be 0002/);
		expect(decisionBreaches([{ path: 'docs/adr/0001-title.md', text: '# 0001 Title\n' }])).toHaveLength(5);
		expect(decisions.length).toBeGreaterThan(0);
		expect(decisionBreaches(decisions)).toEqual([]);
	});
});
