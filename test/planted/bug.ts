/** Known mistakes of the field, each as a patch against this tree. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

export interface Bug {
	readonly name: string;
	/** The path of the patch. */
	readonly patch: string;
	/** What the mistake is and where it was seen: the lines before the first file. */
	readonly mistake: string;
	/** What it changes: paths below the root. */
	readonly files: readonly string[];
}

const HERE = new URL('.', import.meta.url).pathname;

/** All of them, in the order of their numbers. */
export function readBugs(): Bug[] {
	const patches = readdirSync(HERE).filter((file) => file.endsWith('.patch'));
	return patches.sort().map((file) => {
		const patch = join(HERE, file);
		const text = readFileSync(patch, 'utf8');
		const files = [...text.matchAll(/^\+\+\+ b\/(\S+)$/gm)].map(([, path = '']) => path);
		return { name: basename(file, '.patch'), patch, mistake: text.slice(0, text.search(/^--- a\//m)).trim(), files };
	});
}
