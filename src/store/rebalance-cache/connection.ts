/**
 * The connections of a rebalance cache. Who asks waits for a few seconds at most when the server says nothing, is stopped or is gone, and a
 * change that nobody waits for any more does not begin. A slow statement is no silence: as long as the server answers at all it is waited for.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { TransientError } from '../../errors.ts';
import { type Line, openLine, type Run } from './line.ts';
import { cacheTrouble } from './trouble.ts';

export interface CacheConnection {
	readonly run: Run;
	/** In one transaction, read committed. What `work` throws takes it back and is thrown. */
	transaction<T>(work: (run: Run) => Promise<T>): Promise<T>;
	/** Until when a change that is asked for now may begin: Unix milliseconds by the server's clock. */
	deadline(): Promise<number>;
	/** The server's clock has been set anew: what was known of it is forgotten. */
	forgetClock(): void;
	close(): Promise<void>;
}

/** After this silence somebody looks whether the server answers, and within that it has to. Together they are how long a caller waits. */
const SILENCE_MS = 1_900;
const ANSWER_MS = 2_000;
const CLOSE_MS = 1_000;
/** A change begins within this or never: a little less than its caller waits. */
const BEGIN_MS = 2_500;
/** How long what the server's clock said is relied on. */
const CLOCK_MS = 60_000;

/** A line, and who waits for an answer on it. */
interface Asked {
	readonly line: Line;
	readonly waiting: Set<(error: Error) => void>;
	look: Promise<void> | null;
	/** What to add to the clock of this process, and when it is asked for again. */
	clock: { readonly offsetMs: Promise<number>; readonly until: number } | null;
}

/** Connects when it is first asked. Throws `ConfigError` when the text is no URL. */
export function openCacheConnection({ databaseUrl, pool = 8 }: { databaseUrl: string; pool?: number }): CacheConnection {
	return new Connection((size) => openLine(databaseUrl, size), pool);
}

class Connection implements CacheConnection {
	private readonly open: (size: number) => Line;
	private readonly pool: number;
	private current: Asked;
	/** On which it is asked whether the server answers. */
	private probe: Line | null = null;
	private isClosed = false;

	constructor(open: (size: number) => Line, pool: number) {
		this.open = open;
		this.pool = pool;
		this.current = asked(open(pool));
	}

	readonly run: Run = (statement, values) => this.guard(({ line }) => line.run(statement, values));

	transaction<T>(work: (run: Run) => Promise<T>): Promise<T> {
		return this.guard(({ line }) => line.transaction(work));
	}

	async deadline(): Promise<number> {
		const { current } = this;
		if (current.clock === null || performance.now() > current.clock.until) {
			const offsetMs = this.readClock();
			current.clock = { offsetMs, until: performance.now() + CLOCK_MS };
			offsetMs.catch(() => {
				current.clock = null;
			});
		}
		return (await current.clock.offsetMs) + performance.now() + BEGIN_MS;
	}

	forgetClock(): void {
		this.current.clock = null;
	}

	async close(): Promise<void> {
		this.isClosed = true;
		this.probe?.cut();
		const { line } = this.current;
		await Promise.race([line.end(), pause(CLOSE_MS, undefined, { ref: false })]);
		line.cut();
	}

	private async readClock(): Promise<number> {
		const [row] = await this.run<{ ms: number }>('select extract(epoch from clock_timestamp())::float8 * 1000 as ms', []);
		// The answer was on its way for some time, so what is computed from it comes a little early, never late.
		return (row?.ms ?? 0) - performance.now();
	}

	private guard<T>(work: (current: Asked) => Promise<T>): Promise<T> {
		const { current } = this;
		return new Promise<T>((resolve, reject) => {
			const end = () => {
				clearInterval(timer);
				current.waiting.delete(fail);
			};
			const fail = (error: unknown) => {
				end();
				reject(cacheTrouble(error));
			};
			const timer = setInterval(() => this.look(current), SILENCE_MS);
			current.waiting.add(fail);
			work(current).then((result) => {
				end();
				resolve(result);
			}, fail);
		});
	}

	/** Asks on a connection of its own whether the server answers at all; when it does not, everybody who waits is told. */
	private look(current: Asked): void {
		current.look ??= this.answers()
			.then((isThere) => {
				if (!isThere) this.giveUp(current);
			})
			.finally(() => {
				current.look = null;
			});
	}

	private async answers(): Promise<boolean> {
		const line = this.open(1);
		this.probe = line;
		let timer: NodeJS.Timeout | undefined;
		const silence = new Promise<false>((resolve) => {
			// In a process that was busy the answer may be here and not read.
			timer = setTimeout(() => setImmediate(() => resolve(false)), ANSWER_MS);
		});
		const answer = line.run('select 1', []).then(
			() => true,
			() => false,
		);
		try {
			return await Promise.race([answer, silence]);
		} finally {
			clearTimeout(timer);
			this.probe = null;
			line.cut();
		}
	}

	private giveUp(current: Asked): void {
		if (this.current === current && !this.isClosed) this.current = asked(this.open(this.pool));
		for (const fail of current.waiting) fail(new TransientError('the database has said nothing for a few seconds'));
		current.line.cut();
	}
}

const asked = (line: Line): Asked => ({ line, waiting: new Set(), look: null, clock: null });
