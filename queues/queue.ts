/** The only producer: everything that enters a queue enters here. Redis in production, BullMQ's PostgreSQL backend with nothing installed. */
import {
	createPostgresBackend,
	createRedisBackend,
	type FlowJob,
	type JobsOptions,
	type KeepJobs,
	type Queue,
	runMigrations,
	withBackend,
} from 'bullmq';
import { Redis } from 'ioredis';
import pg from 'pg';
import { ConfigError, errorText, PermanentError, TransientError } from '../src/errors.ts';
import type { FlowRequest, JobRequest } from './job.ts';
import { CLOCKS_DIFFER_MS, depthOf, isLive, isReady, type Line, type QueueDepth, waitingSince } from './line.ts';

export interface QueueSettings {
	readonly backend: 'redis' | 'postgres';
	readonly redisUrl: string | null;
	readonly databaseUrl: string;
	/** With a hash tag, so that all keys of one flow live on one node of a clustered Redis. */
	readonly prefix: string;
	/** PostgreSQL connections that this process may open for its queues; every worker keeps one for LISTEN. */
	readonly connections: number;
}

/**
 * What the death of a worker costs: its jobs are another's after the lock has run out and the next check for such jobs has come. A lock is
 * renewed at half its time by a timer, so a process that hangs for longer than that loses its jobs to another while it may still be
 * working on them. That is safe, because the rows decide and not the lock, so the lock may be short; a lock of 30 s would let funds in flight
 * wait that long for nothing. Below five seconds a busy machine would lose locks by being busy, and each would be work done twice.
 */
export const RECOVERY = { lockMs: 5_000, stalledCheckMs: 2_000 };

/** A text in the queue server that only we write: by it we see whether the server still has what we gave it. */
export interface QueueMark {
	/** Throws when the server does not answer within two seconds; whether it was written is then unknown. */
	write(text: string): Promise<void>;
	/** Compare-and-set in one step of the server; false when something else stands there, or nothing. Throws as `write` does. */
	replace(change: { readonly from: string; readonly to: string }): Promise<boolean>;
}

/** A connection that all queues and workers of one process share, with its constructors. */
export interface QueueConnection {
	readonly backend: QueueSettings['backend'];
	/** Null where the queues are in the database: they are lost, restored and failed over together with the rows. */
	readonly mark: QueueMark | null;
	readonly classes: ReturnType<typeof withBackend<ReturnType<typeof createRedisBackend>, unknown>>;
	readonly options: { readonly connection: unknown; readonly prefix: string };
	/** Workers block on a connection; on Redis they need one that never gives up. */
	readonly workerOptions: { readonly connection: unknown; readonly prefix: string };
	close(): Promise<void>;
}

const POSTGRES_SCHEMA = 'bullmq';
const KEEP_COMPLETED: KeepJobs = { age: 24 * 3_600, count: 5_000 };
const KEEP_FAILED: KeepJobs = { age: 7 * 24 * 3_600, count: 5_000 };

export function connectQueues(settings: QueueSettings): QueueConnection {
	return settings.backend === 'redis' ? connectRedis(settings) : connectPostgres(settings);
}

function connectRedis({ redisUrl, prefix }: QueueSettings): QueueConnection {
	const client = opened(() => new Redis(redisUrl ?? '', { maxRetriesPerRequest: null }));
	// Without a listener a lost connection would end the process; ioredis reconnects by itself and readiness reports it.
	client.on('error', () => {});
	const options = { connection: client, prefix };
	return {
		backend: 'redis',
		mark: markOf(client, `${prefix}:epoch`),
		classes: withBackend(createRedisBackend) as QueueConnection['classes'],
		options,
		workerOptions: options,
		close: async () => client.disconnect(),
	};
}

const REPLACE = "if redis.call('get', KEYS[1]) ~= ARGV[1] then return 0 end redis.call('set', KEYS[1], ARGV[2]) return 1";

function markOf(client: Redis, key: string): QueueMark {
	return {
		write: async (text) => {
			await withinPing(client.set(key, text));
		},
		replace: async ({ from, to }) => (await withinPing(client.eval(REPLACE, 1, key, from, to))) === 1,
	};
}

