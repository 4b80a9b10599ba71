import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConfigError, PermanentError, TransientError } from '../../../src/errors.ts';
import { openRedis } from '../../../src/rebalance-cache/redis/connection.ts';
import type { RebalanceCache } from '../../../src/rebalances/cache.ts';
import { eventually } from '../../sandbox/eventually.ts';
import { actionOf, contentsOf, idOf, onRoutesOf } from '../action.ts';
import { type LosingProxy, startLosingProxy } from './losing-proxy.ts';
import { cacheAt, openBehindProxy, type Stands } from './stand.ts';

let stands: Stands;
let proxy: LosingProxy;
beforeAll(async () => {
	[stands, proxy] = await openBehindProxy();
});
afterAll(() => stands.close());

const CALLS: Record<string, (cache: RebalanceCache) => Promise<unknown>> = {
	addRebalances: (cache) => cache.addRebalances([actionOf()]),
	'addRebalances of nothing': (cache) => cache.addRebalances([]),
	getRebalances: (cache) => onRoutesOf(cache, actionOf()),
	'getRebalances of nothing': (cache) => cache.getRebalances({ routes: [] }),
	removeRebalances: (cache) => cache.removeRebalances(['id']),
	'removeRebalances of nothing': (cache) => cache.removeRebalances([]),
	hasRebalance: (cache) => cache.hasRebalance('id'),
	getRebalanceByTransaction: (cache) => cache.getRebalanceByTransaction('0x'),
	clear: (cache) => cache.clear(),
	setPause: (cache) => cache.setPause(true),
	isPaused: (cache) => cache.isPaused(),
	addWithdrawalRecord: (cache) => cache.addWithdrawalRecord('0x', 'a', 'm', 'r'),
	getWithdrawalRecord: (cache) => cache.getWithdrawalRecord('0x'),
	removeWithdrawalRecord: (cache) => cache.removeWithdrawalRecord('0x'),
};

/** All calls at once: how each ended, and after how many ms the last of them. */
async function all(cache: RebalanceCache) {
	const from = performance.now();
	const ends = await Promise.allSettled(Object.values(CALLS).map((call) => call(cache)));
	const errors = ends.map((end) => (end.status === 'rejected' ? end.reason : 'resolved'));
	return { errors, ms: performance.now() - from };
}

const isTransient = (error: unknown) => error instanceof TransientError;

