/** Known mistakes of the field, each as a patch against this tree. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/** Who has to catch it: the simulation, or the interleavings of one part that the simulation puts something else in the place of. */
export const CATCHERS = ['simulation', 'outbox', 'endpoints'] as const;
export type Catcher = (typeof CATCHERS)[number];

export interface Bug {
	readonly name: string;
	/** The path of the patch. */
	readonly patch: string;
	/** What the mistake is and where it was seen: the lines before the first file. */
	readonly mistake: string;
	/** Named by the last of these lines; the simulation where none is. */
	readonly catcher: Catcher;
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
		const mistake = text.slice(0, text.search(/^--- a\//m)).trim();
		const [, named = 'simulation'] = /^Caught by: (\S+)\.$/m.exec(mistake) ?? [];
		const catcher = CATCHERS.find((each) => each === named);
		if (catcher === undefined) throw new Error(`${file} is caught by "${named}", and there are only ${CATCHERS.join(', ')}`);
		return { name: basename(file, '.patch'), patch, mistake, catcher, files };
	});
}
