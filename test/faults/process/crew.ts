/** The product's processes of one run: started as in operation, started again when they end, and told apart by why they did. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { QueueSettings } from '../../../queues/queue.ts';
import { type LogLine, type ProductProcess, startProcess } from '../../../sandbox/demo/processes.ts';
import type { CrashPoint } from '../../../src/crash-point.ts';
import { until } from '../../product.ts';
import type { Choice } from './choice.ts';

const PLANS = ['invoice-poll', 'invoice-evaluation', 'rebalance-planning', 'lane-sweep'];
const EXECUTES = ['bridge-execution', 'attestation-polling', 'earmark-settlement'];
const STARTED_WITHIN_MS = 30_000;
/** As a supervisor does it: not at once, or a process that cannot start would keep the machine busy. */
const AGAIN_AFTER_MS = 200;

export interface Crew {
	/** Lines of the logs of all of them so far. */
	readonly lines: number;
	/** How often one has ended by itself at the crash point. */
	readonly crashes: number;
	readonly names: readonly string[];
	/** SIGKILL from outside; it is started again. */
	kill(name: string): void;
	/** SIGSTOP; `resume` is SIGCONT to all. */
	halt(name: string): void;
	resume(): void;
	/** Waits until every one of them has said that it serves. */
	ready(): Promise<void>;
	stop(): Promise<void>;
}

export interface CrewPlace {
	/** The content of the configuration file. */
	readonly config: unknown;
	readonly signerKey: string;
	readonly settings: QueueSettings;
	/** Gets each line of each log, and what happens to the processes. */
	readonly hear: (sentence: string) => void;
	readonly onLine: (line: LogLine) => void;
}

interface Member {
	readonly name: string;
	readonly args: readonly string[];
	process: ProductProcess | null;
	isServing: boolean;
	killedByUs: boolean;
}

export function startCrew({ schedulers, layout, crash }: Choice, place: CrewPlace): Crew {
	const folder = mkdtempSync(join(tmpdir(), 'ballast-crew-'));
	const file = join(folder, 'ballast.yaml');
	writeFileSync(file, stringify(place.config));
	const tally = { lines: 0, crashes: 0, isLeaving: false };
	const timers = new Set<NodeJS.Timeout>();
	const workerArgs = (queues: readonly string[]) => (layout === 'alike' ? ['worker'] : ['worker', '--queues', queues.join(',')]);
	const member = (name: string, args: readonly string[]): Member => ({ name, args, process: null, isServing: false, killedByUs: false });
	const members = [
		...Array.from({ length: schedulers }, (_, index) => member(`scheduler-${index + 1}`, ['scheduler'])),
		member('worker-1', workerArgs(PLANS)),
		member('worker-2', workerArgs(EXECUTES)),
	];
	const start = (each: Member, crashAt: CrashPoint | null) => {
		const started = startProcess(each.name, {
			args: each.args,
			env: { ...environment(place, file), ...(crashAt === null ? {} : { BALLAST_CRASH_AT: `${crashAt}:${crash.time}` }) },
			onLine: (line) => {
				tally.lines += 1;
				if (/^(worker|scheduler) started$/.test(line.msg)) each.isServing = true;
				place.onLine(line);
			},
		});
		[each.process, each.killedByUs, each.isServing] = [started, false, false];
		started.child.once('exit', (code, signal) => {
			if (tally.isLeaving) return;
			const isCrash = signal === 'SIGKILL' && !each.killedByUs && crashAt !== null;
			if (isCrash) tally.crashes += 1;
			place.hear(`${each.name} ended with ${signal ?? code}${isCrash ? ` at ${crashAt}` : ''}, and is started again`);
			const timer = setTimeout(() => {
				timers.delete(timer);
				start(each, isCrash ? null : crashAt);
			}, AGAIN_AFTER_MS);
			timers.add(timer);
		});
	};
	// Whoever ends us leaves nobody behind.
	const onExit = () => {
		for (const { process: each } of members) each?.child.kill('SIGKILL');
		rmSync(folder, { recursive: true, force: true });
	};
	process.once('exit', onExit);
	for (const each of members) start(each, crash.in.includes(each.name) ? crash.point : null);
	const found = (name: string) => members.find((each) => each.name === name);
	const resume = () => {
		for (const { process: each } of members) each?.child.kill('SIGCONT');
	};
	return {
		get lines() {
			return tally.lines;
		},
		get crashes() {
			return tally.crashes;
		},
		names: members.map(({ name }) => name),
		kill(name) {
			const each = found(name);
			if (each === undefined || each.process === null) return;
			each.killedByUs = true;
			each.process.child.kill('SIGKILL');
		},
		halt: (name) => void found(name)?.process?.child.kill('SIGSTOP'),
		resume,
		ready: async () =>
			void (await until(
				'every process serves',
				async () => (members.every(({ isServing }) => isServing) ? true : null),
				STARTED_WITHIN_MS,
			)),
		async stop() {
			tally.isLeaving = true;
			for (const timer of timers) clearTimeout(timer);
			resume();
			await Promise.all(members.map(({ process: each }) => each?.stop()));
			process.removeListener('exit', onExit);
			rmSync(folder, { recursive: true, force: true });
		},
	};
}

function environment({ settings, signerKey }: CrewPlace, file: string): Record<string, string> {
	return {
		DATABASE_URL: settings.databaseUrl,
		QUEUE_BACKEND: settings.backend,
		QUEUE_PREFIX: settings.prefix,
		BALLAST_CONFIG: file,
		BALLAST_SIGNER_KEY: signerKey,
		...(settings.redisUrl === null ? {} : { REDIS_URL: settings.redisUrl }),
	};
}
