/**
 * A PostgreSQL from npm on a port and in a folder of its own. Its binaries are started directly: the package's own wrapper
 * installs exit hooks that end a process before its graceful shutdown has.
 */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { acceptsConnections, createDatabase } from './database.ts';
import { onFreePort } from './free-port.ts';
import { type Home, openHome } from './home.ts';
import { type Launched, launch } from './launch.ts';
import { type Account, handOver, postgresAccount, postgresBinaries } from './postgres-binaries.ts';
import type { MortalServer } from './server.ts';

const SUPERUSER = 'postgres';
const MAX_CONNECTIONS = 300;
const RESTART_ATTEMPTS = 20;
/** What a crash of the machine may cost is of no interest when everything is thrown away anyway. */
const MACHINE_LIVES = ['fsync=off', 'full_page_writes=off'];
const NOBODY_DIES = [...MACHINE_LIVES, 'synchronous_commit=off'];

export interface PostgresOptions {
	/**
	 * True: writes reach the disk before a commit returns, as in production. `process`: what was committed outlives the death of the server,
	 * and not that of the machine, which costs nothing.
	 */
	readonly durable?: boolean | 'process';
}

export interface PostgresServer extends MortalServer {
	/** Ends it by SIGKILL, or by SIGQUIT, which is its immediate shutdown, and starts it again with what it has written. */
	restart(signal?: 'SIGKILL' | 'SIGQUIT'): Promise<void>;
	/** Returns the new database's URL. */
	createDatabase(name: string, template?: string): Promise<string>;
}

interface Installation {
	readonly home: Home;
	readonly account: Account | null;
	readonly binaries: string;
	readonly data: string;
	readonly password: string;
	readonly durable: boolean | 'process';
}

export async function startPostgres({ durable = false }: PostgresOptions = {}): Promise<PostgresServer> {
	const account = postgresAccount();
	const home = await openHome('postgres', 'QUIT');
	try {
		handOver(home.folder, account);
		const binaries = postgresBinaries(home.folder, account);
		const installation = { home, account, binaries, data: join(home.folder, 'data'), password: randomBytes(16).toString('hex'), durable };
		await initialise(installation);
		const { port, launched } = await onFreePort(async (port) => ({ port, launched: await run(installation, port) }));
		return server(installation, port, launched);
	} catch (error) {
		await home.remove();
		throw error;
	}
}

function server(installation: Installation, port: number, launched: Launched): PostgresServer {
	const url = urlOf(installation, port);
	let current = launched;
	return {
		url,
		port,
		get pid() {
			return current.pid;
		},
		createDatabase: (name, template) => createDatabase(url, name, template),
		kill: () => current.stop('SIGKILL'),
		async restart(signal = 'SIGKILL') {
			await current.stop(signal);
			current = await runAgain(installation, port);
		},
		async stop() {
			// SIGINT is the fast shutdown: it disconnects clients instead of waiting for them.
			await current.stop('SIGINT');
			await installation.home.remove();
		},
	};
}

const urlOf = ({ password }: Installation, port: number) => `postgres://${SUPERUSER}:${password}@127.0.0.1:${port}/postgres`;

async function initialise({ home, account, binaries, data, password }: Installation): Promise<void> {
	const passwordFile = join(home.folder, 'password');
	writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
	handOver(passwordFile, account);
	const args = ['-D', data, '-U', SUPERUSER, '--auth=scram-sha-256', `--pwfile=${passwordFile}`];
	await promisify(execFile)(join(binaries, 'initdb'), [...args, '--encoding=UTF8', '--locale=C', '--no-sync', '--no-instructions'], {
		cwd: home.folder,
		env: { LC_ALL: 'C', HOME: home.folder, PATH: '/usr/bin:/bin' },
		...account,
	});
}

async function run(installation: Installation, port: number): Promise<Launched> {
	const { home, account, binaries, data, durable } = installation;
	const settings = [
		'listen_addresses=127.0.0.1',
		'unix_socket_directories=',
		`max_connections=${MAX_CONNECTIONS}`,
		...(durable === true ? [] : durable === 'process' ? MACHINE_LIVES : NOBODY_DIES),
	];
	const launched = await launch({
		command: join(binaries, 'postgres'),
		args: ['-D', data, '-p', `${port}`, ...settings.flatMap((setting) => ['-c', setting])],
		home,
		...(account === null ? {} : { user: account }),
	});
	try {
		// The password is known to this server alone, so an answer proves that it is ours.
		await launched.waitUntil(() => acceptsConnections(urlOf(installation, port)));
	} catch (error) {
		await launched.stop('SIGKILL');
		throw error;
	}
	return launched;
}

/** After a SIGKILL the old server's children need a moment to notice; until then a new server refuses to start. */
async function runAgain(installation: Installation, port: number): Promise<Launched> {
	for (let attempt = 1; ; attempt += 1) {
		try {
			return await run(installation, port);
		} catch (error) {
			if (attempt === RESTART_ATTEMPTS || !(error instanceof Error) || !/shared memory|lock file/.test(error.message)) throw error;
		}
	}
}
