/**
 * One connection to the Redis that holds the cache. A call waits a moment for a connection that is being made, and is never sent twice
 * by itself: what became of a call whose answer was lost only the caller can find out, by asking again with the same token.
 */
import { Redis } from 'ioredis';
import { ConfigError, errorText, InvariantError, PermanentError, TransientError } from '../../errors.ts';
import { PHASES, type Phase } from '../../rebalances/phase.ts';
import { PhaseMovedError } from '../../rebalances/side.ts';
import { KEY_COUNT, SCRIPTS, type ScriptName } from './scripts.ts';

const CONNECTED_WITHIN_MS = 1_000;
const ANSWERED_WITHIN_MS = 3_000;
/** A call of a hundred thousand rows takes Redis a second or two, and all others wait for it. */
const WORDS_A_MS = 50;
/** A line on which nothing comes for so long is dead: it is made anew, instead of being found out by TCP after many minutes. */
const SILENT_FOR_MS = 15_000;
const RECONNECT_MS = 200;

export interface RedisConnection {
	/** Runs one script. Rejects with `TransientError` when no server answers in time, with `PhaseMovedError` when the script found that. */
	run(script: ScriptName, keys: readonly string[], args: readonly string[]): Promise<unknown>;
	/** SCAN of the sets whose keys match the glob. */
	scanSets(cursor: string, match: string): Promise<readonly [cursor: string, keys: string[]]>;
	/** The server's clock at which a call of so many arguments must have begun, in ms; what comes later was given up already. */
	deadline(words: number): Promise<number>;
	/** Frees everything at once, also when the server is away. */
	close(): void;
}

type Scripts = Record<ScriptName, (...args: unknown[]) => Promise<unknown>>;

/**
 * Throws `ConfigError` for what is no URL of a Redis. Connects when it is first asked, and from then on in the background, for as long as it
 * takes.
 */
export function openRedis(redisUrl: string): RedisConnection {
	assertUrl(redisUrl);
	const client = new Redis(redisUrl, {
		// Nothing here depends on what the third version of the protocol adds, and older servers do not know it.
		protocol: 2,
		disableClientInfo: true,
		lazyConnect: true,
		enableOfflineQueue: false,
		autoResendUnfulfilledCommands: false,
		maxRetriesPerRequest: 0,
		connectTimeout: CONNECTED_WITHIN_MS,
		socketTimeout: SILENT_FOR_MS,
		retryStrategy: () => RECONNECT_MS,
		reconnectOnError: (error) => error.message.startsWith('READONLY'),
	});
	for (const [name, lua] of Object.entries(SCRIPTS)) client.defineCommand(name, { lua, numberOfKeys: KEY_COUNT });
	const scripts = client as unknown as Scripts;
	const clock = watch(client);
	const asked = async <T>(words: number, ask: () => Promise<T>): Promise<T> => {
		await clock.ready();
		try {
			return await within(patienceMs(words), ask());
		} catch (error) {
			if (codeOf(error) === 'LATE') clock.measure();
			throw known(error);
		}
	};
	return {
		// Arrays are flattened by the client: a long one must not be spread into a call.
		run: (script, keys, args) => asked(args.length, () => scripts[script](keys, args)),
		scanSets: (cursor, match) => asked(0, () => client.scan(cursor, 'MATCH', match, 'COUNT', 1_000, 'TYPE', 'set')),
		async deadline(words) {
			await clock.ready();
			return clock.now() + patienceMs(words);
		},
		close: () => clock.close(),
	};
}

function assertUrl(redisUrl: string): void {
	const url = URL.canParse(redisUrl) ? new URL(redisUrl) : null;
	const isRedis = url !== null && /^rediss?:$/.test(url.protocol) && url.hostname !== '' && /^(\/\d*)?$/.test(url.pathname);
	// What was given may hold a password, so it is not repeated.
	if (!isRedis) throw new ConfigError('redisUrl', 'is no URL like redis://user:password@host:6379/0');
}

