/** Who imports whom, and what is exported for nobody. */
import { posix } from 'node:path';
import ts from 'typescript';
import { nodesOf, type Source } from './sources.ts';

interface Arrow {
	readonly from: string;
	readonly to: string;
	/** Imported names; `*` for all of them. */
	readonly names: readonly string[];
}

/** Imports and re-exports of the project's own files. */
export function arrowsOf({ path, tree }: Source): Arrow[] {
	const said = tree.statements.flatMap((statement) => {
		if (!ts.isImportDeclaration(statement) && !ts.isExportDeclaration(statement)) return [];
		const { moduleSpecifier } = statement;
		if (moduleSpecifier === undefined || !ts.isStringLiteral(moduleSpecifier)) return [];
		return [{ specifier: moduleSpecifier.text, names: namesIn(statement) }];
	});
	const lazy = [...tree.text.matchAll(/\bimport\('(\.[^']+)'\)/g)].map(([, specifier = '']) => ({ specifier, names: ['*'] }));
	return [...said, ...lazy]
		.filter(({ specifier }) => specifier.startsWith('.'))
		.map(({ specifier, names }) => ({ from: path, to: posix.normalize(posix.join(posix.dirname(path), specifier)), names }));
}

function namesIn(statement: ts.ImportDeclaration | ts.ExportDeclaration): string[] {
	const bindings = ts.isImportDeclaration(statement) ? statement.importClause?.namedBindings : statement.exportClause;
	if (bindings === undefined || ts.isNamespaceImport(bindings) || ts.isNamespaceExport(bindings)) return ['*'];
	return bindings.elements.map((each) => (each.propertyName ?? each.name).text);
}

interface Export {
	readonly path: string;
	readonly name: string;
}

/** Whoever takes these imports nothing here: users of the cache its face, drizzle-kit the tables, the simulation its doubles of `src/store` and their pairs, vitest its set-up. */
const TAKEN_OTHERWISE =
	/^(src\/rebalance-cache\/index\.ts [A-Za-z]|drizzle\/schema\/\S+ [a-z]|test\/simulation\/(store\/|exam\/both\.ts paired$)|test\/setup\.ts setup$)/;
const isTakenOtherwise = ({ path, name }: Export) => TAKEN_OTHERWISE.test(`${path} ${name}`);

export function exportsOf({ path, tree }: Source): Export[] {
	return tree.statements.flatMap((statement) => {
		const isExported =
			ts.canHaveModifiers(statement) && ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);
		if (isExported !== true) return [];
		return declaredIn(statement).map((name) => ({ path, name }));
	});
}

function declaredIn(statement: ts.Statement): string[] {
	if (ts.isVariableStatement(statement)) {
		return statement.declarationList.declarations.flatMap(({ name }) =>
			ts.isIdentifier(name) ? [name.text] : name.elements.flatMap((each) => ('name' in each ? [each.name.getText()] : [])),
		);
	}
	const { name } = statement as ts.DeclarationStatement;
	return name === undefined ? [] : [name.getText()];
}

/** Exports that no other file imports, of files that others import at all: whoever is imported by nobody is an entry. */
export function unusedExports(sources: readonly Source[], arrows: readonly Arrow[]): string[] {
	const taken = new Map<string, Set<string>>();
	for (const { to, names } of arrows) taken.set(to, new Set([...(taken.get(to) ?? []), ...names]));
	return sources.flatMap(exportsOf).flatMap(({ path, name }) => {
		const names = taken.get(path);
		return names === undefined || names.has('*') || names.has(name) || isTakenOtherwise({ path, name }) ? [] : [`${path} ${name}`];
	});
}

/** Exports that only files of the tests import, and that nothing else in their own file names: what stands there for the tests alone. */
export function exportsForTests(product: readonly Source[], tests: readonly Arrow[], others: readonly Arrow[]): string[] {
	const taken = (arrows: readonly Arrow[], { path, name }: Export) =>
		arrows.some(({ to, names }) => to === path && (names.includes(name) || names.includes('*')));
	return product.flatMap((source) =>
		exportsOf(source)
			.filter((each) => taken(tests, each) && !taken(others, each) && !isTakenOtherwise(each))
			.filter(({ name }) => nodesOf(source.tree).filter((node) => ts.isIdentifier(node) && node.text === name).length === 1)
			.map(({ path, name }) => `${path} ${name}`),
	);
}

export interface Traffic {
	readonly path: string;
	readonly count: number;
}

/** The busiest first. */
export function busiest(arrows: readonly Arrow[], end: 'from' | 'to', how: number): Traffic[] {
	const others = new Map<string, Set<string>>();
	for (const arrow of arrows) {
		const [path, other] = end === 'from' ? [arrow.from, arrow.to] : [arrow.to, arrow.from];
		others.set(path, new Set([...(others.get(path) ?? []), other]));
	}
	return [...others]
		.map(([path, { size }]) => ({ path, count: size }))
		.sort((a, b) => b.count - a.count || (a.path < b.path ? -1 : 1))
		.slice(0, how);
}

/** Files that lead back to themselves, one list per knot of them; imports of types count as well. */
export function cyclesAmong(arrows: readonly Arrow[]): string[] {
	const next = new Map<string, string[]>();
	for (const { from, to } of arrows) next.set(from, [...(next.get(from) ?? []), to]);
	const reached = new Map([...next.keys()].map((path) => [path, reachedFrom(path, next)]));
	const knots = [...reached].flatMap(([path, others]) =>
		others.has(path)
			? [
					[...others]
						.filter((other) => reached.get(other)?.has(path) === true)
						.sort()
						.join(' ~ '),
				]
			: [],
	);
	return [...new Set(knots)];
}

function reachedFrom(path: string, next: ReadonlyMap<string, readonly string[]>): ReadonlySet<string> {
	const reached = new Set<string>();
	const open = [...(next.get(path) ?? [])];
	for (let each = open.pop(); each !== undefined; each = open.pop()) {
		if (reached.has(each)) continue;
		reached.add(each);
		open.push(...(next.get(each) ?? []));
	}
	return reached;
}