describe('without a server', () => {
	it('every call rejects soon, naming the setting and no password', async () => {
		const { port } = await withFreePort();
		const cache = cacheAt(`redis://user:secret@127.0.0.1:${port}`);
		const { errors, ms } = await all(cache);
		expect(errors.map(isTransient)).toEqual(errors.map(() => true));
		expect(ms).toBeLessThan(4_500);
		for (const error of errors) expect(`${error.message} ${JSON.stringify(error)} ${error.cause}`).not.toContain('secret');
		expect(errors[0].message).toMatch(/redisUrl: no Redis answers \(.*ECONNREFUSED/);
		await cache.disconnect();
	});

	it('nobody is reached before something is asked', async () => {
		const before = proxy.opened();
		const cache = cacheAt(`redis://127.0.0.1:${proxy.port}`);
		await stands.raw.ping();
		expect(proxy.opened()).toBe(before);
		expect(await cache.isPaused()).toBe(false);
		expect(proxy.opened()).toBe(before + 1);
		await cache.disconnect();
	});

	it('a call of a disconnected cache says so at once, also when it was waiting', async () => {
		const { port } = await withFreePort();
		const cache = cacheAt(`redis://127.0.0.1:${port}`);
		const from = performance.now();
		const waiting = cache.isPaused().catch((error) => error);
		await cache.disconnect();
		await cache.disconnect();
		expect(await waiting).toBeInstanceOf(PermanentError);
		expect(performance.now() - from).toBeLessThan(700);
		await expect(cache.setPause(true)).rejects.toThrow('disconnected');
	});

	it('nothing keeps a process alive once the cache is disconnected', async () => {
		const { port } = await withFreePort();
		const program = `
			import { openRedis } from './src/rebalance-cache/redis/connection.ts';
			const connection = openRedis('redis://127.0.0.1:${port}');
			connection.deadline(0).catch(() => connection.close());
		`;
		const args = ['--import', 'tsx', '--input-type=module', '-e', program];
		await promisify(execFile)(process.execPath, args, { timeout: 20_000, killSignal: 'SIGKILL' });
	});

	it.each([
		'',
		'localhost:6379',
		'http://:secret@host',
		'redis://user:secret@host:99999',
		'redis:///0',
		'redis://:secret@host/db',
		'secret',
	])('%j is refused at once, and not repeated', (url) => {
		const error = caught(() => openRedis(url));
		expect(error).toBeInstanceOf(ConfigError);
		expect(`${error}`).toContain('redisUrl');
		expect(`${error}`).not.toContain('secret');
	});
});

describe('with a server that refuses the login', () => {
	it('every call rejects, and no error repeats a password', async () => {
		await stands.raw.config('SET', 'requirepass', 'right');
		const caches = [cacheAt(`redis://:secret@127.0.0.1:${stands.server.port}`), cacheAt(stands.server.url)];
		try {
			for (const cache of caches) {
				const { errors } = await all(cache);
				expect(errors.map(isTransient)).toEqual(errors.map(() => true));
				for (const error of errors) expect(`${error.message} ${JSON.stringify(error)} ${error.cause}`).not.toContain('secret');
			}
		} finally {
			await stands.raw.config('SET', 'requirepass', '');
			for (const cache of caches) await cache.disconnect();
		}
	});
});

describe('a very large call', () => {
	it('is one step, and is given the time that it takes', async () => {
		const cache = cacheAt(stands.server.url);
		const actions = Array.from({ length: 130_000 }, () => actionOf());
		expect(await cache.addRebalances(actions)).toBe(130_000);
		expect(await onRoutesOf(cache, actionOf())).toHaveLength(130_000);
		await cache.clear();
		await cache.disconnect();
	});
});

describe('a server that dies and comes back', () => {
	it('is waited for by the first call, and by a call while the connection is made again', async () => {
		const cache = cacheAt(stands.server.url);
		expect(await cache.isPaused()).toBe(false);
		for (let times = 0; times < 3; times += 1) {
			await stands.server.kill();
			const restarted = stands.server.restart();
			expect(await cache.addRebalances([actionOf()])).toBe(1);
			await restarted;
		}
		await cache.disconnect();
	});

	it('every call that is under way rejects or is done, and every later one is served by the same cache', async () => {
		const cache = cacheAt(stands.server.url);
		await cache.isPaused();
		const under = Array.from({ length: 200 }, () => cache.addRebalances([actionOf()]).catch((error) => error));
		await stands.server.kill();
		for (const end of await Promise.all(under)) expect(end === 1 || isTransient(end)).toBe(true);
		expect((await all(cache)).errors.map(isTransient)).toEqual(Object.keys(CALLS).map(() => true));
		await stands.server.restart();
		await eventually('calls are served again', async () => (await all(cache)).errors.every((end) => end === 'resolved'), 10_000);
		await cache.disconnect();
	});
});

describe('a server that hangs', () => {
	it('lets calls reject in time, and does none of them when it goes on', async () => {
		const prefix = `p${randomUUID()}`;
		const cache = cacheAt(stands.server.url, prefix);
		const kept = actionOf();
		await cache.addRebalances([kept]);
		const id = await idOf(cache, kept);
		process.kill(stands.server.pid, 'SIGSTOP');
		try {
			const changes = [cache.addRebalances([actionOf()]), cache.removeRebalances([id]), cache.clear(), cache.setPause(true)];
			const from = performance.now();
			const ends = await Promise.allSettled([...changes, cache.isPaused(), cache.addWithdrawalRecord('0x', 'a', 'm', 'r')]);
			expect(performance.now() - from).toBeLessThan(5_000);
			expect(ends.map((end) => end.status === 'rejected' && isTransient(end.reason))).toEqual(ends.map(() => true));
		} finally {
			process.kill(stands.server.pid, 'SIGCONT');
		}
		const seen = async () => (await cache.isPaused()) === false;
		await eventually('it answers again', () => seen().catch(() => false));
		expect(contentsOf(await onRoutesOf(cache, kept))).toEqual([kept]);
		expect(await stands.raw.keys(`${prefix}:*`)).toHaveLength(2);
		await cache.disconnect();
	});

	it('for a moment only lets calls succeed', async () => {
		const cache = cacheAt(stands.server.url);
		await cache.isPaused();
		process.kill(stands.server.pid, 'SIGSTOP');
		const adding = cache.addRebalances([actionOf()]);
		setTimeout(() => process.kill(stands.server.pid, 'SIGCONT'), 700);
		expect(await adding).toBe(1);
		await cache.disconnect();
	});
});

function caught(work: () => unknown): unknown {
	try {
		return work();
	} catch (error) {
		return error;
	}
}

/** A port that nobody listens on. */
async function withFreePort(): Promise<{ readonly port: number }> {
	const gone = await startLosingProxy(1);
	await gone.close();
	return gone;
}
