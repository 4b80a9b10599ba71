/** The command as a shell sees it. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { vi } from 'vitest';
import { bareEnvironment } from '../../sandbox/servers/environment.ts';
import { runBallast } from '../../src/cli/ballast.ts';

export interface Result {
	readonly code: number;
	readonly stdout: string;
	readonly stderr: string;
}

/** Runs `ballast` in a process of its own with this environment and no other settings. */
export async function spawned(env: Readonly<Record<string, string>>, ...args: readonly string[]): Promise<Result> {
	const options = { env: { ...bareEnvironment(), ...env } };
	try {
		const { stdout, stderr } = await promisify(execFile)(process.execPath, ['--import', 'tsx', 'src/cli/main.ts', ...args], options);
		return { code: 0, stdout, stderr };
	} catch (error) {
		const { code, stdout, stderr } = error as Result;
		return { code, stdout, stderr };
	}
}

/** The same in this process, which is a hundred times as fast. */
export async function ballast(env: Readonly<Record<string, string>>, ...args: readonly string[]): Promise<Result> {
	const written = { stdout: '', stderr: '' };
	const caught = (['stdout', 'stderr'] as const).map((stream) =>
		vi.spyOn(process[stream], 'write').mockImplementation((text) => {
			written[stream] += text;
			return true;
		}),
	);
	for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
	try {
		return { code: await runBallast(args), ...written };
	} finally {
		vi.unstubAllEnvs();
		for (const spy of caught) spy.mockRestore();
	}
}

/** USDC on three venues, with 18 decimals on the last one. */
const CONFIG = `
wallet: "0x1111111111111111111111111111111111111111"
chains:
  1: { name: Ethereum, rpcUrls: ["http://127.0.0.1:1"], finalityBlocks: 2 }
  10: { name: Optimism, rpcUrls: ["http://127.0.0.1:1"], finalityBlocks: 2 }
  56: { name: BSC, rpcUrls: ["http://127.0.0.1:1"], finalityBlocks: 2 }
assets:
  USDC:
    venues:
      1: { address: "0x2222222222222222222222222222222222222222", decimals: 6, reserve: "10" }
      10: { address: "0x2222222222222222222222222222222222222222", decimals: 6, reserve: "2500.5" }
      56: { address: "0x2222222222222222222222222222222222222222", decimals: 18 }
  WETH: { venues: { 1: { address: "0x3333333333333333333333333333333333333333", decimals: 18 } } }
everclear: { apiUrl: "http://127.0.0.1:1", spokes: {} }
`;

/** A configuration file with every chain and API out of reach, and how to remove it; `more` is added at its end. */
export function configFile(more = ''): { readonly path: string; remove(): void } {
	const folder = mkdtempSync(join(tmpdir(), 'ballast-cli-'));
	const path = join(folder, 'ballast.yaml');
	writeFileSync(path, `${CONFIG}${more}`);
	return { path, remove: () => rmSync(folder, { recursive: true }) };
}