function connectPostgres({ databaseUrl, connections, prefix }: QueueSettings): QueueConnection {
	const pool = new pg.Pool({ connectionString: databaseUrl, max: connections, options: `-c search_path=${POSTGRES_SCHEMA}` });
	pool.setMaxListeners(0);
	pool.on('error', () => {});
	const options = { connection: pool, prefix };
	return {
		backend: 'postgres',
		mark: null,
		// The classes are the same on both backends; only the connection's type differs, and it is made a few lines above.
		classes: withBackend(createPostgresBackend) as unknown as QueueConnection['classes'],
		options,
		workerOptions: options,
		close: () => pool.end(),
	};
}

/**
 * Asks the queue server once, for a start that would otherwise wait in silence; a process that is up goes on by itself when it is lost.
 * Throws what an operator can read. Nothing to ask where the queues are in the database.
 */
export async function checkQueues({ backend, redisUrl }: QueueSettings): Promise<void> {
	if (backend === 'postgres') return;
	const client = opened(() => new Redis(redisUrl ?? '', { lazyConnect: true, maxRetriesPerRequest: 0, retryStrategy: () => null }));
	let last: unknown;
	client.on('error', (error) => {
		last = error;
	});
	try {
		await withinPing(client.connect().then(() => client.ping()));
	} catch (error) {
		throw queueTrouble(last ?? error);
	} finally {
		client.disconnect();
	}
}

function opened(open: () => Redis): Redis {
	try {
		return open();
	} catch {
		// What it says may repeat the password.
		throw new ConfigError('REDIS_URL', 'is no URL like redis://user:password@host:6379');
	}
}

/** What every refusal of a queue server leaves as it was. */
const SAFE = 'Nothing was sent, and every fact is in PostgreSQL.';

function queueTrouble(error: unknown): TransientError {
	const said = errorText(error);
	const isLogin = /NOAUTH|WRONGPASS|NOPERM|invalid password/i.test(said);
	const what = isLogin ? 'the queue server refuses the login' : 'no queue server answers';
	const act = isLogin ? 'Correct user and password' : 'Start Redis, or correct host and port';
	return new TransientError(`REDIS_URL: ${what} (${said}). ${SAFE} ${act}, and start again.`, { key: 'REDIS_URL' }, { cause: error });
}

/** Prepares the PostgreSQL backend's own tables; a no-op on Redis. */
export async function migrateQueues(settings: QueueSettings): Promise<void> {
	if (settings.backend === 'redis') return;
	const client = new pg.Client({ connectionString: settings.databaseUrl });
	await client.connect();
	try {
		await client.query(`create schema if not exists ${POSTGRES_SCHEMA}`);
		await runMigrations(client, POSTGRES_SCHEMA);
	} finally {
		await client.end();
	}
}

export interface Producer {
	add(jobs: readonly JobRequest[]): Promise<void>;
	/** Adding a flow again is a no-op, because every node has an id of its own. */
	addFlows(requested: readonly FlowRequest[]): Promise<void>;
	/** One job every so often, however many processes ask for it. */
	schedule(job: JobRequest, everyMs: number): Promise<void>;
	/** Whether the job will run by itself, see `queues/line.ts`. */
	isLive(queue: string, jobId: string): Promise<boolean>;
	/** Throws when the queue server does not answer within two seconds. */
	ping(): Promise<void>;
	/** How many jobs every queue has in each state, those included that have ended and are kept. Waits for the queue server. */
	counts(): Promise<readonly QueueDepth[]>;
	/** Of every queue when its first job could have run: in the future when it is not due yet, null when nothing waits. Waits for the queue server. */
	oldestWaiting(): Promise<readonly { readonly queue: string; readonly sinceMs: number | null }[]>;
	/** Queues that are not paused and hold a job that could run at `nowMs` (Unix milliseconds). Waits for the queue server. */
	ready(nowMs: number): Promise<ReadonlySet<string>>;
	readonly queues: readonly Queue[];
	close(): Promise<void>;
}

const PING_MS = 2_000;
const DEADLOCK_TRIES = 5;
const DEADLOCK_DETECTED = '40P01';

