/**
 * The simulator as a bundle: the product's own modules, linked with the store in memory in the place of the one on PostgreSQL. Which of the
 * two it is is decided here and nowhere else, so the product needs no interface for it (ADR 0017).
 */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, type Plugin } from 'esbuild';
import { scratchOfProcess } from '../../sandbox/servers/scratch.ts';

export type Simulator = typeof import('./play.ts');
export type Exam = typeof import('./exam/exam.ts');

const ROOT = join(new URL('.', import.meta.url).pathname, '../..');
/** The others are only loaded where the store is, which the simulator does without. */
const OUTSIDE = ['postgres', 'drizzle-orm', 'pg', 'ioredis', 'bullmq', 'esbuild'];

let built: Promise<string> | null = null;

/** The simulator in this process. */
export async function loadSimulator(): Promise<Simulator> {
	return (await import(pathToFileURL(await simulatorFile('play')).href)) as Simulator;
}

/** The exam of both stores in this process. */
export async function loadExam(): Promise<Exam> {
	const folder = scratchOfProcess('exam');
	await bundleSimulator({ root: ROOT, entries: ['test/simulation/exam/exam.ts'], folder, stores: 'both' });
	return (await import(pathToFileURL(join(folder, 'exam.mjs')).href)) as Exam;
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

interface Bundle {
	/** The tree that is bundled: this one, or a copy of it below this one. */
	readonly root: string;
	/** Paths below the root; each becomes a file of its name that ends in `.mjs`. */
	readonly entries: readonly string[];
	readonly folder: string;
	/** In the place of the store on PostgreSQL: the one in memory, or `exam/both.ts` with the two of them. */
	readonly stores?: 'memory' | 'both';
}

/** Throws when the tree cannot be linked. */
export async function bundleSimulator({ root, entries, folder, stores = 'memory' }: Bundle): Promise<void> {
	await build({
		...{ entryPoints: entries.map((entry) => join(root, entry)), outdir: folder, entryNames: '[name]', outExtension: { '.js': '.mjs' } },
		...{ bundle: true, splitting: true, platform: 'node', target: 'node20', format: 'esm' },
		...{
			logLevel: 'error',
			external: [...OUTSIDE, ...OUTSIDE.map((name) => `${name}/*`)],
			plugins: [linkedStore(root, stores), rememberedSignatures],
		},
		// Packages that ask with `require` find it.
		banner: { js: `import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);` },
	});
}

/** Whoever asks for a module of the store gets another one, where there is a double; the doubles alone get the ones in whose place they stand. */
function linkedStore(root: string, stores: NonNullable<Bundle['stores']>): Plugin {
	const [realStore, inMemory] = [join(root, 'src/store'), join(root, 'test/simulation/store')];
	const replaced = new Set(readdirSync(inMemory));
	return {
		name: 'another store',
		setup({ onResolve, onLoad }) {
			const isReplaced = (file: string) => dirname(file) === realStore && replaced.has(basename(file));
			onResolve({ filter: /\.ts$/ }, ({ path, resolveDir, importer, namespace }) => {
				const asked = resolve(resolveDir, path);
				// What a replaced module has that needs no database is still its own.
				if (!isReplaced(asked) || resolveDir === inMemory || isReplaced(importer) || namespace === 'both') return null;
				return stores === 'both' ? { path: asked, namespace: 'both' } : { path: join(inMemory, basename(asked)) };
			});
			onLoad({ filter: /./, namespace: 'both' }, ({ path }) => {
				const [real, double, pair] = [path, join(inMemory, basename(path)), join(inMemory, '../exam/both.ts')].map((each) =>
					JSON.stringify(each),
				);
				const name = JSON.stringify(basename(path, '.ts'));
				return { contents: `module.exports = require(${pair}).paired(${name}, require(${real}), require(${double}));`, resolveDir: root };
			});
		},
	};
}

/** viem hashes the signature of a function afresh at every call that it reads or writes: a twentieth of a run. The same text has the same hash. */
const rememberedSignatures: Plugin = {
	name: 'remembered signatures',
	setup({ onLoad }) {
		onLoad({ filter: /\/viem\/.*\/toSignatureHash\.js$/ }, ({ path }) => {
			const [name, original] = ['export function toSignatureHash(', readFileSync(path, 'utf8')];
			if (!original.includes(name)) throw new Error(`${path} has no toSignatureHash any more`);
			const remembering = `
				const known = new Map();
				export function toSignatureHash(item) {
					if (!known.has(item)) known.set(item, hashed(item));
					return known.get(item);
				}`;
			return { contents: `${original.replace(name, 'function hashed(')}\n${remembering}` };
		});
	},
};
