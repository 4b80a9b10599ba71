import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { RebalanceAction, RebalanceCache } from '../../../src/rebalances/cache.ts';
import { ballast } from '../../cli/shell.ts';
import { actionOf, contentsOf, onRoutesOf, USDC } from '../action.ts';
import { openStands, type Stands } from './stand.ts';

let stands: Stands;
let prefix: string;
beforeAll(async () => {
	stands = await openStands();
});
afterAll(() => stands.close());
beforeEach(() => {
	prefix = `p${randomUUID()}`;
});

async function run(...args: string[]) {
	const flags = ['--redis', stands.server.url, '--prefix', prefix, '--json'];
	const { code, stdout, stderr } = await ballast({ DATABASE_URL: stands.databaseUrl }, 'cache', ...args, ...flags);
	return { code, stderr, last: JSON.parse(stdout.trimEnd().split('\n').at(-1) || 'null') };
}

/** As the class of before stores it; returns the id. */
async function storeAsBefore(fields: Partial<RebalanceAction> = {}): Promise<string> {
	const action = actionOf(fields);
	const id = `${action.destination}-${action.origin}-${action.asset}-${randomUUID()}`;
	await stands.raw.hset(`${prefix}:data`, id, JSON.stringify(action));
	await stands.raw.sadd(`${prefix}:route:${action.destination}-${action.origin}-${action.asset.toLowerCase()}`, id);
	return id;
}

const NOTHING = { setWithoutData: 0, dataWithoutSet: 0, malformed: 0, unknownBridge: 0, duplicateTransaction: 0 };
const go = async (...phases: string[]) => {
	for (const phase of phases) {
		if (phase === 'dual-read') expect((await run('copy')).code).toBe(0);
		expect(await run('phase', phase)).toMatchObject({ code: 0, last: { phase } });
	}
};

describe('the stored phase', () => {
	it('is redis at first, and changes by one at a time, recorded', async () => {
		expect(await run('phase')).toMatchObject({ code: 0, last: { phase: 'redis' } });
		expect(await run('phase', 'dual-read')).toMatchObject({ code: 1, stderr: expect.stringContaining('begins with dual-write') });
		await go('dual-write', 'dual-read', 'postgres', 'done');
		expect(await run('phase', 'redis')).toMatchObject({ code: 1, stderr: expect.stringContaining('begins with postgres') });
		expect(await run('phase', 'nonsense')).toMatchObject({ code: 2, stderr: expect.stringContaining('"nonsense" is none of redis') });
		const log =
			await stands.sql`select before, after from cache_phase_log where namespace = ${prefix} and before is distinct from after order by id`;
		expect(log.map(({ before, after }) => `${before} ${after}`)).toEqual([
			'null dual-write',
			'dual-write dual-read',
			'dual-read postgres',
			'postgres done',
		]);
	});

	it('asks both sides only after a copy that began in dual-write', async () => {
		expect((await run('copy')).code).toBe(0);
		await go('dual-write');
		expect(await run('phase', 'dual-read')).toMatchObject({ code: 1, stderr: expect.stringContaining('`cache copy` comes first') });
		expect(await run('phase')).toMatchObject({ last: { phase: 'dual-write' } });
		await go('dual-read');
	});

	it('goes back by one, from the first one nowhere', async () => {
		await go('dual-write', 'dual-read', 'postgres', 'done');
		for (const phase of ['postgres', 'dual-read', 'dual-write', 'redis', 'redis']) {
			expect(await run('rollback')).toMatchObject({ code: 0, last: { phase } });
		}
	});

	it('is followed within a second by instances without one of their own', async () => {
		const cache = await stands.cache(prefix);
		await cache.addRebalances([actionOf()]);
		expect(await stands.sql`select from cached_rebalances where namespace = ${prefix}`).toHaveLength(0);
		await go('dual-write');
		await expect
			.poll(
				async () => {
					await cache.addRebalances([actionOf()]);
					return (await stands.sql`select from cached_rebalances where namespace = ${prefix}`).length;
				},
				{ timeout: 1_000, interval: 50 },
			)
			.toBeGreaterThan(0);
	});

	it('leaves nobody behind by two: who slept through it asks again in the one that is stored', async () => {
		const cache = await stands.cache(prefix);
		await go('dual-write');
		await go('dual-read', 'postgres');
		await cache.addRebalances([actionOf({ origin: 7 })]);
		expect(await stands.sql`select from cached_rebalances where namespace = ${prefix} and removed_by is null`).toHaveLength(1);
	});
});

