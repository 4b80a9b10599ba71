import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RouteUse } from '../../src/leg/breaker-change.ts';
import type { BatchPlan } from '../../src/plan/plan.ts';
import type { Route } from '../../src/plan/route.ts';
import { planOpenDemands } from '../../src/steps/plan/plan-demands.ts';
import { planDry } from '../../src/steps/plan/plan-dry.ts';
import { triedOnce } from '../../src/steps/plan/route-health.ts';
import { readDemand } from '../../src/store/demands.ts';
import { activeEarmarkOf } from '../../src/store/earmarks.ts';
import { openLane } from '../../src/store/lanes.ts';
import { readLegsOf } from '../../src/store/legs.ts';
import { readRouteUses, switchRoute } from '../../src/store/route-breakers.ts';
import { hopOf, legArrived, legGivenUp, legNonce, legSent, SIGNER } from '../store/fixture.ts';
import { asks, type PlanningStand, startPlanning } from './planning-stand.ts';

const ROUTE = 'across-1-10-USDC';

let stand: PlanningStand;
beforeEach(async () => {
	stand = await startPlanning();
	for (const venue of ['1', '10', '56']) await openLane(stand.store.db, { venue, signer: SIGNER, next: 0n });
});
afterEach(() => stand.stop());

const plan = () => planOpenDemands(stand.app);
const asksAt10 = (tokens: bigint) => asks(stand, { at: [['10', tokens]] });

/** The routes of a demand's legs; null when it has no earmark. */
async function routesOf(demandId: string): Promise<string[] | null> {
	const earmark = await activeEarmarkOf(stand.store.db, demandId);
	return earmark === null ? null : (await readLegsOf(stand.store.db, earmark.id)).map(({ route }) => route);
}

async function legOf(demandId: string): Promise<string> {
	const earmark = await activeEarmarkOf(stand.store.db, demandId);
	const [leg] = earmark === null ? [] : await readLegsOf(stand.store.db, earmark.id);
	if (leg === undefined) throw new Error('there is no leg');
	return leg.id;
}

/** Sent, and delivered in time. */
async function arrives(legId: string): Promise<void> {
	const { db } = stand.store;
	await legNonce(db, legId, 'send');
	await legSent(db, legId);
	await legArrived(db, legId, { to: 'destination', units: (await hopOf(db, legId)).hop.receive });
}

async function failing(times: number): Promise<void> {
	for (let count = 0; count < times; count += 1) {
		const { id } = await asksAt10(20n);
		await plan();
		expect(await routesOf(id)).toEqual([ROUTE]);
		await legGivenUp(stand.store.db, await legOf(id));
		await plan();
	}
}

const pauseIsOver = () => stand.sql`update route_breakers set retry_at = clock_timestamp() - interval '1 second' where state = 'open'`;
const say = (route: string, word: 'off' | 'on') =>
	switchRoute(stand.store.db, { route, assets: ['USDC'], word }, { actor: 'kim', reason: 'incident' });

