import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inTransaction, openStore, type Store } from '../../src/store/db.ts';
import { openLane } from '../../src/store/lanes.ts';
import { readLegsOf } from '../../src/store/legs.ts';
import { testDatabase } from '../stack.ts';
import { bringLegTo, CAUSE, earmarked, legArrived, SIGNER } from '../store/fixture.ts';
import { configFile, ballast as run } from './shell.ts';

const ROUTES = `bridges:
  across: { apiUrl: "http://127.0.0.1:1", spokePools: { 1: "0x4444444444444444444444444444444444444444", 10: "0x4444444444444444444444444444444444444444" } }
routes:
  - { origin: "1", destination: "10", asset: USDC, bridge: across }
  - { origin: "10", destination: "1", asset: USDC, bridge: across }
`;

const file = configFile(ROUTES);
let databaseUrl: string;
let store: Store;
beforeAll(async () => {
	databaseUrl = await testDatabase();
	store = openStore({ databaseUrl, pool: 4 });
	for (const venue of ['1', '10']) await openLane(store.db, { venue, signer: SIGNER, next: 0n });
});
afterAll(async () => {
	await store.close();
	file.remove();
});

const ballast = (...args: string[]) => run({ DATABASE_URL: databaseUrl, BALLAST_CONFIG: file.path }, ...args);

/** Legs of 41 units, of which 40 and within 5 seconds were promised; `took` in seconds, of those that arrive. */
async function ended(units: bigint, took: number): Promise<void> {
	const { earmarkId } = await earmarked(store.db, 1);
	const [leg] = await readLegsOf(store.db, earmarkId);
	if (leg === undefined) throw new Error('there is no leg');
	await bringLegTo(store.db, leg.id, 'in_flight');
	await legArrived(store.db, leg.id, { to: 'destination', units });
	await inTransaction(store.db, CAUSE, (tx) =>
		tx.execute(sql`update hops set sent_at = updated_at - ${took} * interval '1 second' where leg_id = ${leg.id}`),
	);
}

async function legIn(stage: 'in_flight' | 'returned' | 'failed'): Promise<void> {
	const { earmarkId } = await earmarked(store.db, 1);
	const [leg] = await readLegsOf(store.db, earmarkId);
	if (leg !== undefined) await bringLegTo(store.db, leg.id, stage);
}

it('lists what every route has promised and what came, also of those that were never used', async () => {
	expect(await ballast('routes', '--json')).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('"delivered":0') });
	await ended(40n, 3);
	await ended(40n, 4);
	await ended(39n, 14);
	await legIn('in_flight');
	await legIn('returned');
	await legIn('failed');
	const { stdout } = await ballast('routes', '--json');
	const closed = { use: 'on', state: 'closed', word: 'auto', failures: 0, lates: 0, reason: null, actor: null, since: null, until: null };
	const unused = {
		...{ delivered: 0, returned: 0, failed: 0, underWay: 0, seconds: null, costBps: null, isConfigured: true },
		...{ gas: { origin: null, destination: null }, breaker: closed },
	};
	expect(JSON.parse(stdout)).toEqual([
		{
			...{ route: 'across-1-10-USDC', bridge: 'across', origin: '1', destination: '10', asset: 'USDC', toAsset: 'USDC' },
			...{ delivered: 3, returned: 1, failed: 1, underWay: 1, seconds: { p50: 4, p95: 13, promised: 5, late: 1 } },
			// 120 of 123 units were promised, 119 came.
			costBps: { promised: '243.90', real: '325.20' },
			...{ isConfigured: true, gas: { origin: null, destination: null } },
			breaker: { ...closed, failures: 2, since: expect.stringMatching(/Z$/) },
		},
		{ ...{ route: 'across-10-1-USDC', bridge: 'across', origin: '10', destination: '1', asset: 'USDC', toAsset: 'USDC' }, ...unused },
	]);
	const table = (await ballast('routes')).stdout.split('\n');
	expect(table[1]).toMatch(/^across-1-10-USDC\s+3 of 5\s+1\s+1\s+1\s+4 s\s+13 s\s+5 s\s+1\s+325\.20\s+243\.90$/);
	expect(table[2]).toMatch(/^across-10-1-USDC\s+-\s+0\s+0\s+0\s+-/);
	await inTransaction(store.db, CAUSE, (tx) => tx.execute(sql`update hops set created_at = now() - interval '2 hours'`));
	expect(JSON.parse((await ballast('routes', '--since', '1h', '--json')).stdout)[0]).toMatchObject({ ...unused, breaker: { failures: 2 } });
});

