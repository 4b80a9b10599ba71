import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { App } from '../../src/app.ts';
import { advanceEffect } from '../../src/chain/send.ts';
import type { Effect } from '../../src/leg/effect.ts';
import { sweepLanes } from '../../src/steps/upkeep/sweep-lanes.ts';
import { readTrail } from '../../src/store/attempts.ts';
import { readEffect } from '../../src/store/effects.ts';
import { freezeLane, openLane, readLanes, requestCancel, thawLane } from '../../src/store/lanes.ts';
import { effectsFrom1, hooks, letPass, type Stand, sendAsStranger, startStand } from '../chain/lane-stand.ts';
import { CAUSE, POOL, SIGNER } from '../store/fixture.ts';

let stand: Stand;
beforeAll(async () => {
	stand = await startStand();
});
afterAll(() => stand.stop());

const laneOf = async (at: '1' | '10') => {
	const found = (await readLanes(stand.store.db)).find(({ venue, signer }) => venue === at && signer === SIGNER);
	if (found === undefined) throw new Error('a lane expected');
	return found;
};
const mine = (venue: '1' | '10' = '1') => stand.chain(venue).client.mine({ blocks: 1 });
const statusOf = async (effect: Effect) => (await readEffect(stand.store.db, effect.id)).status;
const attemptsOf = async (effect: Effect) => (await readTrail(stand.store.db, effect.id)).attempts;
const spentOn1 = () => stand.chain('1').client.getTransactionCount({ address: SIGNER });

/** Nothing of the test before is in the way. */
beforeEach(async () => {
	await mine();
	await stand.store.db.execute(sql`update effects set status = 'confirmed' where status in ('reserved', 'signed', 'tracking')`);
});

/** An effect whose job has died: `reserved` before it was signed, `signed` before it was sent, `tracking` after that. */
async function left(as: 'reserved' | 'signed' | 'tracking'): Promise<Effect> {
	const [effect] = await effectsFrom1(stand, 'send');
	if (effect === undefined) throw new Error('an effect expected');
	const dies = () => Promise.reject(new Error('the process dies'));
	const { signer } = stand.app.sending;
	const dying = {
		reserved: { ...signer, sign: dies },
		signed: { ...signer, sign: (id: string) => signer.sign(id).then(dies) },
		tracking: signer,
	};
	await advanceEffect({ ...stand.app.sending, signer: dying[as] }, effect.id, hooks).catch(() => {});
	expect(await statusOf(effect)).toBe(as);
	return effect;
}

describe('the sweep', () => {
	it('signs what was reserved and sends what was signed, once nobody has touched it for a while, and the lane stays where it is', async () => {
		const effects = [await left('reserved'), await left('signed'), await left('tracking')];
		const [before, spent] = [await laneOf('1'), await spentOn1()];
		await stand.chain('1').client.dropTransaction({ hash: (await attemptsOf(effects[2] as Effect))[0]?.hash ?? '0x' });
		await sweepLanes(stand.app);
		expect(await Promise.all(effects.map(statusOf))).toEqual(['reserved', 'signed', 'tracking']);
		await letPass(stand, 11_000);
		await sweepLanes(stand.app);
		expect(await Promise.all(effects.map(statusOf))).toEqual(['tracking', 'tracking', 'tracking']);
		expect((await Promise.all(effects.map(attemptsOf))).map((each) => each.length)).toEqual([1, 1, 1]);
		await mine();
		expect(await spentOn1()).toBe(spent + 3);
		expect((await laneOf('1')).next).toBe(before.next);
	});

	it('cancels what is to be cancelled at once, and leaves the verdict to whom it belongs', async () => {
		const effect = await left('tracking');
		await requestCancel(stand.store.db, effect.id, CAUSE);
		await sweepLanes(stand.app);
		expect((await attemptsOf(effect)).map(({ cancels }) => cancels)).toEqual([false, true]);
		await mine();
		await sweepLanes(stand.app);
		expect(await statusOf(effect)).toBe('tracking');
	});

	it('signs nothing on a frozen lane and nothing while all is stopped', async () => {
		const effect = await left('reserved');
		await letPass(stand, 11_000);
		await freezeLane(stand.store.db, { venue: '1', signer: SIGNER }, CAUSE);
		await sweepLanes(stand.app);
		await thawLane(stand.store.db, { venue: '1', signer: SIGNER }, { ...CAUSE, next: null });
		await stand.store.db.execute(sql`insert into stops (scope, stopped, actor, reason) values ('global', true, 'test', 'a test')`);
		await sweepLanes(stand.app);
		await stand.store.db.execute(sql`insert into stops (scope, stopped, actor, reason) values ('global', false, 'test', 'a test')`);
		expect([await statusOf(effect), (await attemptsOf(effect)).length]).toEqual(['reserved', 0]);
		await letPass(stand, 11_000);
		await sweepLanes(stand.app);
		expect(await statusOf(effect)).toBe('tracking');
	});

	it('pushes other lanes while one chain does not answer and another signer is none of its own', async () => {
		const effect = await left('signed');
		await letPass(stand, 11_000);
		await openLane(stand.store.db, { venue: '1', signer: POOL, next: 0n });
		const silent = new Promise<never>(() => {});
		const client = (venue: string) =>
			venue === '1' ? stand.app.client(venue) : (new Proxy({}, { get: () => () => silent }) as ReturnType<App['client']>);
		// The lane on 10 is never done, and nobody waits for it.
		void sweepLanes({ ...stand.app, client });
		await expect.poll(() => statusOf(effect), { timeout: 5_000 }).toBe('tracking');
		stand.said.length = 0;
		await sweepLanes({ ...stand.app, client: (venue) => (venue === '10' ? refusing() : stand.app.client(venue)) });
		expect(stand.said).toEqual(['warn lane not swept']);
	});

	it('freezes a lane of which the chain has spent more than was given out, when a later look agrees', async () => {
		await sendAsStranger(stand.chain('10'), 0);
		await mine('10');
		await sweepLanes(stand.app);
		await sweepLanes(stand.app);
		expect(await laneOf('10')).toMatchObject({ frozen: null, isSuspect: true });
		await letPass(stand, 11_000);
		await sweepLanes(stand.app);
		expect((await laneOf('10')).frozen).toMatch(/somebody else signs with the key/);
		await thawLane(stand.store.db, { venue: '10', signer: SIGNER }, { ...CAUSE, next: 1n });
		await letPass(stand, 11_000);
		await sweepLanes(stand.app);
		expect(await laneOf('10')).toMatchObject({ frozen: null, isSuspect: false, next: 1n });
	});
});

