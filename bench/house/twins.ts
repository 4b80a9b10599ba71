/** Runs of lines that stand in two files, word by word. */
import ts from 'typescript';
import type { Source } from './sources.ts';

/** Fewer are how everybody writes it. */
const RUN = 6;
/** Lone brackets say nothing. */
const IDLE = /^([\])}([{,;]*$|\/?\*|\/\/)/;

/** Pairs of files that share a run, each pair once; imports, comments and empty lines left out. */
export function twinsAmong(sources: readonly Source[]): string[] {
	const places = new Map<string, string>();
	const pairs = new Set<string>();
	for (const { path, tree } of sources) {
		const lines = tree.statements
			.filter((statement) => !ts.isImportDeclaration(statement))
			.map((statement) => statement.getText(tree))
			.join('\n')
			.split('\n')
			.map((line) => line.trim())
			.filter((line) => line !== '' && !IDLE.test(line));
		for (let from = 0; from + RUN <= lines.length; from += 1) {
			const run = lines.slice(from, from + RUN).join('\n');
			const other = places.get(run);
			if (other === undefined) places.set(run, path);
			else if (other !== path) pairs.add(`${other} ~ ${path}`);
		}
	}
	return [...pairs].sort();
}
