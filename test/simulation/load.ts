/**
 * The simulator as a bundle: the product's own modules, linked with the store in memory in the place of the one on PostgreSQL. Which of the
 * two it is is decided here and nowhere else, so the product needs no interface for it (ADR 0017).
 */
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, type Plugin } from 'esbuild';

export type Simulator = typeof import('./play.ts');

const HERE = new URL('.', import.meta.url).pathname;
const ROOT = join(HERE, '../..');
const REAL_STORE = join(ROOT, 'src/store');
const MEMORY_STORE = join(HERE, 'store');
/** Below the root, so that packages are found from there. */
const PLACE = join(ROOT, '.ballast');
/** The others are only loaded where the store is, which the simulator does without. */
const OUTSIDE = ['postgres', 'drizzle-orm', 'pg', 'ioredis', 'bullmq', 'esbuild'];

let built: Promise<string> | null = null;

/** The simulator in this process. */
export async function loadSimulator(): Promise<Simulator> {
	return (await import(pathToFileURL(await simulatorFile('play')).href)) as Simulator;
}

/** The path of the file: to be imported, or to be the entry of a thread. Built afresh by every process that asks, and gone with it. */
export async function simulatorFile(entry: 'play' | 'worker'): Promise<string> {
	built ??= bundle();
	return join(await built, `${entry}.mjs`);
}

async function bundle(): Promise<string> {
	mkdirSync(PLACE, { recursive: true });
	const folder = mkdtempSync(join(PLACE, 'simulator-'));
	process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
	await build({
		...{ entryPoints: [join(HERE, 'play.ts'), join(HERE, 'worker.ts')], outdir: folder, outExtension: { '.js': '.mjs' } },
		...{ bundle: true, splitting: true, platform: 'node', target: 'node20', format: 'esm' },
		...{ logLevel: 'error', external: [...OUTSIDE, ...OUTSIDE.map((name) => `${name}/*`)], plugins: [memoryStore()] },
		// Packages that ask with `require` find it.
		banner: { js: `import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);` },
	});
	return folder;
}

/** Whoever asks for a module of the store gets the one in memory, where there is one; that one alone gets the one in whose place it stands. */
function memoryStore(): Plugin {
	const replaced = new Set(readdirSync(MEMORY_STORE));
	return {
		name: 'store in memory',
		setup({ onResolve }) {
			const isReplaced = (file: string) => dirname(file) === REAL_STORE && replaced.has(basename(file));
			onResolve({ filter: /\.ts$/ }, ({ path, resolveDir, importer }) => {
				const asked = resolve(resolveDir, path);
				// What a replaced module has that needs no database is still its own.
				if (!isReplaced(asked) || resolveDir === MEMORY_STORE || isReplaced(importer)) return null;
				return { path: join(MEMORY_STORE, basename(asked)) };
			});
		},
	};
}
