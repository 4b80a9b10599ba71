/** A local chain: anvil itself, without the wrapper that puts a Node process in front of it. */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { readEnvironment } from './environment.ts';
import { findBinary, isExecutable } from './find-binary.ts';
import { onFreePort } from './free-port.ts';
import { type Home, openHome } from './home.ts';
import { type Launched, launch } from './launch.ts';
import type { Server } from './server.ts';

const PLATFORM_PACKAGES = [`@foundry-rs/anvil-${process.platform}-${process.arch === 'x64' ? 'amd64' : process.arch}`];

/** No block is ever full: of what a full one leaves over, a node that is told to mine while it mines by itself loses some for good. */
const BLOCK_GAS = 1_000_000_000;

interface AnvilOptions {
	readonly chainId: number;
	/** Seconds from block to block, fractions allowed; 0 mines every transaction at once and nothing else. */
	readonly blockSeconds: number;
}

/** The platform package from npm, else the ANVIL variable, else PATH. Throws when there is none. */
function findAnvil(): string {
	const found = [packaged(), readEnvironment().anvil, findBinary('anvil')].find((path) => path !== null && isExecutable(path));
	if (!found) throw new Error(`anvil is missing: no package ${PLATFORM_PACKAGES.join(', ')}, no ANVIL variable, not on PATH`);
	return found;
}

export async function startAnvil(options: AnvilOptions): Promise<Server> {
	const command = findAnvil();
	const home = await openHome(`anvil-${options.chainId}`, 'KILL');
	try {
		const { port, launched } = await onFreePort(async (port) => ({ port, launched: await run({ command, port, home, ...options }) }));
		return {
			url: `http://127.0.0.1:${port}`,
			port,
			pid: launched.pid,
			async stop() {
				await launched.stop('SIGTERM');
				await home.remove();
			},
		};
	} catch (error) {
		await home.remove();
		throw error;
	}
}

interface AnvilRun extends AnvilOptions {
	readonly command: string;
	readonly port: number;
	readonly home: Home;
}

async function run({ command, port, home, chainId, blockSeconds }: AnvilRun): Promise<Launched> {
	// One slot in an epoch: "safe" is one block behind the head and "finalized" two, instead of 32 and 64.
	const args = ['--host', '127.0.0.1', '--port', `${port}`, '--chain-id', `${chainId}`, '--silent', '--slots-in-an-epoch', '1'];
	const gas = ['--gas-limit', `${BLOCK_GAS}`];
	const mining = blockSeconds > 0 ? ['--block-time', `${blockSeconds}`] : [];
	const launched = await launch({ command, args: [...args, ...gas, ...mining], home });
	try {
		await launched.waitUntil(() => answers(port, chainId));
	} catch (error) {
		await launched.stop('SIGKILL');
		throw error;
	}
	return launched;
}

async function answers(port: number, chainId: number): Promise<boolean> {
	try {
		const response = await fetch(`http://127.0.0.1:${port}`, {
			method: 'POST',
			headers: { 'content-type': 'application/json' },
			body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_chainId', params: [] }),
			signal: AbortSignal.timeout(1_000),
		});
		return (await response.text()).includes(`"0x${chainId.toString(16)}"`);
	} catch {
		return false;
	}
}

function packaged(): string | null {
	const require = createRequire(import.meta.url);
	for (const name of PLATFORM_PACKAGES) {
		try {
			return join(dirname(require.resolve(`${name}/package.json`)), 'bin', 'anvil');
		} catch {
			// Not installed for this platform: the next place is looked at.
		}
	}
	return null;
}
