/** A later version of the product, to work beside this one: it calls a job by another name, and each leaves the other's to the other. */
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundleEntry } from '../../../sandbox/servers/bundle.ts';
import { makeScratch } from '../../../sandbox/servers/scratch.ts';

const ROOT = new URL('../../..', import.meta.url).pathname;
const PARTS = ['src', 'queues', 'workers', 'drizzle'];
const RENAMED = { file: 'queues/earmark-settlement.ts', from: "name: 'settle'", to: "name: 'settle-anew'" };

let entry: string | null = null;

/** The path of its `workers/main.ts`, bundled; the same one for as long as this process lives. Throws when there is nothing to rename. */
export function laterEntry(): string {
	entry ??= build();
	return entry;
}

function build(): string {
	const copy = makeScratch('later');
	try {
		for (const part of PARTS) cpSync(join(ROOT, part), join(copy, part), { recursive: true });
		const file = join(copy, RENAMED.file);
		const before = readFileSync(file, 'utf8');
		const after = before.replace(RENAMED.from, RENAMED.to);
		if (after === before) throw new Error(`there is no ${RENAMED.from} in ${RENAMED.file}`);
		writeFileSync(file, after);
		return bundleEntry(copy);
	} finally {
		rmSync(copy, { recursive: true, force: true });
	}
}
