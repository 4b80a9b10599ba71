/** The state of the house in figures, and how bad each of them may get. */
import { quantile, rounded } from '../statistics.ts';
import { functionsOf, untypedThrowsIn } from './functions.ts';
import { arrowsOf, busiest, cyclesAmong, exportsForTests, type Traffic, unusedExports } from './imports.ts';
import { readPackages } from './packages.ts';
import { readSettings, unreadSettings, untoldSettings } from './settings.ts';
import { type Part, readSources, type Source } from './sources.ts';
import { mapsIn, stateWritesIn, tablesWithoutMap } from './states.ts';
import { readTimes, type Times } from './times.ts';
import { twinsAmong } from './twins.ts';

export interface Figure {
	readonly name: string;
	readonly value: number;
	/** From here on it is too much. */
	readonly limit: number;
	/** The places that make it what it is; the worst first. */
	readonly places: readonly string[];
}

export interface House {
	readonly figures: readonly Figure[];
	readonly importMost: readonly Traffic[];
	readonly importedMost: readonly Traffic[];
}

export interface BenchLine {
	readonly bench: 'house';
	readonly figures: Readonly<Record<string, number>>;
}

const SHOWN = 5;
const SHOWN_OF_LISTS = 12;
/** A limit is what is reached, with a little room; it is only ever lowered. */
export const LIMITS = {
	functionP50: 10,
	functionP99: 60,
	functionMax: 70,
	fileP50: 80,
	fileP99: 260,
	fileMax: 300,
	untypedThrows: 0,
	unusedExports: 0,
	exportsForTests: 2,
	twins: 0,
	testTwins: 7,
	testFileMax: 300,
	cycles: 0,
	unusedDependencies: 0,
	unreadSettings: 0,
	untoldSettings: 0,
	stateWrites: 21,
	stateFiles: 12,
	stateWritesPastMap: 9,
	stateMaps: 9,
	statesWithoutMap: 0,
	testSecondsMax: 450,
};

/** Of the tree as it is now; and of the last whole run of the tests, when `times` are given. */
export async function measureHouse(times: Times | null): Promise<House> {
	const sources = readSources();
	const of = (...parts: readonly Part[]) => sources.filter(({ part }) => parts.includes(part));
	const product = of('product');
	const house = of('product', 'sandbox');
	const arrows = sources.flatMap(arrowsOf);
	const inside = product.flatMap(arrowsOf);
	return {
		figures: [
			...lengthFigures(
				'function',
				house.flatMap(functionsOf).map(({ path, line, name, lines }) => ({ place: `${path}:${line} ${name}`, lines })),
			),
			...lengthFigures(
				'file',
				house.map(({ path, lines }) => ({ place: path, lines })),
			),
			listed('untypedThrows', product.flatMap(untypedThrowsIn)),
			listed('unusedExports', unusedExports(sources, arrows)),
			listed('exportsForTests', exportsForTests(product, of('tests').flatMap(arrowsOf), house.flatMap(arrowsOf))),
			listed('twins', twinsAmong(house)),
			listed('testTwins', twinsAmong(of('tests'))),
			longest('testFileMax', of('tests')),
			listed('cycles', cyclesAmong(house.flatMap(arrowsOf))),
			...(await needFigures(sources)),
			...stateFigures(product),
			...(times === null ? [] : [slowest(times)]),
		],
		importMost: busiest(inside, 'from', SHOWN),
		importedMost: busiest(inside, 'to', SHOWN),
	};
}

/** What is named and needed by nobody, or needed and named nowhere. */
async function needFigures(sources: readonly Source[]): Promise<Figure[]> {
	const settings = await readSettings(sources);
	const unused = readPackages(sources).filter(({ needs }) => needs.length === 0);
	return [
		listed(
			'unusedDependencies',
			unused.map(({ name }) => name),
		),
		listed('unreadSettings', unreadSettings(settings, sources)),
		listed('untoldSettings', untoldSettings(settings)),
	];
}

function stateFigures(product: readonly Source[]): Figure[] {
	const writes = product.flatMap(stateWritesIn);
	const past = writes.filter(({ isByMap }) => !isByMap);
	return [
		listed(
			'stateWrites',
			writes.map(({ place }) => place),
		),
		listed('stateFiles', [...new Set(writes.map(({ path }) => path))]),
		listed(
			'stateWritesPastMap',
			past.map(({ place }) => place),
		),
		listed('stateMaps', product.flatMap(mapsIn)),
		listed('statesWithoutMap', tablesWithoutMap(product)),
	];
}

export function slowest({ seconds, endedAt }: Times): Figure {
	const all = Object.entries(seconds).sort(([, a], [, b]) => b - a);
	return {
		name: 'testSecondsMax',
		value: all[0]?.[1] ?? 0,
		limit: LIMITS.testSecondsMax,
		places: [`whole run that ended at ${endedAt}`, ...all.slice(0, SHOWN_OF_LISTS).map(([path, each]) => `${path} (${each} s)`)],
	};
}

interface Length {
	readonly place: string;
	readonly lines: number;
}

function lengthFigures(what: 'function' | 'file', all: readonly Length[]): Figure[] {
	const lines = all.map((each) => each.lines);
	const places = [...all].sort((a, b) => b.lines - a.lines).map((each) => `${each.place} (${each.lines})`);
	const figure = (name: keyof typeof LIMITS, value: number): Figure => ({
		name,
		value,
		limit: LIMITS[name],
		places: places.slice(0, SHOWN),
	});
	return [
		figure(`${what}P50`, rounded(quantile(lines, 0.5), 0)),
		figure(`${what}P99`, rounded(quantile(lines, 0.99), 0)),
		figure(`${what}Max`, Math.max(...lines)),
	];
}

function listed(name: keyof typeof LIMITS, places: readonly string[]): Figure {
	return { name, value: places.length, limit: LIMITS[name], places: places.slice(0, SHOWN_OF_LISTS) };
}

function longest(name: keyof typeof LIMITS, sources: readonly Source[]): Figure {
	const all = [...sources].sort((a, b) => b.lines - a.lines);
	return {
		name,
		value: all[0]?.lines ?? 0,
		limit: LIMITS[name],
		places: all.slice(0, SHOWN).map(({ path, lines }) => `${path} (${lines})`),
	};
}

/** What is worse than its limit. */
export function missesOf({ figures }: House): string[] {
	return figures
		.filter(({ value, limit }) => value > limit)
		.map(({ name, value, limit, places }) => `${name} is ${value}, and at most ${limit}: ${places.join('; ')}`);
}

export async function benchHouse({
	write,
}: {
	readonly write: (text: string) => void;
}): Promise<{ line: BenchLine; misses: readonly string[] }> {
	const times = readTimes();
	const house = await measureHouse(times);
	for (const { name, value, limit, places } of house.figures) write(`${name}: ${value} (at most ${limit})\n    ${places.join('\n    ')}`);
	for (const [title, list] of [
		['imports most', house.importMost],
		['imported most', house.importedMost],
	] as const)
		write(`${title}: ${list.map(({ path, count }) => `${path} ${count}`).join(', ')}`);
	if (times === null) write('testSecondsMax: not measured: there was no whole run of `npm test` here');
	return {
		line: { bench: 'house', figures: Object.fromEntries(house.figures.map(({ name, value }) => [name, value])) },
		misses: missesOf(house),
	};
}
