/** The temporary folder of one server, which goes away with the server, and with us if we cannot stop it. */
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ReaperOptions, startReaper } from './reaper.ts';

export interface Home {
	readonly folder: string;
	/** Names the process that must not outlive us; null while none runs. */
	watch(pid: number | null): void;
	remove(): Promise<void>;
}

export async function openHome(name: string, signal: ReaperOptions['signal']): Promise<Home> {
	const folder = mkdtempSync(join(tmpdir(), `ballast-${name}-`));
	const reaper = await startReaper({ signal, folder });
	return {
		folder,
		watch: (pid) => reaper.watch(pid),
		async remove() {
			await rm(folder, { recursive: true, force: true, maxRetries: 5 });
			await reaper.dismiss();
		},
	};
}
