/** Starts a program as a detached child, and tells apart "not ready yet", "died" and "never comes". */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Home } from './home.ts';

const READY_WITHIN_MS = 20_000;
const LOOK_AGAIN_MS = 10;
const STOP_WITHIN_MS = 5_000;

interface Program {
	readonly command: string;
	readonly args: readonly string[];
	readonly home: Home;
	readonly env?: Readonly<Record<string, string>>;
	readonly user?: { readonly uid: number; readonly gid: number };
}

export interface Launched {
	readonly pid: number;
	/** Throws when the program ends first, with the last lines that it wrote, or when it is never ready. */
	waitUntil(isReady: () => Promise<boolean>): Promise<void>;
	/** The exit code, once it has ended by itself; null when a signal ended it. */
	readonly ended: Promise<number | null>;
	/** Sends `signal`, after five seconds SIGKILL, and waits for the end. */
	stop(signal: NodeJS.Signals): Promise<void>;
	/** The last lines of what it wrote. */
	log(): string;
}

/** Detached, so that Ctrl-C reaches only us and we keep the order in which things stop. Throws when it cannot be executed. */
export async function launch({ command, args, home, env, user }: Program): Promise<Launched> {
	const logFile = join(home.folder, 'log');
	const log = openSync(logFile, 'a');
	const child = spawn(command, args, {
		detached: true,
		cwd: home.folder,
		stdio: ['ignore', log, log],
		env: { HOME: home.folder, PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C', ...env },
		...user,
	});
	closeSync(log);
	await once(child, 'spawn');
	const pid = child.pid;
	if (pid === undefined) throw new Error(`${command} has no pid`);
	home.watch(pid);
	const ended = new Promise<number | null>((resolve) => {
		child.once('exit', (code) => {
			home.watch(null);
			resolve(code);
		});
	});
	child.unref();
	const tail = () => readFileSync(logFile, 'utf8').trim().split('\n').slice(-8).join('\n');
	return {
		pid,
		ended,
		log: tail,
		waitUntil: (isReady) => waitUntil(isReady, () => assertAlive(child, command, tail)),
		async stop(signal) {
			if (hasEnded(child)) return;
			child.ref();
			child.kill(signal);
			const forced = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS);
			await ended;
			clearTimeout(forced);
		},
	};
}

async function waitUntil(isReady: () => Promise<boolean>, assertAlive: () => void): Promise<void> {
	const deadline = Date.now() + READY_WITHIN_MS;
	for (;;) {
		assertAlive();
		if (await isReady()) return assertAlive();
		if (Date.now() > deadline) throw new Error(`a server was not ready within ${READY_WITHIN_MS} ms`);
		await pause(LOOK_AGAIN_MS);
	}
}

function assertAlive(child: ChildProcess, command: string, tail: () => string): void {
	if (hasEnded(child)) throw new Error(`${command} ended with ${child.exitCode ?? child.signalCode}:\n${tail()}`);
}

function hasEnded(child: ChildProcess): boolean {
	return child.exitCode !== null || child.signalCode !== null;
}
