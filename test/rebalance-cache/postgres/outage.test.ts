import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type PostgresServer, startPostgres } from '../../../sandbox/servers/postgres.ts';
import { ConfigError, PermanentError, TransientError } from '../../../src/errors.ts';
import { openPostgresSide, type PostgresSide } from '../../../src/rebalance-cache/postgres/side.ts';
import { migrateDatabase } from '../../../src/store/migrate.ts';
import { ANYBODY, change, idsOf, openStand, rowsWith, rowWith, type Stand } from './stand.ts';

let server: PostgresServer;
let stand: Stand;
beforeAll(async () => {
	server = await startPostgres({ durable: 'process' });
	const url = await server.createDatabase('outage');
	await migrateDatabase(url);
	stand = await openStand(url);
});
afterEach(() => signal('SIGCONT'));
afterAll(async () => {
	await stand.close();
	await server.stop();
});

/** To the server and every process of it that has not ended meanwhile. */
function signal(name: 'SIGSTOP' | 'SIGCONT'): void {
	const children = readdirSync('/proc')
		.filter((entry) => /^\d+$/.test(entry))
		.filter((entry) => parentOf(entry) === server.pid);
	process.kill(server.pid, name);
	for (const pid of children.map(Number)) {
		try {
			process.kill(pid, name);
		} catch (error) {
			if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
		}
	}
}

function parentOf(pid: string): number {
	try {
		return Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
	} catch {
		return 0;
	}
}

/** What it ended with, and after how many milliseconds. */
async function ended(call: Promise<unknown>): Promise<{ error: unknown; ms: number }> {
	const began = performance.now();
	const error = await call.then(
		() => null,
		(thrown: unknown) => thrown,
	);
	return { error, ms: performance.now() - began };
}

const everyCall = (side: PostgresSide) => [
	side.rowsOn(['10-1-0xabc'], ANYBODY),
	side.rowsWith('x', ANYBODY),
	side.has('x', ANYBODY),
	side.isPaused(ANYBODY),
	side.withdrawal('x', ANYBODY),
	side.add([rowWith()], change()),
	side.remove(['x'], change()),
	side.clear(change()),
	side.setPause(true, change()),
	side.putWithdrawal('x', '{}', change()),
	side.removeWithdrawal('x', change()),
	side.marked(1),
	side.state(),
	side.hold(['p']),
	side.withEntities(['p'], (session) => session.hold(['p'])),
];
const PATIENCE_MS = 4_500;

describe('while the server is stopped', () => {
	it('every call rejects within a few seconds, none is done later, and afterwards all goes on', async () => {
		const { side } = stand;
		const kept = rowWith();
		await side.add([kept], change());
		await Promise.all(everyCall(side).map((call) => call.catch(() => {})));
		await side.add([kept], change());
		const lost = rowsWith(3);
		await side.setPause(false, change());
		signal('SIGSTOP');
		const calls = await Promise.all([...everyCall(side), ...lost.map((row) => side.add([row], change()))].map(ended));
		const again = await Promise.all(everyCall(side).map(ended));
		for (const { error, ms } of [...calls, ...again]) {
			expect(error).toBeInstanceOf(TransientError);
			expect(ms).toBeLessThan(PATIENCE_MS);
		}
		signal('SIGCONT');
		await expect.poll(() => side.isPaused(ANYBODY).catch(() => null), { timeout: 10_000 }).toBe(false);
		// What stood in the sockets of the stopped server has been read by now: its processes end when they have.
		await expect
			.poll(() => stand.sql`select 1 from pg_stat_activity where application_name = 'ballast-cache' and state = 'active'`, {
				timeout: 10_000,
			})
			.toHaveLength(0);
		for (const { id } of lost) expect(await side.has(id, ANYBODY)).toBe(false);
	}, 30_000);

	it('closing ends at once and leaves no socket', async () => {
		const sockets = () => process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;
		const before = sockets();
		const side = stand.another('closing');
		await side.setPause(true, change());
		expect(sockets()).toBeGreaterThan(before);
		signal('SIGSTOP');
		const { error, ms } = await ended(side.close());
		expect(error).toBeNull();
		expect(ms).toBeLessThan(2_500);
		await expect.poll(sockets).toBeLessThanOrEqual(before);
		signal('SIGCONT');
		expect((await ended(side.isPaused(ANYBODY))).error).toBeInstanceOf(TransientError);
	}, 30_000);
});