export function openProducer({ classes, options }: QueueConnection, served: readonly { readonly name: string }[]): Producer {
	const queues = new Map(served.map(({ name }) => [name, new classes.Queue(name, { ...options, skipWaitingForReady: true }) as Queue]));
	for (const queue of queues.values()) queue.on('error', () => {});
	const lines: readonly Line[] = [...queues.values()];
	const flows = new classes.FlowProducer(options);
	flows.on('error', () => {});
	const queueOf = (name: string): Queue => {
		const queue = queues.get(name);
		if (queue === undefined)
			throw new PermanentError(`queue ${name} is not configured: is its route still in the configuration?`, { queue: name });
		return queue;
	};
	return {
		queues: [...queues.values()],
		async add(jobs) {
			for (const name of new Set(jobs.map((job) => job.queue))) {
				const group = jobs.filter((job) => job.queue === name);
				await untilNoDeadlock(() => queueOf(name).addBulk(group.map((job) => ({ name: job.name, data: job.data, opts: jobOptions(job) }))));
			}
		},
		async addFlows(requested) {
			if (requested.length > 0) await untilNoDeadlock(() => flows.addBulk(requested.map((flow) => toFlowJob(flow, true))));
		},
		async schedule(job, everyMs) {
			const queue = queueOf(job.queue);
			const standing = await queue.getJobScheduler(job.id);
			const isAhead = (standing?.next ?? 0) > Date.now() + everyMs + CLOCKS_DIFFER_MS;
			// Writing a schedule anew starts its interval anew, so one that stands already is left alone.
			if (standing?.every === everyMs && !isAhead) return;
			// Somebody whose clock is ahead of this one has written it; what replaces it would begin as late.
			if (isAhead) await queue.removeJobScheduler(job.id);
			const template = { name: job.name, data: job.data, opts: { removeOnComplete: 100, removeOnFail: 100 } };
			await untilNoDeadlock(() => queue.upsertJobScheduler(job.id, { every: everyMs }, template));
		},
		isLive: async (name, jobId) => isLive(queueOf(name), jobId),
		async ping() {
			const [first] = queues.values();
			await withinPing(first?.getJobCounts('active'));
		},
		counts: async () => (await Promise.all(lines.map(depthOf))).flat(),
		oldestWaiting: () => Promise.all(lines.map(async (line) => ({ queue: line.name, sinceMs: await waitingSince(line) }))),
		async ready(nowMs) {
			const areReady = await Promise.all(lines.map((line) => isReady(line, nowMs)));
			return new Set(lines.filter((_, index) => areReady[index]).map(({ name }) => name));
		},
		async close() {
			await Promise.all([flows.close(), ...[...queues.values()].map((queue) => queue.close())]);
		},
	};
}

/**
 * BullMQ's PostgreSQL backend may deadlock with its own workers (seen with 6.7.0 when a flow or a schedule is added while they take
 * jobs). The one that PostgreSQL aborts has done nothing, and adding is idempotent by job id, so it is simply done again. When it aborts
 * the worker instead, the end of a job is lost, and the next stalled check has it run once more: any job may.
 */
async function untilNoDeadlock<T>(work: () => Promise<T>): Promise<T> {
	for (let attempt = 1; ; attempt += 1) {
		try {
			return await work();
		} catch (error) {
			const isDeadlock = error instanceof Error && 'code' in error && error.code === DEADLOCK_DETECTED;
			if (!isDeadlock || attempt === DEADLOCK_TRIES) throw error;
		}
	}
}

function jobOptions(job: JobRequest): JobsOptions {
	return {
		jobId: job.id,
		attempts: job.attempts,
		backoff: { type: 'exponential', delay: job.backoffMs },
		removeOnComplete: KEEP_COMPLETED,
		removeOnFail: KEEP_FAILED,
	};
}

function toFlowJob(flow: FlowRequest, isRoot = false): FlowJob {
	const failure = flow.onFailure === 'ignore' ? { ignoreDependencyOnFailure: true } : { failParentOnFailure: true };
	return {
		name: flow.name,
		queueName: flow.queue,
		data: flow.data,
		opts: isRoot ? jobOptions(flow) : { ...jobOptions(flow), ...failure },
		children: flow.children.map((child) => toFlowJob(child)),
	};
}

async function withinPing<T>(answer: Promise<T> | undefined): Promise<T | undefined> {
	let timer: NodeJS.Timeout | undefined;
	const late = new Promise<never>((_, reject) => {
		timer = setTimeout(() => reject(new Error(`the queue server did not answer within ${PING_MS} ms`)), PING_MS);
	});
	return Promise.race([answer, late]).finally(() => clearTimeout(timer));
}