/** Knows whether the client can be asked, and what the server's clock says. */
function watch(client: Redis) {
	let offsetMs: number | null = null;
	let trouble = 'it has not answered yet';
	let isClosed = false;
	const waiting = new Set<() => void>();
	const measure = () => {
		// Taken when the answer is here, so what is believed to be the server's time is never ahead of it.
		client.time().then(
			([seconds, micros]) => {
				offsetMs = Number(seconds) * 1_000 + Math.floor(Number(micros) / 1_000) - performance.now();
				for (const go of waiting) go();
			},
			(error) => {
				trouble = errorText(error);
			},
		);
	};
	client.on('ready', measure);
	client.on('close', () => {
		offsetMs = null;
	});
	// Without a listener a lost connection would end the process.
	client.on('error', (error) => {
		trouble = errorText(error);
	});
	const isReady = () => offsetMs !== null && client.status === 'ready';
	return {
		measure,
		now: () => Math.floor(performance.now() + (offsetMs ?? 0)),
		async ready(): Promise<void> {
			// What comes of it is told by the client's events.
			if (client.status === 'wait' && !isClosed) client.connect().catch(() => {});
			if (!isReady() && !isClosed) await soon(waiting);
			if (isClosed) throw new PermanentError('the rebalance cache is disconnected');
			if (!isReady()) throw new TransientError(`redisUrl: no Redis answers (${trouble}); nothing was done`, { key: 'redisUrl' });
		},
		close() {
			isClosed = true;
			client.disconnect();
			for (const go of waiting) go();
		},
	};
}

const patienceMs = (words: number): number => ANSWERED_WITHIN_MS + Math.ceil(words / WORDS_A_MS);

async function within<T>(ms: number, answer: Promise<T>): Promise<T> {
	let timer: NodeJS.Timeout | undefined;
	const late = new Promise<never>((_, reject) => {
		// In a process that was busy the answer may be here and not read.
		timer = setTimeout(() => setImmediate(() => reject(new Error(`no answer within ${ms} ms`))), ms);
	});
	return Promise.race([answer, late]).finally(() => clearTimeout(timer));
}

/** Until somebody lets all of the waiting go, or the time is up. */
function soon(waiting: Set<() => void>): Promise<void> {
	return new Promise((resolve) => {
		const go = () => {
			clearTimeout(timer);
			waiting.delete(go);
			resolve();
		};
		const timer = setTimeout(go, CONNECTED_WITHIN_MS);
		waiting.add(go);
	});
}

/** Answers of a server that is there and cannot do it now; every other one says that the call itself is wrong. */
const PASSING = ['LOADING', 'BUSY', 'READONLY', 'MASTERDOWN', 'OOM', 'NOREPLICAS', 'MISCONF', 'NOAUTH', 'WRONGPASS', 'NOPERM', 'LATE'];

function codeOf(error: unknown): string | null {
	return error instanceof Error && error.name === 'ReplyError' ? (error.message.split(' ', 1)[0] ?? '') : null;
}

function known(error: unknown): Error {
	const code = codeOf(error);
	const said = errorText(error);
	// The client's error repeats the arguments of the command, so it is not kept as the cause.
	const cause = new Error(said);
	if (code === 'PHASEMOVED') return movedError(said);
	if (code === null) return new TransientError(`Redis did not answer (${said}); whether it was done is unknown`, {}, { cause });
	return PASSING.includes(code)
		? new TransientError(`Redis refused (${said}); nothing was done`, { code }, { cause })
		: new PermanentError(`Redis refused (${said}); nothing was done`, { code }, { cause });
}

function movedError(said: string): Error {
	const stored = said.split(' ')[1] ?? '';
	return isPhase(stored)
		? new PhaseMovedError(stored)
		: new InvariantError(`Redis holds "${stored}" as the phase, which is none`, { stored });
}

export const isPhase = (name: string): name is Phase => (PHASES as readonly string[]).includes(name);