describe('while nobody listens', () => {
	it('every call rejects promptly, and what was acknowledged is there once the server is back', async () => {
		const { side } = stand;
		const rows = rowsWith(3);
		await side.add(rows, change());
		await server.kill();
		for (const { error, ms } of await Promise.all(everyCall(side).map(ended))) {
			expect(error).toBeInstanceOf(TransientError);
			expect(ms).toBeLessThan(PATIENCE_MS);
		}
		await server.restart();
		await expect.poll(() => side.has(rows[0]?.id ?? '', ANYBODY).catch(() => null), { timeout: 10_000 }).toBe(true);
		expect(idsOf(await side.rowsOn(['10-1-0xabc'], ANYBODY))).toEqual(expect.arrayContaining(idsOf(rows)));
	}, 30_000);

	it('what never was a database is a clear error without its password', async () => {
		expect(() => openPostgresSide({ databaseUrl: 'no url', namespace: 'n', onTrouble: () => {} })).toThrow(ConfigError);
		for (const namespace of ['', 'a\u0000', 'x'.repeat(1_001)])
			expect(() => openPostgresSide({ databaseUrl: server.url, namespace, onTrouble: () => {} })).toThrow(ConfigError);
		const side = openPostgresSide({ databaseUrl: server.url.replace(/:[^:@]+@/, ':wrong@'), namespace: 'n', onTrouble: () => {} });
		const { error } = await ended(side.isPaused(ANYBODY));
		expect(error).toBeInstanceOf(PermanentError);
		expect(String(error)).not.toContain('wrong');
		await side.close();
	});
});

describe('when connections are cut in the middle of calls', () => {
	it('each call asked again with its token gives the answer that it would have given: nothing is doubled, nobody else gets it', async () => {
		const { side } = stand;
		await side.clear(change());
		const rows = rowsWith(60);
		let cuts = 0;
		/** Two of those that are in the middle of something. After each success, so that there is an end to it. */
		const cut = async () => {
			const ended = await stand.sql`select pg_terminate_backend(pid) from pg_stat_activity
				where application_name = 'ballast-cache' and state = 'active' limit 2`;
			cuts += ended.length;
		};
		const patiently = async <T>(call: () => Promise<T>): Promise<T> => {
			for (let tries = 0; ; tries += 1) {
				try {
					return await call();
				} catch (error) {
					if (!(error instanceof TransientError) || tries > 100) throw error;
				}
			}
		};
		const won: string[] = [];
		await Promise.all(
			Array.from({ length: 10 }, async (_, at) => {
				for (const row of rows.filter((_row, index) => index % 10 === at)) {
					const added = change();
					await patiently(() => side.add([row], added));
					await cut();
				}
			}),
		);
		await Promise.all(
			Array.from({ length: 4 }, async () => {
				for (const { id } of rows.slice(0, 30)) {
					const removed = change();
					won.push(...(await patiently(() => side.remove([id], removed))));
					await cut();
				}
			}),
		);
		expect(cuts).toBeGreaterThan(20);
		expect(won.sort()).toEqual(idsOf(rows.slice(0, 30)));
		expect(idsOf(await patiently(() => side.rowsOn(['10-1-0xabc'], ANYBODY)))).toEqual(idsOf(rows.slice(30)));
	}, 60_000);
});

describe('a row that somebody holds', () => {
	it('is waited for a short while, and then the call rejects', async () => {
		const { side } = stand;
		const row = rowWith();
		await side.add([row], change());
		await stand.sql.begin(async (tx) => {
			await tx`select from cached_rebalances where id = ${row.id} for update`;
			const { error, ms } = await ended(side.remove([row.id], change()));
			expect(error).toBeInstanceOf(TransientError);
			expect(ms).toBeLessThan(PATIENCE_MS);
			expect(await side.has(row.id, ANYBODY)).toBe(true);
		});
		expect(await side.remove([row.id], change())).toEqual([row.id]);
	}, 30_000);

	it('does not make a slow statement look like a server that is gone', async () => {
		const rows = rowsWith(1);
		const { side } = stand;
		await stand.sql.begin(async (tx) => {
			await tx`lock table cached_rebalances in access exclusive mode`;
			const blocked = ended(side.has('x', ANYBODY));
			const others = ended(side.isPaused(ANYBODY));
			expect((await others).error).toBeNull();
			expect((await blocked).error).toMatchObject({ details: { code: '55P03' } });
		});
		await side.add(rows, change());
	}, 30_000);
});

it('a port where nobody speaks PostgreSQL is given up on', async () => {
	const silent = createServer((socket) => socket.on('error', () => {}).resume());
	await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
	const address = silent.address();
	if (address === null || typeof address === 'string') throw new Error('a port expected');
	const side = openPostgresSide({ databaseUrl: `postgres://a:b@127.0.0.1:${address.port}/c`, namespace: 'n', onTrouble: () => {} });
	const { error, ms } = await ended(side.isPaused(ANYBODY));
	expect(error).toBeInstanceOf(TransientError);
	expect(ms).toBeLessThan(PATIENCE_MS);
	await side.close();
	const left = () => new Promise<number>((resolve) => silent.getConnections((_, count) => resolve(count)));
	await expect.poll(left).toBe(0);
	await new Promise((resolve) => silent.close(resolve));
}, 20_000);
