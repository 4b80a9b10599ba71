/** A copy of the tree with one bug in it. */
import { execFile } from 'node:child_process';
import { cpSync, readFileSync, rmSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { makeScratch } from '../../sandbox/servers/scratch.ts';
import { errorText } from '../../src/errors.ts';
import { bundleSimulator } from '../simulation/load.ts';
import type { Bug, Catcher } from './bug.ts';

const ROOT = join(new URL('.', import.meta.url).pathname, '../..');
const THREADS: Readonly<Record<Catcher, string>> = {
	simulation: 'test/planted/thread.ts',
	outbox: 'test/planted/outbox-thread.ts',
	endpoints: 'test/planted/endpoints-thread.ts',
};
/** What the threads are made of. */
const COPIED = ['src', 'queues', 'workers', 'drizzle', 'test/simulation', 'test/faults/random.ts', ...Object.values(THREADS)];

/** Calls `use` with a copy in which the bug is, and removes it afterwards. Throws, naming the bug, when the patch does not apply. */
export async function withPlanted<T>(bug: Bug, use: (copy: string) => Promise<T>): Promise<T> {
	const copy = makeScratch('planted');
	try {
		for (const part of COPIED) cpSync(join(ROOT, part), join(copy, part), { recursive: true });
		await apply(bug, copy);
		return await use(copy);
	} finally {
		rmSync(copy, { recursive: true, force: true });
	}
}

/** The file of a thread that plays seeds on the copy. */
export async function bundleCopy(copy: string, catcher: Catcher): Promise<string> {
	const folder = join(copy, 'bundle');
	const thread = THREADS[catcher];
	if (catcher === 'simulation') await bundleSimulator({ root: copy, entries: [thread], folder });
	else await bundleReal(join(copy, thread), folder);
	return join(folder, basename(thread).replace('.ts', '.mjs'));
}

/** With the store on PostgreSQL, and packages as they are installed. */
async function bundleReal(entry: string, outdir: string): Promise<void> {
	await build({
		...{ entryPoints: [entry], outdir, outExtension: { '.js': '.mjs' } },
		...{ bundle: true, platform: 'node', target: 'node20', format: 'esm', packages: 'external', logLevel: 'error' },
	});
}

async function apply({ name, patch, files }: Bug, copy: string): Promise<void> {
	try {
		// Inside a repository paths are those below its root, not below the working directory. One line around a change is enough to
		// find its place: neighbours may change without the bug being another one.
		await promisify(execFile)('git', ['apply', '-C1', `--directory=${relative(ROOT, copy)}`, patch], { cwd: ROOT });
	} catch (error) {
		throw new Error(`${name} does not apply: ${errorText(error)}`, { cause: error });
	}
	const isSame = (file: string) => readFileSync(join(ROOT, file), 'utf8') === readFileSync(join(copy, file), 'utf8');
	// What lies outside of where git thinks it stands is passed over without a word.
	for (const file of files) if (isSame(file)) throw new Error(`${name} has not changed ${file}`);
}
