/** What has been played so far, by whom it may concern: `docs/faults.json` has a row for each recorded call, and `docs/faults.md` shows them as a table. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { type Figures, SEEDS } from './figures.ts';

const ROOT = new URL('../..', import.meta.url).pathname;
const LEDGER = { file: join(ROOT, 'docs/faults.json'), page: join(ROOT, 'docs/faults.md') };
/** The table stands between these lines of the page. */
const MARKS = ['<!-- played: made by npm run faults -- --record -->', '<!-- /played -->'] as const;
/** Without a failure in N independent runs, fewer than 3 in N fail, with 95 % confidence. */
const RULE_OF_THREE = 3;

const row = z.strictObject({
	/** Of the tree that was played; "+" where files of the product differed from it. */
	commit: z.string(),
	layer: z.enum(['sim', 'process']),
	/** Of processes: what it was about. */
	suite: z.enum(['usual', 'exchange']).default('usual'),
	/** The first; the others follow from it. */
	seed: z.int().min(0),
	runs: z.int().min(1),
	violations: z.int(),
	stuck: z.int(),
	hardware: z.string(),
	/** When it was begun. */
	at: z.iso.datetime(),
});
type Played = z.output<typeof row>;

type Place = typeof LEDGER;

/** The page has lost the lines between which the table stands. */
export class NoPlaceError extends Error {}

/** Empty when nothing was recorded yet. Throws on a file of another shape. */
export function readPlayed({ file }: Pick<Place, 'file'> = LEDGER): Played[] {
	return existsSync(file) ? z.array(row).parse(JSON.parse(readFileSync(file, 'utf8'))) : [];
}

type Campaign = Pick<Played, 'layer' | 'suite'>;

/** The seed after the last recorded one of a campaign; `first` when there is none. */
export function nextSeed(played: readonly Played[], { layer, suite }: Campaign, first: number): number {
	const last = played.findLast((each) => each.layer === layer && each.suite === suite);
	return last === undefined ? first : (last.seed + last.runs) % SEEDS;
}

/** Writes the figures of one call, and again whenever they have grown. Throws `NoPlaceError`. */
export function openRecord(suite: Played['suite'], place: Place = LEDGER): (figures: Figures) => void {
	const known = { commit: commitOf(), hardware: hardwareOf(), at: new Date().toISOString() };
	readPage(place);
	return ({ layer, seed, runs, violations, stuck }) => {
		if (runs === 0) return;
		const others = readPlayed(place).filter(({ at }) => at !== known.at);
		const all = [...others, { ...known, layer, suite, seed, runs, violations, stuck }];
		writeFileSync(place.file, `${JSON.stringify(all, null, '\t')}\n`);
		const { before, after } = readPage(place);
		writeFileSync(place.page, `${before}${MARKS[0]}\n\n${tableOf(all)}\n\n${MARKS[1]}${after}`);
	};
}

/** Markdown: a row for each call, and below it what all of a layer together say. */
function tableOf(played: readonly Played[]): string {
	const rows = played.map(({ commit, layer, suite, seed, runs, violations, stuck, hardware, at }) =>
		[at.slice(0, 10), commit, nameOf({ layer, suite }), `${seed} to ${(seed + runs - 1) % SEEDS}`, runs, violations, stuck, hardware].join(
			' | ',
		),
	);
	const names = [...new Set(played.map(nameOf))];
	const sums = names.flatMap((layer) => {
		const runs = sumOf(played, layer, 'runs');
		const failed = sumOf(played, layer, 'violations') + sumOf(played, layer, 'stuck');
		if (runs === 0) return [];
		const bound = `fewer than 1 in ${Math.floor(runs / RULE_OF_THREE)} fail, with 95 % confidence`;
		return [`${layer}: ${runs} runs, of which ${failed} have failed${failed === 0 && runs >= RULE_OF_THREE ? `: ${bound}` : ''}.`];
	});
	const head = ['day', 'commit', 'layer', 'seeds', 'runs', 'violations', 'stuck', 'hardware'];
	const lines = [head.join(' | '), head.map(() => '---').join(' | '), ...rows].map((line) => `| ${line} |`);
	return [...lines, '', ...sums].join('\n');
}

/** A suite is told where it is not the usual one. */
function nameOf({ layer, suite }: Campaign): string {
	return suite === 'usual' ? layer : `${layer}, ${suite}`;
}

function sumOf(played: readonly Played[], name: string, key: 'runs' | 'violations' | 'stuck'): number {
	return played.filter((each) => nameOf(each) === name).reduce((sum, each) => sum + each[key], 0);
}

function readPage({ page }: Pick<Place, 'page'>): { readonly before: string; readonly after: string } {
	const text = readFileSync(page, 'utf8');
	const [from, to] = [text.indexOf(MARKS[0]), text.indexOf(MARKS[1])];
	if (from === -1 || to < from) throw new NoPlaceError(`${page} has no place for the table: the lines "${MARKS[0]}" and "${MARKS[1]}"`);
	return { before: text.slice(0, from), after: text.slice(to + MARKS[1].length) };
}

function commitOf(): string {
	const git = (...args: string[]) => execFileSync('git', args, { cwd: ROOT, encoding: 'utf8' }).trim();
	return `${git('rev-parse', '--short', 'HEAD')}${git('status', '--porcelain', '--', 'src', 'queues', 'workers', 'drizzle') === '' ? '' : '+'}`;
}

function hardwareOf(): string {
	return `${availableParallelism()} cores, ${cpus()[0]?.model.trim() ?? process.arch}`;
}