describe('a copy', () => {
	it('makes PostgreSQL equal to Redis, deletions included, changes nothing in Redis, and does nothing the second time', async () => {
		const ids = await Promise.all(Array.from({ length: 700 }, (_, index) => storeAsBefore({ origin: index % 3 })));
		await stands.raw.hset(`${prefix}:withdrawals`, '0xd', JSON.stringify({ asset: 'a', method: 'm', refid: 'r' }));
		await stands.raw.set(`${prefix}:paused`, '1');
		await go('dual-write');
		expect(await run('copy')).toMatchObject({ code: 0, last: { copied: 702, removed: 0, quarantined: NOTHING } });
		expect(await run('verify')).toMatchObject({ code: 0, last: { differences: 0, quarantined: NOTHING } });
		const before = await stands.raw.hgetall(`${prefix}:data`);
		const [gone = ''] = ids;
		const action = JSON.parse(before[gone] ?? '{}') as RebalanceAction;
		await stands.raw.hdel(`${prefix}:data`, gone);
		await stands.raw.srem(`${prefix}:route:${action.destination}-${action.origin}-${action.asset.toLowerCase()}`, gone);
		expect(await run('verify')).toMatchObject({
			code: 1,
			last: { differences: 1 },
			stderr: expect.stringContaining(`r:${gone}: Redis has nothing`),
		});
		expect(await run('copy')).toMatchObject({ last: { copied: 0, removed: 1 } });
		expect(await run('copy')).toMatchObject({ last: { copied: 0, removed: 0 } });
		expect(Object.keys(await stands.raw.hgetall(`${prefix}:data`))).toHaveLength(699);
		const next = await stands.cache(prefix, 'done');
		expect(await next.isPaused()).toBe(true);
		expect(await next.hasRebalance(gone)).toBe(false);
		expect(await next.getWithdrawalRecord('0xd')).toEqual({ asset: 'a', method: 'm', refid: 'r' });
	});

	it('keeps aside what cannot be served, reports what is odd, and lets neither stop the rest', async () => {
		const healthy = await storeAsBefore({ transaction: '0xone' });
		// As older versions wrote them.
		await storeAsBefore({ recipient: undefined } as unknown as RebalanceAction);
		await storeAsBefore({ bridge: 'unheard-of' });
		await storeAsBefore({ transaction: '0xtwice' });
		await storeAsBefore({ transaction: '0xtwice' });
		await stands.raw.hset(
			`${prefix}:data`,
			'astray',
			JSON.stringify(actionOf()),
			'broken',
			'{"amount":',
			'list',
			'[]',
			'partial',
			'{"asset":"0x"}',
		);
		await stands.raw.sadd(`${prefix}:route:10-1-${USDC.toLowerCase()}`, 'nothing', 'broken');
		await stands.raw.hset(`${prefix}:withdrawals`, '0xold', 'a-plain-reference');
		const quarantined = { setWithoutData: 1, dataWithoutSet: 1, malformed: 4, unknownBridge: 1, duplicateTransaction: 1 };
		await go('dual-write');
		expect(await run('copy')).toMatchObject({ code: 0, last: { copied: 5, removed: 0, quarantined } });
		expect(await run('verify')).toMatchObject({ code: 0, last: { differences: 0, quarantined } });
		const kept = await stands.sql<{ entity: string; raw: string }[]>`
			select convert_from(entity, 'UTF8') as entity, convert_from(raw, 'UTF8') as raw from cache_quarantine
			where namespace = ${prefix} and kind = 'malformed' order by 1`;
		expect(kept.map(({ entity, raw }) => `${entity} ${raw}`)).toEqual([
			...['broken {"amount":', 'list []', 'partial {"asset":"0x"}', 'withdrawal 0xold a-plain-reference'],
		]);
		const next = await stands.cache(prefix, 'done');
		for (const id of ['astray', 'broken', 'nothing']) expect(await next.hasRebalance(id)).toBe(false);
		expect(await next.hasRebalance(healthy)).toBe(true);
		expect(await next.removeRebalances(['broken', healthy])).toBe(1);
	});

	it('before the way back from done makes Redis equal, deletions included', async () => {
		const [kept, removed] = [await storeAsBefore({ origin: 3 }), await storeAsBefore({ origin: 3 })];
		await go('dual-write', 'dual-read', 'postgres', 'done');
		const cache: RebalanceCache = await stands.cache(prefix);
		expect(await cache.removeRebalances([removed])).toBe(1);
		await cache.addRebalances([actionOf({ origin: 3, transaction: '0xnew' })]);
		await cache.setPause(true);
		expect(Object.keys(await stands.raw.hgetall(`${prefix}:data`)).sort()).toEqual([kept, removed].sort());
		expect(await run('rollback')).toMatchObject({ code: 0, last: { phase: 'postgres' } });
		const before = contentsOf(await onRoutesOf(cache, actionOf({ origin: 3 })));
		for (const phase of ['dual-read', 'dual-write', 'redis']) expect(await run('rollback')).toMatchObject({ last: { phase } });
		const old = await stands.cache(prefix, 'redis');
		expect(contentsOf(await onRoutesOf(old, actionOf({ origin: 3 })))).toEqual(before);
		expect([await old.hasRebalance(kept), await old.hasRebalance(removed), await old.isPaused()]).toEqual([true, false, true]);
	});
});

it('names a setting that is missing or wrong', async () => {
	const env = { DATABASE_URL: stands.databaseUrl };
	expect(await ballast(env, 'cache', 'verify')).toMatchObject({ code: 2, stderr: expect.stringContaining('--redis') });
	expect(await ballast(env, 'cache', 'verify', '--redis', 'nonsense')).toMatchObject({ code: 2, stderr: expect.stringContaining('redis') });
	expect(await ballast(env, 'cache', 'copy', '--redis', 'redis://127.0.0.1:1')).toMatchObject({ code: 1 });
});
