/** A throw-away Redis or Valkey: nothing on disk, nothing evicted. */
import { connect } from 'node:net';
import { findBinary } from './find-binary.ts';
import { onFreePort } from './free-port.ts';
import { openHome } from './home.ts';
import { type Launched, launch } from './launch.ts';
import type { MortalServer } from './server.ts';

const ANSWER_WITHIN_MS = 1_000;

export function findRedis(): string | null {
	return findBinary('redis-server', 'valkey-server');
}

/** Throws when neither redis-server nor valkey-server is on PATH. */
export async function startRedis(): Promise<MortalServer> {
	const command = findRedis();
	if (command === null) throw new Error('neither redis-server nor valkey-server is on PATH');
	const home = await openHome('redis', 'KILL');
	const start = (port: number) => run({ command, port, home });
	try {
		const first = await onFreePort(async (port) => ({ port, launched: await start(port) }));
		return mortal(first, { start, remove: () => home.remove() });
	} catch (error) {
		await home.remove();
		throw error;
	}
}

interface Running {
	readonly port: number;
	readonly launched: Launched;
}

function mortal(
	{ port, launched }: Running,
	{ start, remove }: { start(port: number): Promise<Launched>; remove(): Promise<void> },
): MortalServer {
	let current = launched;
	return {
		url: `redis://127.0.0.1:${port}`,
		port,
		get pid() {
			return current.pid;
		},
		kill: () => current.stop('SIGKILL'),
		async restart() {
			await current.stop('SIGKILL');
			current = await start(port);
		},
		async stop() {
			await current.stop('SIGTERM');
			await remove();
		},
	};
}

interface RedisRun {
	readonly command: string;
	readonly port: number;
	readonly home: Awaited<ReturnType<typeof openHome>>;
}

async function run({ command, port, home }: RedisRun): Promise<Launched> {
	const args = ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--maxmemory-policy', 'noeviction'];
	const launched = await launch({ command, args: [...args, '--dir', home.folder], home });
	try {
		// PONG, and not an open port: a loading server accepts connections and refuses commands. The pid proves that it is ours.
		await launched.waitUntil(async () => {
			const answer = await ask(port, 'PING\r\nINFO server\r\n', /process_id:\d+\r\n/);
			return answer.startsWith('+PONG') && answer.includes(`process_id:${launched.pid}\r\n`);
		});
	} catch (error) {
		await launched.stop('SIGKILL');
		throw error;
	}
	return launched;
}

/** What the server answers until `enough` is seen; an empty text when it does not. */
function ask(port: number, command: string, enough: RegExp): Promise<string> {
	return new Promise((resolve) => {
		let answer = '';
		const socket = connect(port, '127.0.0.1', () => socket.write(command));
		socket.setTimeout(ANSWER_WITHIN_MS, () => socket.destroy());
		socket.on('data', (chunk) => {
			answer += chunk.toString('latin1');
			if (enough.test(answer)) socket.destroy();
		});
		socket.on('error', () => {});
		socket.on('close', () => resolve(answer));
	});
}
