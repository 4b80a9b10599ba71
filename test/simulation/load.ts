/**
 * The simulator as a bundle: the product's own modules, linked with the store in memory in the place of the one on PostgreSQL. Which of the
 * two it is is decided here and nowhere else, so the product needs no interface for it (ADR 0017).
 */
import { readdirSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, type Plugin } from 'esbuild';
import { scratchOfProcess } from '../../sandbox/servers/scratch.ts';

export type Simulator = typeof import('./play.ts');

const ROOT = join(new URL('.', import.meta.url).pathname, '../..');
/** The others are only loaded where the store is, which the simulator does without. */
const OUTSIDE = ['postgres', 'drizzle-orm', 'pg', 'ioredis', 'bullmq', 'esbuild'];

let built: Promise<string> | null = null;

/** The simulator in this process. */
export async function loadSimulator(): Promise<Simulator> {
	return (await import(pathToFileURL(await simulatorFile('play')).href)) as Simulator;
}

/** The path of the file: to be imported, or to be the entry of a thread. Built afresh by every process that asks, and gone with it. */
export async function simulatorFile(entry: 'play' | 'worker'): Promise<string> {
	built ??= bundleOnce();
	return join(await built, `${entry}.mjs`);
}

async function bundleOnce(): Promise<string> {
	const folder = scratchOfProcess('simulator');
	await bundleSimulator({ root: ROOT, entries: ['test/simulation/play.ts', 'test/simulation/worker.ts'], folder });
	return folder;
}

export interface Bundle {
	/** The tree that is bundled: this one, or a copy of it below this one. */
	readonly root: string;
	/** Paths below the root; each becomes a file of its name that ends in `.mjs`. */
	readonly entries: readonly string[];
	readonly folder: string;
}

/** Throws when the tree cannot be linked. */
export async function bundleSimulator({ root, entries, folder }: Bundle): Promise<void> {
	await build({
		...{ entryPoints: entries.map((entry) => join(root, entry)), outdir: folder, entryNames: '[name]', outExtension: { '.js': '.mjs' } },
		...{ bundle: true, splitting: true, platform: 'node', target: 'node20', format: 'esm' },
		...{ logLevel: 'error', external: [...OUTSIDE, ...OUTSIDE.map((name) => `${name}/*`)], plugins: [memoryStore(root)] },
		// Packages that ask with `require` find it.
		banner: { js: `import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);` },
	});
}

/** Whoever asks for a module of the store gets the one in memory, where there is one; that one alone gets the one in whose place it stands. */
function memoryStore(root: string): Plugin {
	const [realStore, inMemory] = [join(root, 'src/store'), join(root, 'test/simulation/store')];
	const replaced = new Set(readdirSync(inMemory));
	return {
		name: 'store in memory',
		setup({ onResolve }) {
			const isReplaced = (file: string) => dirname(file) === realStore && replaced.has(basename(file));
			onResolve({ filter: /\.ts$/ }, ({ path, resolveDir, importer }) => {
				const asked = resolve(resolveDir, path);
				// What a replaced module has that needs no database is still its own.
				if (!isReplaced(asked) || resolveDir === inMemory || isReplaced(importer)) return null;
				return { path: join(inMemory, basename(asked)) };
			});
		},
	};
}
