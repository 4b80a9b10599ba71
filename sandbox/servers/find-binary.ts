import { accessSync, constants, statSync } from 'node:fs';
import { join } from 'node:path';
import { readEnvironment } from './environment.ts';

/** The first of `names` that can be executed from PATH, or null. */
export function findBinary(...names: readonly string[]): string | null {
	const folders = readEnvironment().path;
	return names.flatMap((name) => folders.map((folder) => join(folder, name))).find(isExecutable) ?? null;
}

export function isExecutable(path: string): boolean {
	try {
		accessSync(path, constants.X_OK);
		return statSync(path).isFile();
	} catch {
		return false;
	}
}