describe('a route that fails', () => {
	it('is not planned over any more, says so, is tried by one leg, and comes back', async () => {
		await stand.has('1', 905n);
		await say('across-56-10-USDC', 'off');
		await failing(3);
		const late = await asksAt10(30n);
		await plan();
		expect(await routesOf(late.id)).toBeNull();
		const { reason, reasonDetail } = await readDemand(stand.store.db, late.id);
		expect([reason, reasonDetail]).toEqual([
			'ROUTE_OFF',
			expect.stringMatching(/^across-1-10-USDC is off: failed 3 times in a row: REFUSED, until \d{4}-/),
		]);
		expect((await planDry(stand.app))?.run.uses.get(ROUTE)).toMatchObject({ use: 'off' });
		await pauseIsOver();
		const later = await asksAt10(25n);
		const before = await plansAsked();
		expect(await plan()).toMatchObject({ note: '1 planned' });
		const tried = [await routesOf(late.id), await routesOf(later.id)];
		expect(tried.filter((routes) => routes !== null)).toEqual([[ROUTE]]);
		// Whoever was left out is planned at once, over whatever else there is.
		expect(await plansAsked()).toBeGreaterThan(before);
		expect(await plan()).toMatchObject({ note: '0 planned' });
		await arrives(await legOf(tried[0] === null ? later.id : late.id));
		expect([...(await readRouteUses(stand.store.db)).keys()]).toEqual(['across-56-10-USDC']);
		expect(await plan()).toMatchObject({ note: expect.stringMatching(/planned/) });
		expect([await routesOf(late.id), await routesOf(later.id)]).toContainEqual([ROUTE]);
		expect((await routesOf(late.id)) !== null && (await routesOf(later.id)) !== null).toBe(true);
	});

	async function plansAsked(): Promise<number> {
		const [row] = await stand.sql`select count(*)::int as n from outbox where topic = 'plan'`;
		return row?.n;
	}

	it('is gone round, where there is another way', async () => {
		await stand.has('1', 905n);
		await stand.has('56', 205n);
		await say(ROUTE, 'off');
		const { id } = await asksAt10(40n);
		await plan();
		expect(await routesOf(id)).toEqual(['across-56-10-USDC']);
	});

	it('takes with it the ways in a row that go over it', async () => {
		await stand.has('1', 905n);
		for (const route of [ROUTE, 'across-56-10-USDC']) await say(route, 'off');
		const { id } = await asksAt10(40n);
		await plan();
		expect(await routesOf(id)).toBeNull();
		const { reasonDetail } = await readDemand(stand.store.db, id);
		expect(reasonDetail).toContain('across-1-10-USDC is off: switched off by kim: incident; across-56-10-USDC is off');
	});

	it('is planned over although it fails, when an operator says so', async () => {
		await stand.has('1', 905n);
		await say(ROUTE, 'on');
		await failing(4);
	});
});

describe('a route that goes off between a plan and its commit', () => {
	it('carries nothing: it is planned again without it', async () => {
		await stand.has('1', 905n);
		await stand.has('56', 205n);
		const { id } = await asksAt10(40n);
		stand.beforeCommit = async () => {
			stand.beforeCommit = async () => {};
			await say(ROUTE, 'off');
		};
		await plan();
		expect(await routesOf(id)).toEqual(['across-56-10-USDC']);
	});
});

describe('a plan that would try a route twice', () => {
	const trial: RouteUse = { use: 'trial', reason: 'failed', until: null };
	const uses = new Map([['b', trial]]);
	const routes = [{ id: 'a' }, { id: 'b' }, { id: 'a+b', via: ['a', 'b'] }] as unknown as Route[];
	const legOver = (...hops: string[]) => ({ route: hops.join('+'), hops: hops.map((route) => ({ route })) });
	const answer = (...legs: ReturnType<typeof legOver>[]) => ({ plans: [{ legs }] }) as unknown as BatchPlan;

	it('keeps the first of its ways and is made again without the others', () => {
		const asked: string[][] = [];
		const plan = (left: readonly Route[]) => {
			asked.push(left.map(({ id }) => id));
			return left.length === 3 ? answer(legOver('a', 'b'), legOver('b')) : answer(legOver('a', 'b'));
		};
		expect(triedOnce(plan, routes, uses)).toEqual(answer(legOver('a', 'b')));
		expect(asked).toEqual([
			['a', 'b', 'a+b'],
			['a', 'a+b'],
		]);
	});

	it('tries nothing when there is no end to it', () => {
		const asked: string[][] = [];
		const plan = (left: readonly Route[]) => {
			asked.push(left.map(({ id }) => id));
			return answer(legOver('b'), legOver('b'));
		};
		triedOnce(plan, routes, uses);
		expect(asked.at(-1)).toEqual(['a']);
	});
});
