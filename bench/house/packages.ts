/** Which packages the project names, and who needs each of them. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { z } from 'zod';
import { nodesOf, type Part, ROOT, type Source } from './sources.ts';

/** Who needs a package: a part of the project, a command of `package.json`, or another package (for what is overridden). */
type Need = Part | 'commands' | 'packages';

interface Package {
	readonly name: string;
	/** Sorted; empty when nobody needs it. */
	readonly needs: readonly Need[];
}

const record = z.record(z.string(), z.string()).default({});
const manifest = z.object({
	...{ dependencies: record, devDependencies: record, optionalDependencies: record, overrides: record, scripts: record },
});
type Manifest = z.output<typeof manifest>;

const lock = z.object({ packages: z.record(z.string(), z.unknown()) });
const bins = z.object({ bin: z.union([z.string(), z.record(z.string(), z.string())]).default({}) });

/** Everything that the project's `package.json` names, in its order. */
export function readPackages(sources: readonly Source[]): Package[] {
	const installed = Object.keys(lock.parse(json('package-lock.json')).packages);
	return packagesOf(manifest.parse(json('package.json')), {
		sources,
		commandsOf,
		isInstalled: (name) => installed.some((path) => path.endsWith(`node_modules/${name}`)),
	});
}

interface Ground {
	readonly sources: readonly Source[];
	/** The commands that a package brings. */
	readonly commandsOf: (name: string) => readonly string[];
	readonly isInstalled: (name: string) => boolean;
}

export function packagesOf(
	{ dependencies, devDependencies, optionalDependencies, overrides, scripts }: Manifest,
	{ sources, commandsOf: commands, isInstalled }: Ground,
): Package[] {
	const mentions = sources.flatMap((source) => mentionsIn(source).map((mention) => ({ part: source.part, ...mention })));
	const words = new Set(Object.values(scripts).flatMap((script) => script.split(/\s+/)));
	const needsOf = (name: string): Need[] => {
		const parts = mentions.filter((each) => isOf(each, name)).map(({ part }) => part);
		const types = /^@types\/(.+)$/.exec(name)?.[1];
		return sorted([
			...parts,
			...(types === undefined ? [] : needsOf(types === 'node' ? 'node:' : types)),
			...(commands(name).some((command) => words.has(command)) ? (['commands'] as const) : []),
		]);
	};
	return [
		...Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies }).map((name) => ({ name, needs: needsOf(name) })),
		...Object.keys(overrides).map((name) => ({ name, needs: isInstalled(name) ? (['packages'] as const) : [] })),
	];
}

interface Mention {
	readonly text: string;
	/** A template whose text begins so; the machine decides how it goes on. */
	readonly isOpen: boolean;
}

/** What is imported or resolved, whole or a path in it; and templates that begin with a scope. */
function mentionsIn({ tree }: Source): Mention[] {
	return nodesOf(tree).flatMap((node): Mention[] => {
		if (ts.isTemplateExpression(node) && node.head.text.startsWith('@')) return [{ text: node.head.text, isOpen: true }];
		if (!ts.isStringLiteralLike(node)) return [];
		return isLoaded(node) || /^@[^/]+\/[^/]+\//.test(node.text) ? [{ text: node.text, isOpen: false }] : [];
	});
}

/** `from '…'`, `import('…')`, `….resolve('…')` and `createRequire(…)('…')`. */
function isLoaded({ parent }: ts.Node): boolean {
	if (ts.isImportDeclaration(parent) || ts.isExportDeclaration(parent)) return true;
	if (ts.isLiteralTypeNode(parent)) return ts.isImportTypeNode(parent.parent);
	return ts.isCallExpression(parent) && /^import$|\.resolve$|\bcreateRequire\(.*\)$/s.test(parent.expression.getText());
}

function isOf({ text, isOpen }: Mention, name: string): boolean {
	if (name === 'node:') return text.startsWith(name);
	return isOpen ? name.startsWith(text) && text.includes('/') : text === name || text.startsWith(`${name}/`);
}

function sorted(needs: readonly Need[]): Need[] {
	return [...new Set(needs)].sort();
}

function commandsOf(name: string): string[] {
	const file = `node_modules/${name}/package.json`;
	if (!existsSync(join(ROOT, file))) return [];
	const { bin } = bins.parse(json(file));
	return typeof bin === 'string' ? [name.replace(/^.*\//, '')] : Object.keys(bin);
}

function json(path: string): unknown {
	return JSON.parse(readFileSync(join(ROOT, path), 'utf8'));
}

/** Packages that a document's table names, with who it says needs each; the heading is that of the table's section. */
export function tableOf(document: string, heading: string): { readonly name: string; readonly needs: string; readonly reason: string }[] {
	const [, section = ''] = document.split(`\n## ${heading}\n`);
	return [...(section.split('\n## ')[0] ?? '').matchAll(/^\| `([^`]+)` \| ([^|]*) \| ([^|]*) \|$/gm)].map(
		([, name = '', needs = '', reason = '']) => ({ name, needs: needs.trim(), reason: reason.trim() }),
	);
}
