/** Folders below the root, where packages are found, for code that is made while something runs. */
import { mkdirSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { startReaper } from './reaper.ts';

const PLACE = new URL('../../.ballast', import.meta.url).pathname;

/** Whoever asks removes it. */
export function makeScratch(name: string): string {
	mkdirSync(PLACE, { recursive: true });
	return mkdtempSync(join(PLACE, `${name}-`));
}

/** It goes when this process ends, in whatever way: one that is ended by a signal runs none of its own code any more. */
export function scratchOfProcess(name: string): string {
	const folder = makeScratch(name);
	void startReaper({ signal: 'KILL', folder });
	return folder;
}