it('refuses a duration that is none', async () => {
	expect(await ballast('routes', '--since', 'soon')).toMatchObject({ code: 2, stderr: expect.stringContaining('Expected a duration') });
});

it('shows what our transactions have cost, as the mean of a hop: all of its own at the origin, and claims at the destination', async () => {
	const { earmarkId } = await earmarked(store.db, 1);
	const [leg] = await readLegsOf(store.db, earmarkId);
	await bringLegTo(store.db, leg?.id ?? '', 'delivered');
	await store.db.execute(sql`update effects set fee_paid = 1000000000000000 where owner_id = ${leg?.id} and kind in ('approve', 'send')`);
	await store.db.execute(sql`insert into effects (owner_kind, owner_id, hop, kind, try, venue, signer, status, fee_paid)
		values ('leg', ${leg?.id}, 0, 'claim', 1, '10', ${SIGNER}, 'dropped', 7)`);
	const [used] = JSON.parse((await ballast('routes', '--json')).stdout);
	expect(used.gas).toEqual({ origin: '0.002', destination: '0.000000000000000007' });
	const table = (await ballast('routes')).stdout.split('\n');
	expect(table[5]).toMatch(/^across-1-10-USDC\s+closed .* 0\.002\s+0\.000000001$/);
	expect(table.every((line) => line.length <= 140)).toBe(true);
});

describe('ballast routes off, on and release', () => {
	const breaker = async () => JSON.parse((await ballast('routes', '--json')).stdout)[1].breaker;

	it('keep who, when and why, and stand until the next word', async () => {
		const said = await ballast('routes', 'off', 'across-10-1-USDC', '--reason', 'bridge incident', '--actor', 'kim', '--json');
		expect(said).toMatchObject({ code: 0, stdout: expect.stringContaining('{"route":"across-10-1-USDC","word":"off","actor":"kim"') });
		expect(await breaker()).toMatchObject({ use: 'off', word: 'off', actor: 'kim', reason: 'switched off by kim: bridge incident' });
		expect((await ballast('routes')).stdout).toMatch(/\nacross-10-1-USDC is off: switched off by kim: bridge incident\n$/);
		expect((await ballast('status')).stdout).toContain('route across-10-1-USDC is off: switched off by kim: bridge incident\n');
		await ballast('routes', 'on', 'across-10-1-USDC', '--reason', 'drill', '--actor', 'kim');
		expect(await breaker()).toMatchObject({ use: 'on', word: 'on', reason: 'drill' });
		expect((await ballast('routes', 'release', 'across-10-1-USDC', '--reason', 'over', '--actor', 'lee')).stdout).toContain(
			'begins afresh',
		);
		expect(await breaker()).toMatchObject({ use: 'on', word: 'auto', state: 'closed', actor: 'lee', reason: 'over' });
		const events = await store.db.execute(sql`select event, actor, reason from route_events where route = 'across-10-1-USDC' order by id`);
		expect([...events]).toEqual([
			{ event: 'switched_off', actor: 'kim', reason: 'bridge incident' },
			{ event: 'switched_on', actor: 'kim', reason: 'drill' },
			{ event: 'released', actor: 'lee', reason: 'over' },
		]);
		for (const change of [sql`update route_events set reason = ''`, sql`delete from route_events`, sql`truncate route_events`])
			await expect(store.db.execute(change)).rejects.toThrow();
	});

	it('name a route that is not configured and the nearest one, and want a reason', async () => {
		const unknown = await ballast('routes', 'off', 'across-1-10-USDD', '--reason', 'incident');
		expect(unknown).toMatchObject({ code: 2, stderr: expect.stringMatching(/"across-1-10-USDD".*did you mean "across-1-10-USDC"/) });
		expect((await ballast('routes', 'off', 'x', '--reason', 'incident')).stderr).toContain('there are across-1-10-USDC, across-10-1-USDC');
		expect(await ballast('routes', 'off', 'across-1-10-USDC')).toMatchObject({ code: 2, stderr: expect.stringContaining('--reason') });
	});
});
