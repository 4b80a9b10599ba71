/** Runs the product as its users do: one process per type, configured by a file and the environment, talking only through their logs. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { bundledEntry } from '../servers/bundle.ts';
import { bareEnvironment } from '../servers/environment.ts';

export interface LogLine {
	readonly process: string;
	readonly level: string;
	readonly msg: string;
	readonly [field: string]: unknown;
}

export interface ProductProcess {
	readonly name: string;
	readonly child: ChildProcess;
	stop(): Promise<void>;
}

const STOP_WITHIN_MS = 10_000;

/** Starts `workers/main.ts` with these arguments; `onLine` gets each JSON line of its log. */
export function startProcess(
	name: string,
	{ args, env, onLine }: { args: readonly string[]; env: Readonly<Record<string, string>>; onLine: (line: LogLine) => void },
): ProductProcess {
	const child = spawn(process.execPath, [bundledEntry(), ...args], {
		env: { ...bareEnvironment(), ...env },
		stdio: ['ignore', 'pipe', 'pipe'],
	});
	createInterface({ input: child.stdout }).on('line', (text) => {
		const line = parse(text);
		if (line !== null) onLine({ ...line, process: name });
	});
	createInterface({ input: child.stderr }).on('line', (text) => onLine({ process: name, level: 'error', msg: text }));
	return {
		name,
		child,
		async stop() {
			if (child.exitCode !== null || child.signalCode !== null) return;
			const ended = new Promise((resolve) => child.once('exit', resolve));
			const killer = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS);
			child.kill('SIGTERM');
			await ended;
			clearTimeout(killer);
		},
	};
}

function parse(text: string): LogLine | null {
	try {
		const value: unknown = JSON.parse(text);
		return typeof value === 'object' && value !== null && 'msg' in value ? (value as LogLine) : null;
	} catch {
		return null;
	}
}
