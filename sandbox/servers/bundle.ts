/**
 * The product's processes as one file each, for starts that are many and short: loading the sources through tsx costs four times as much
 * processor time. Bundled afresh by every process that starts some, so that it is never older than the sources (ADR 0015).
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { scratchOfProcess } from './scratch.ts';

const ROOT = new URL('../..', import.meta.url).pathname;
/** Many small modules, which take longer to find than to run. The others may look for their own files. */
const INSIDE = ['viem', 'drizzle-orm', 'zod'];

let entry: string | null = null;

/** The path of `workers/main.ts`, bundled; the same one for as long as this process lives. */
export function bundledEntry(): string {
	entry ??= bundleEntry(ROOT);
	return entry;
}

/** The same of a copy of the tree below this one, bundled anew. */
export function bundleEntry(root: string): string {
	const folder = scratchOfProcess('bundle');
	const { dependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { dependencies: Record<string, string> };
	buildSync({
		entryPoints: [join(root, 'workers/main.ts')],
		outdir: folder,
		outExtension: { '.js': '.mjs' },
		bundle: true,
		splitting: true,
		platform: 'node',
		target: 'node20',
		format: 'esm',
		logLevel: 'error',
		external: Object.keys(dependencies).filter((name) => !INSIDE.includes(name)),
	});
	return join(folder, 'main.mjs');
}
