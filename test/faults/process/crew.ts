/** The product's processes of one run: started as in operation, started again when they end, and told apart by why they did. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { QueueSettings } from '../../../queues/queue.ts';
import { type LogLine, type ProductProcess, startProcess } from '../../../sandbox/demo/processes.ts';
import { until } from '../../product.ts';
import type { Choice } from './choice.ts';
import { type Post, postsOf } from './posts.ts';

const PRELOAD = new URL('./preload.mjs', import.meta.url).href;
const STARTED_WITHIN_MS = 120_000;
/** As a supervisor does it: not at once, or a process that cannot start would keep the machine busy. */
const AGAIN_AFTER_MS = 200;

export interface Crew {
	/** Lines of the logs of all of them so far. */
	readonly lines: number;
	/** How often one has ended by itself at the crash point. */
	readonly crashes: number;
	readonly names: readonly string[];
	/** What an operator's command of this run needs of the environment. */
	readonly environment: Readonly<Record<string, string>>;
	/** SIGKILL from outside; it is started again. */
	kill(name: string): void;
	/** SIGSTOP; `resume` is SIGCONT to all. */
	halt(name: string): void;
	resume(): void;
	/** Its event loop does nothing for so long. */
	block(name: string, ms: number): void;
	/** Its clock is so far ahead, or behind, from now on, and stays so when it is started again. */
	setClock(name: string, aheadMs: number): void;
	/** Waits until every one of them has said that it serves. */
	ready(): Promise<void>;
	stop(): Promise<void>;
}

interface CrewPlace {
	/** The content of the configuration file. */
	readonly config: unknown;
	readonly signerKey: string;
	/** Of the environment. */
	readonly exchangeKeys: Readonly<Record<string, string>>;
	readonly settings: QueueSettings;
	/** The entry of the later version. */
	readonly laterEntry: () => string;
	/** Gets each line of each log, and what happens to the processes. */
	readonly hear: (sentence: string) => void;
	readonly onLine: (line: LogLine) => void;
}

interface Member extends Post {
	process: ProductProcess | null;
	isServing: boolean;
	killedByUs: boolean;
	aheadMs: number;
}

export function startCrew(choice: Choice, place: CrewPlace): Crew {
	const folder = mkdtempSync(join(tmpdir(), 'ballast-crew-'));
	const file = join(folder, 'ballast.yaml');
	writeFileSync(file, stringify(place.config));
	const env = environment(place, file);
	const { point, deaths } = choice.cell;
	const tally = { lines: 0, crashes: 0, isLeaving: false };
	const timers = new Set<NodeJS.Timeout>();
	const members = postsOf(choice).map((post): Member => ({ ...post, process: null, isServing: false, killedByUs: false, aheadMs: 0 }));
	const start = (each: Member) => {
		const isArmed = each.mayDie && tally.crashes < deaths;
		const started = startProcess(each.name, {
			args: each.args,
			env: { ...env, ...(isArmed ? { BALLAST_CRASH_AT: `${point}:1` } : {}) },
			preload: `${PRELOAD}?aheadMs=${each.aheadMs}`,
			...(each.isLater && { entry: place.laterEntry() }),
			onLine: (line) => {
				tally.lines += 1;
				if (/^(worker|scheduler) started$/.test(line.msg)) each.isServing = true;
				place.onLine(line);
			},
		});
		[each.process, each.killedByUs, each.isServing] = [started, false, false];
		started.child.once('exit', (code, signal) => {
			if (tally.isLeaving) return;
			const isCrash = signal === 'SIGKILL' && !each.killedByUs && isArmed;
			if (isCrash) tally.crashes += 1;
			place.hear(`${each.name} ended with ${signal ?? code}${isCrash ? ` at ${point}` : ''}, and is started again`);
			const timer = setTimeout(() => {
				timers.delete(timer);
				start(each);
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
	for (const each of members) start(each);
	const resume = () => {
		for (const { process: each } of members) each?.child.kill('SIGCONT');
	};
	return {
		...controls(members),
		get lines() {
			return tally.lines;
		},
		get crashes() {
			return tally.crashes;
		},
		environment: env,
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

function controls(members: readonly Member[]): Pick<Crew, 'names' | 'kill' | 'halt' | 'block' | 'setClock'> {
	const found = (name: string) => members.find((each) => each.name === name);
	// One that has ended meanwhile hears nothing, and that is no failure of the campaign.
	const say = (name: string, word: object) => void found(name)?.process?.child.send(word, () => {});
	return {
		names: members.map(({ name }) => name),
		kill(name) {
			const each = found(name);
			if (each === undefined || each.process === null) return;
			each.killedByUs = true;
			each.process.child.kill('SIGKILL');
		},
		halt: (name) => void found(name)?.process?.child.kill('SIGSTOP'),
		block: (name, blockMs) => say(name, { blockMs }),
		setClock(name, aheadMs) {
			const each = found(name);
			if (each === undefined || each.aheadMs === aheadMs) return;
			each.aheadMs = aheadMs;
			say(name, { aheadMs });
		},
	};
}

function environment({ settings, signerKey, exchangeKeys }: CrewPlace, file: string): Record<string, string> {
	return {
		DATABASE_URL: settings.databaseUrl,
		QUEUE_BACKEND: settings.backend,
		QUEUE_PREFIX: settings.prefix,
		BALLAST_CONFIG: file,
		BALLAST_SIGNER_KEY: signerKey,
		...exchangeKeys,
		...(settings.redisUrl === null ? {} : { REDIS_URL: settings.redisUrl }),
	};
}