function refusing(): ReturnType<App['client']> {
	return new Proxy({}, { get: () => () => Promise.reject(new Error('down')) }) as ReturnType<App['client']>;
}

describe('a lane', () => {
	it('gives out no more nonces than a node keeps, and goes on when some are mined; the lane of another chain does not wait for it', async () => {
		const [{ next }, spent] = [await laneOf('1'), BigInt(await spentOn1())];
		expect(next).toBe(spent);
		const effects = await effectsFrom1(stand, 'approve', 18);
		const results = await Promise.all(effects.map((effect) => advanceEffect(stand.app.sending, effect.id, hooks)));
		expect(results.filter((result) => result.state === 'waiting' && result.reason === 'sent')).toHaveLength(16);
		const waits = results.filter((result) => result.state === 'waiting' && result.reason.includes('16 transactions under way'));
		expect(waits).toHaveLength(2);
		expect((await laneOf('1')).next).toBe(next + 16n);
		const there = await elsewhere();
		expect(await advanceEffect(stand.app.sending, there.id, hooks)).toMatchObject({ reason: 'sent' });
		await mine();
		const again = await Promise.all(effects.map((effect) => advanceEffect(stand.app.sending, effect.id, hooks)));
		// The first look of those that wait has counted what was mined before this block.
		const still = again.filter((result) => result.state === 'waiting' && result.reason.includes('under way'));
		const waiting = await Promise.all(effects.map(statusOf)).then((all) => all.filter((status) => status === 'intended'));
		expect(waiting).toHaveLength(still.length);
		await Promise.all(effects.map((effect) => advanceEffect(stand.app.sending, effect.id, hooks)));
		expect((await laneOf('1')).next).toBe(next + 18n);
	});

	it('gives out no nonce to a process that begins while the chain has spent more than the lane gave out, as after a restore', async () => {
		const beginning = { ...stand.app.sending };
		await stand.chain('1').client.setNonce({ address: SIGNER, nonce: (await spentOn1()) + 2 });
		const [effect] = await effectsFrom1(stand, 'send');
		expect(await advanceEffect(beginning, effect?.id ?? '', hooks)).toMatchObject({
			reason: expect.stringContaining('2 nonces beyond its lane'),
		});
		expect(await statusOf(effect as Effect)).toBe('intended');
		await stand.chain('1').client.setNonce({ address: SIGNER, nonce: Number((await laneOf('1')).next) });
		await sweepLanes(stand.app);
		expect(await advanceEffect(beginning, effect?.id ?? '', hooks)).toMatchObject({ reason: 'sent' });
	});

	it('that is frozen, on a chain that does not answer, stops no other', async () => {
		await freezeLane(stand.store.db, { venue: '10', signer: SIGNER }, CAUSE);
		const ports = { ...stand.app.sending, client: (venue: string) => (venue === '10' ? refusing() : stand.app.client(venue)) };
		const stuck = await elsewhere();
		const effects = await effectsFrom1(stand, 'send', 8);
		const [there, ...here] = await Promise.allSettled(
			[stuck, ...effects].map(async (effect) => {
				await advanceEffect(ports, effect.id, hooks);
				return effect;
			}),
		);
		expect(there?.status).toBe('rejected');
		expect(here.map(({ status }) => status)).toEqual(effects.map(() => 'fulfilled'));
		await mine();
		const verdicts = await Promise.all(effects.map((effect) => advanceEffect(ports, effect.id, hooks)));
		expect(verdicts.map(({ state }) => state)).toEqual(effects.map(() => 'verdict'));
	});
});

/** An effect on venue 10. */
async function elsewhere(): Promise<Effect> {
	const [effect] = await effectsFrom1(stand, 'approve');
	if (effect === undefined) throw new Error('an effect expected');
	await stand.store.db.execute(sql`update effects set venue = '10' where id = ${effect.id}`);
	return readEffect(stand.store.db, effect.id);
}
