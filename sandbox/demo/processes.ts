/** Runs the product as its users do: one process per type, configured by a file and the environment, talking only through their logs. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
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
interface ProcessOptions {
	readonly args: readonly string[];
	readonly env: Readonly<Record<string, string>>;
	/** A module that is loaded before the product's own, by its URL; it hears what the child is sent. */
	readonly preload?: string;
	/** Of another version; this one's unless told otherwise. */
	readonly entry?: string;
	readonly onLine: (line: LogLine) => void;
}

export function startProcess(name: string, { args, env, preload, entry = bundledEntry(), onLine }: ProcessOptions): ProductProcess {
	const child = spawn(process.execPath, [...(preload === undefined ? [] : ['--import', preload]), entry, ...args], {
		env: { ...bareEnvironment(), ...env },
		stdio: ['ignore', 'pipe', 'pipe', ...(preload === undefined ? [] : (['ipc'] as const))],
	});
	hear(child.stdout, (text) => {
		const line = parse(text);
		if (line !== null) onLine({ ...line, process: name });
	});
	hear(child.stderr, (text) => onLine({ process: name, level: 'error', msg: text }));
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

function hear(input: Readable | null, onText: (text: string) => void): void {
	if (input !== null) createInterface({ input }).on('line', onText);
}

function parse(text: string): LogLine | null {
	try {
		const value: unknown = JSON.parse(text);
		return typeof value === 'object' && value !== null && 'msg' in value ? (value as LogLine) : null;
	} catch {
		return null;
	}
}
