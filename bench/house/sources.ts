/** The project's own TypeScript, parsed: what is measured of the house. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import ts from 'typescript';

export const ROOT = resolve(import.meta.dirname, '../..');

/** What runs in production, what stands in for the outside, and what asks questions of both. */
export type Part = 'product' | 'sandbox' | 'tests';

const PARTS: readonly (readonly [part: Part, pattern: RegExp])[] = [
	['product', /^(src|queues|workers|drizzle\/schema)\//],
	['sandbox', /^sandbox\//],
	['tests', /^(test|bench)\//],
];

export interface Source {
	/** From the project's folder. */
	readonly path: string;
	readonly part: Part;
	readonly text: string;
	readonly lines: number;
	readonly tree: ts.SourceFile;
}

/** Everything that git knows or would take, and that is still there. */
export function readSources(): Source[] {
	const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.ts'], { cwd: ROOT, encoding: 'utf8' });
	return [...new Set(listed.split('\n'))].flatMap((path) => {
		const part = PARTS.find(([, pattern]) => pattern.test(path))?.[0];
		return part === undefined || !existsSync(join(ROOT, path)) ? [] : [parsed(path, part)];
	});
}

function parsed(path: string, part: Part): Source {
	const text = readFileSync(join(ROOT, path), 'utf8');
	const tree = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
	return { path, part, text, lines: text.trimEnd().split('\n').length, tree };
}

/** The node and everything below it, in the order of the text. */
export function nodesOf(node: ts.Node): ts.Node[] {
	const found: ts.Node[] = [];
	const visit = (each: ts.Node): void => {
		found.push(each);
		ts.forEachChild(each, visit);
	};
	visit(node);
	return found;
}
