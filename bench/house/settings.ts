/** What can be configured, and which of it nobody reads or no document names. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { z } from 'zod';
import { envSchema, fileSchema } from '../../src/config/schema.ts';
import { nodesOf, ROOT, type Source } from './sources.ts';

/** A key of the file as documents write it, or an environment variable, and where it would be read. */
interface Setting {
	/** `chains.<>.rpcUrls`, `routes[].origin`, `DATABASE_URL`. */
	readonly key: string;
	/** Folders that may read it; the schema of the file itself does not count. */
	readonly below: readonly string[];
}

const PRODUCT = ['src/', 'queues/', 'workers/'];
const SCHEMA = 'src/config/schema.ts';
const DOCUMENTS = ['docs/configuration.md', 'docs/bridges.md'];
/** Where environment variables are read by their names. */
const READERS = ['src/config/env.ts', 'sandbox/servers/environment.ts'];

/** Of the file, of every bridge and of the environment. */
export async function readSettings(sources: readonly Source[]): Promise<Setting[]> {
	const file = keysOf(fileSchema, '').map((key) => ({ key, below: PRODUCT }));
	const variables = new Set([
		...Object.keys(envSchema.shape),
		...sources.filter(({ path }) => READERS.includes(path)).flatMap(variablesIn),
	]);
	return [...file, ...(await bridgeSettings()), ...[...variables].map((key) => ({ key, below: [...PRODUCT, 'sandbox/'] }))];
}

const definition = z.object({ name: z.string(), settings: z.instanceof(z.ZodType), create: z.unknown() });

/** Each folder below `src/bridge` is a bridge, and what its adapter exports is checked as a definition. */
async function bridgeSettings(): Promise<Setting[]> {
	const found = readdirSync(join(ROOT, 'src/bridge'), { withFileTypes: true })
		.filter((each) => each.isDirectory() && existsSync(join(ROOT, 'src/bridge', each.name, 'adapter.ts')))
		.map(async ({ name: folder }) => {
			const loaded = (await import(`../../src/bridge/${folder}/adapter.ts`)) as Record<string, unknown>;
			const { name, settings } = Object.values(loaded).flatMap((each) => definition.safeParse(each).data ?? [])[0] ?? { name: folder };
			return keysOf(settings, `bridges.${name}`).map((key) => ({ key, below: [`src/bridge/${folder}/`, 'src/exchange/'] }));
		});
	return (await Promise.all(found)).flat();
}

/** The leaves below a schema: `<>` stands for the keys of a record, `[]` for the places of a list of objects. */
export function keysOf(schema: unknown, key: string): string[] {
	if (schema instanceof z.ZodObject)
		return Object.entries(schema.shape).flatMap(([name, each]) => keysOf(each, key === '' ? name : `${key}.${name}`));
	if (schema instanceof z.ZodRecord) return keysOf(schema.valueType, `${key}.<>`);
	if (schema instanceof z.ZodArray) {
		const keys = keysOf(schema.element, `${key}[]`);
		return keys.some((each) => !each.endsWith('[]')) ? keys : [key];
	}
	if (schema instanceof z.ZodUnion) return [...new Set(schema.options.flatMap((each) => keysOf(each, key)))];
	if (schema instanceof z.ZodPipe) return keysOf(schema.in, key);
	const isWrapped =
		schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault || schema instanceof z.ZodNullable;
	return isWrapped ? keysOf(schema.unwrap(), key) : [key];
}

function variablesIn({ tree }: Source): string[] {
	return nodesOf(tree).flatMap((node) =>
		ts.isPropertyAccessExpression(node) && /^[A-Z][A-Z_]+$/.test(node.name.text) && node.name.text !== 'PATH' ? [node.name.text] : [],
	);
}

/**
 * Settings whose name no code reads, by a property or a pattern. Names alone are compared: one that something else is called as well counts as read.
 */
export function unreadSettings(settings: readonly Setting[], sources: readonly Source[]): string[] {
	const readers = sources
		.filter(({ path, part }) => part !== 'tests' && path !== SCHEMA)
		.map((source) => ({ path: source.path, names: new Set(namesReadIn(source)) }));
	return settings
		.filter(
			({ key, below }) => !readers.some(({ path, names }) => below.some((folder) => path.startsWith(folder)) && names.has(nameOf(key))),
		)
		.map(({ key }) => key);
}

function namesReadIn({ tree }: Source): string[] {
	return nodesOf(tree).flatMap((node) => {
		if (ts.isPropertyAccessExpression(node)) return [node.name.text];
		return ts.isBindingElement(node) ? [(node.propertyName ?? node.name).getText()] : [];
	});
}

function nameOf(key: string): string {
	return (
		key
			.split('.')
			.findLast((each) => each !== '<>')
			?.replaceAll('[]', '') ?? key
	);
}

/** Settings that no table of the documents has a row for. */
export function untoldSettings(settings: readonly Setting[], documents: readonly string[] = DOCUMENTS.map(read)): string[] {
	const rows = documents.flatMap((document) => document.split('\n').filter((line) => line.startsWith('| `'))).map(rowOf);
	const told = new Set(rows.flatMap(({ keys }) => keys));
	const isTold = (key: string) =>
		told.has(key) || rows.some(({ keys, text }) => keys.some((each) => key === `${each}[].${nameOf(key)}`) && text.includes(nameOf(key)));
	return settings.map(({ key }) => key).filter((key) => !isTold(key) && !isMentioned(key, documents));
}

/** A variable that is for one purpose only stands in the text. */
function isMentioned(key: string, documents: readonly string[]): boolean {
	return /^[A-Z_]+$/.test(key) && documents.some((document) => document.includes(`\`${key}`));
}

/** The keys in the first cell of a row: `.x` behind another key is its neighbour. */
function rowOf(text: string): { readonly keys: readonly string[]; readonly text: string } {
	const cell = text.split(' | ', 1)[0] ?? '';
	const keys: string[] = [];
	for (const [, key = ''] of cell.matchAll(/`([^`]+)`/g))
		keys.push(
			(key.startsWith('.') ? `${(keys.at(-1) ?? '').replace(/\.[^.]+$/, '')}${key}` : key).replace(/<\w+>/g, '<>').replace(/\[\]$/, ''),
		);
	return { keys, text };
}

function read(path: string): string {
	return readFileSync(join(ROOT, path), 'utf8');
}
