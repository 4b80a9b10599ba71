/** Where two answers, or the rows of two stores, are apart, in words: only what differs, and what to do about it. */
import { DrizzleQueryError } from 'drizzle-orm';
import { Refused } from '../store/memory.ts';

export type Answer = { readonly value: unknown } | { readonly error: unknown };

/** Answers in whose order little is promised: rows of the same key come in order, if any. */
const UNORDERED: Readonly<Record<string, (row: unknown) => string>> = {
	takeDue: text,
	endedWithOpenAllowances: text,
	positionsAwaiting: text,
	readHoldings: text,
	readEffectsOf: (row) => text((row as { ownerId: string }).ownerId),
};
const MOST_ROWS = 5;
const MOST_LETTERS = 300;

/** Null when both say the same. */
export function differenceOf(name: string, inMemory: Answer, inPostgres: Answer): string | null {
	const [one, other] = [saying(name, inMemory), saying(name, inPostgres)];
	if (one === other) return null;
	const [mine, its] = [rowsIn(inMemory), rowsIn(inPostgres)];
	const apart = mine === null || its === null ? null : rowsApart(mine, its);
	const isOrder = mine !== null && its !== null && apart === null;
	return apart ?? `${isOrder ? '  the same rows in another order\n' : ''}  memory:     ${short(one)}\n  PostgreSQL: ${short(other)}`;
}

/** Rows, in whatever order. Null when they are the same. */
export function rowsApart(inMemory: readonly object[], inPostgres: readonly object[]): string | null {
	const [mine, its] = [without(inMemory, inPostgres), without(inPostgres, inMemory)];
	const found: string[] = [];
	for (const row of mine) {
		const twin = takeTwin(its, row);
		found.push(twin === null ? `  memory alone has ${short(text(row))}` : columnsApart(row, twin));
	}
	found.push(...its.map((row) => `  PostgreSQL alone has ${short(text(row))}`));
	const more = found.length - MOST_ROWS;
	return found.length === 0 ? null : [...found.slice(0, MOST_ROWS), ...(more > 0 ? [`  and ${more} rows more`] : [])].join('\n');
}

/** What whoever reads this does next. Rows are written by several modules, so of them it is not known whose they are. */
export function whatToDo(module: string | null): string {
	return module === null
		? '  Each double writes what its original does: make the one in test/simulation/store that writes this do what src/store does.'
		: `  Make test/simulation/store/${module}.ts do what src/store/${module}.ts does.`;
}

function rowsIn(answer: Answer): readonly object[] | null {
	if (!('value' in answer)) return null;
	const rows: readonly unknown[] = Array.isArray(answer.value) ? answer.value : [answer.value];
	return rows.every(isRow) ? rows : null;
}

function isRow(value: unknown): value is object {
	return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Map);
}

/** Of two that are the same each takes one away. */
function without(rows: readonly object[], others: readonly object[]): object[] {
	const left = others.map(text);
	return rows.filter((row) => {
		const at = left.indexOf(text(row));
		if (at >= 0) left.splice(at, 1);
		return at < 0;
	});
}

/** The row of the same id, or where rows have none that has most in common; null when nothing has. */
function takeTwin(rows: object[], row: object): object | null {
	const isKeyed = 'id' in row;
	const likeness = (other: object) =>
		isKeyed && 'id' in other ? Number(text(row.id) === text(other.id)) : Object.keys(row).length - apart(row, other).length;
	const best = rows.reduce<object | null>(
		(known, other) => (likeness(other) > (known === null ? 0 : likeness(known)) ? other : known),
		null,
	);
	if (best !== null) rows.splice(rows.indexOf(best), 1);
	return best;
}

function apart(row: object, other: object): string[] {
	const [one, two] = [row as Record<string, unknown>, other as Record<string, unknown>];
	return [...new Set([...Object.keys(one), ...Object.keys(two)])].filter((key) => text(one[key]) !== text(two[key]));
}

/** As `id "0…3": status memory "open", PostgreSQL "gone"`. */
function columnsApart(row: object, other: object): string {
	const [one, two] = [row as Record<string, unknown>, other as Record<string, unknown>];
	const columns = apart(row, other).map((key) => `${key} memory ${words(one[key])}, PostgreSQL ${words(two[key])}`);
	const key = Object.keys(one).find((each) => !columns.some((column) => column.startsWith(`${each} `)));
	return `  ${key === undefined ? 'a row' : `${key} ${words(one[key])}`}: ${columns.join('; ')}`;
}

const words = (value: unknown) => (value === undefined ? 'nothing' : short(text(value)));

export function short(all: string): string {
	return all.length > MOST_LETTERS ? `${all.slice(0, MOST_LETTERS)}… (${all.length} letters)` : all;
}

/** The product draws the names of postings: here each has that of its first entry. */
export function postingsNamed(rows: readonly object[]): object[] {
	const first = new Map<string, bigint>();
	for (const { posting, id } of rows as readonly { posting?: string; id: bigint }[])
		if (posting !== undefined)
			first.set(
				posting,
				[first.get(posting) ?? id, id].reduce((one, other) => (one < other ? one : other)),
			);
	return rows.map((row) => ('posting' in row ? { ...row, posting: first.get(row.posting as string) } : row));
}

const sorted = (rows: readonly unknown[], keyOf = text) =>
	[...rows].sort((one, other) => keyOf(one).localeCompare(keyOf(other))).map((row) => text(row));

function saying(name: string, answer: Answer): string {
	if ('error' in answer) return `throws ${errorWords(answer.error)}`;
	const keyOf = UNORDERED[name];
	return keyOf === undefined || !Array.isArray(answer.value) ? text(answer.value) : sorted(answer.value, keyOf).join('; ');
}

/** The rule that is broken has another name in memory. */
function errorWords(error: unknown): string {
	if (error instanceof Refused || error instanceof DrizzleQueryError) return 'what a database throws';
	return error instanceof Error ? `${error.constructor.name}: ${error.message}` : String(error);
}

const INSTANT = /^\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?(\+00|Z)$/;

/** The same text for the same value: instants are written in two ways, and what is undefined is not there. */
export function text(value: unknown): string {
	return JSON.stringify(value, (_, each: unknown) => {
		if (typeof each === 'bigint') return `${each}n`;
		if (typeof each === 'function') return 'a function';
		if (typeof each === 'string' && INSTANT.test(each)) return new Date(each).toISOString();
		if (each instanceof Map) return [...each].sort();
		if (typeof each !== 'object' || each === null || Array.isArray(each)) return each;
		return Object.fromEntries(Object.entries(each).sort(([one], [other]) => (one < other ? -1 : 1)));
	});
}
