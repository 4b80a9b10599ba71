/**
 * Connections that are given up together. They are node-postgres and not the driver of the store, which may write to a connection that has gone
 * and end the process (https://github.com/porsager/postgres/issues/1208); these are cut at any moment.
 */
import { Socket } from 'node:net';
import pg from 'pg';
import { databaseUrlError } from '../db.ts';

export type Value = string | number | boolean | bigint | null | readonly (string | null)[];
/** One statement, prepared once per connection. */
export type Run = <Row>(statement: string, values: readonly Value[]) => Promise<Row[]>;

export interface Line {
	readonly run: Run;
	transaction<T>(work: (run: Run) => Promise<T>): Promise<T>;
	/** Once what is under way has ended. */
	end(): Promise<void>;
	/** At once: what is under way rejects, and no socket is left. */
	cut(): void;
}

const CONNECT_MS = 2_000;

/** The server gets them with each connection. */
const SETTINGS = {
	// In milliseconds: waiting for a lock, a whole statement, and a transaction that nobody goes on with.
	...{ lock_timeout: 2_500, statement_timeout: 60_000, idle_in_transaction_session_timeout: 30_000 },
	// Everything that is asked often has an index, and a plan is kept for long: one that was made while a table was small, or before anybody has
	// counted its rows, would read all of it later.
	enable_seqscan: 'off',
};

/** So many connections, and half as many for transactions. Throws `ConfigError` when the text is no URL. */
export function openLine(databaseUrl: string, size: number): Line {
	const connectionString = configured(databaseUrl);
	const sockets = new Set<Socket>();
	const stream = () => {
		const socket = new Socket();
		sockets.add(socket);
		socket.once('close', () => sockets.delete(socket));
		return socket;
	};
	const pool = openPool({ connectionString, stream, max: size });
	// Those that wait for the other side keep no single statement waiting.
	const sessions = openPool({ connectionString, stream, max: Math.ceil(size / 2) });
	const end = async () => void (await Promise.all([pool, sessions].filter((each) => !each.ending).map((each) => each.end())));
	return {
		run: runOn(pool),
		transaction: (work) => inSession(sessions, work),
		end,
		cut() {
			end().catch(nothing);
			// A server that is stopped would keep those open that are ended politely.
			for (const socket of sockets) socket.destroy();
		},
	};
}

async function inSession<T>(sessions: pg.Pool, work: (run: Run) => Promise<T>): Promise<T> {
	const session = await sessions.connect();
	try {
		await session.query('begin');
		const result = await work(runOn(session));
		await session.query('commit');
		session.release();
		return result;
	} catch (error) {
		await session.query('rollback').then(
			() => session.release(),
			() => session.release(true),
		);
		throw error;
	}
}

/** By text; the same on each connection. */
const names = new Map<string, string>();

function runOn(client: pg.Pool | pg.PoolClient): Run {
	return async <Row>(text: string, values: readonly Value[]) => {
		const name = names.get(text) ?? `cache_${names.size}`;
		names.set(text, name);
		return (await client.query({ name, text, values: [...values] })).rows as Row[];
	};
}

const nothing = (): void => {};

class TimedClient extends pg.Client {
	// The pool would count the time as well that somebody waits for a connection to become free.
	constructor(config?: pg.ClientConfig) {
		super({ ...config, connectionTimeoutMillis: CONNECT_MS });
	}
}

function openPool(config: pg.PoolConfig): pg.Pool {
	const pool = new pg.Pool({ ...config, Client: TimedClient, idleTimeoutMillis: 0, keepAlive: true });
	// What is under way on a lost connection rejects; one that is lost while nothing is concerns nobody.
	pool.on('error', nothing);
	pool.on('connect', (client) => void client.on('error', nothing));
	return pool;
}

function configured(databaseUrl: string): string {
	if (!URL.canParse(databaseUrl) || !/^postgres(ql)?:$/.test(new URL(databaseUrl).protocol)) throw databaseUrlError();
	const url = new URL(databaseUrl);
	const ours = Object.entries(SETTINGS).map(([name, value]) => `-c ${name}=${value}`);
	const given = url.searchParams.get('options');
	url.searchParams.set('options', [...(given === null ? [] : [given]), ...ours].join(' '));
	url.searchParams.set('application_name', 'ballast-cache');
	return url.href;
}
