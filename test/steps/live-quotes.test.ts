import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { App } from '../../src/app.ts';
import { PermanentError, TransientError } from '../../src/errors.ts';
import { amount } from '../../src/money/amount.ts';
import { isUnbegun } from '../../src/steps/leg/objection.ts';
import { sendHop } from '../../src/steps/leg/send-hop.ts';
import { planOpenDemands } from '../../src/steps/plan/plan-demands.ts';
import { inTransaction } from '../../src/store/db.ts';
import { activeEarmarkOf } from '../../src/store/earmarks.ts';
import { readHolds } from '../../src/store/holds.ts';
import { readLegsOf } from '../../src/store/legs.ts';
import { writeStop } from '../../src/store/stops.ts';
import { adjustEarmark } from '../../src/store/top-up.ts';
import { CAUSE } from '../store/fixture.ts';
import { asks, ONE, type PlanningStand, startPlanning, type Venue } from './planning-stand.ts';

/** The direct route to 10, and both hops of the way over 56. */
const THREE = ['1', '1', '56'];

let stand: PlanningStand;
let app: App;
let nowMs: number;
/** Quotes asked for, by their origin. */
let asked: Venue[];
beforeEach(async () => {
	stand = await startPlanning();
	nowMs = 1_800_000_000_000;
	asked = [];
	const counted = [...stand.app.bridges].map(([name, bridge]) => {
		const quote: typeof bridge.quote = (request) => {
			asked.push(request.origin.venue as Venue);
			return bridge.quote(request);
		};
		const send: typeof bridge.send = async () => {
			throw new TransientError('the call is asked for');
		};
		return [name, { ...bridge, quote, send }] as const;
	});
	app = { ...stand.app, nowMs: () => nowMs, bridges: new Map(counted) };
});
afterEach(() => stand.stop());

const plan = () => planOpenDemands(app);

async function earmarkOf(demandId: string): Promise<string> {
	return (await activeEarmarkOf(stand.store.db, demandId))?.id ?? '';
}

async function legsOf(demandId: string) {
	return readLegsOf(stand.store.db, await earmarkOf(demandId));
}

/** As `origin status reason`, in the order in which they were planned. */
async function told(demandId: string): Promise<string[]> {
	return (await legsOf(demandId)).map(({ origin, status, reason }) => [origin, status, reason?.split(':')[0] ?? '-'].join(' '));
}

async function send(demandId: string, which = -1): ReturnType<typeof sendHop> {
	const leg = (await legsOf(demandId)).at(which);
	return sendHop(app, { legId: leg?.id ?? '', hop: 0 });
}

/** 90 of USDC at 10 are asked for, 105 are at 1: a plan over one route. */
async function planned(): Promise<string> {
	await stand.has('1', 105n);
	const { id } = await asks(stand, { at: [['10', 90n]] });
	await plan();
	asked.length = 0;
	return id;
}

describe('a plan', () => {
	it('stores what it believed of every hop: the whole answer, as decimal text', async () => {
		stand.says['1-10'] = { maximum: amount(1n) };
		await planned();
		const rows = await stand.sql`select promised from hops order by index`;
		const validUntilMs = `${Number.MAX_SAFE_INTEGER}`;
		const both = { receive: '0', feeBps: '4', step: '1', seconds: '60', validUntilMs, quotedAtMs: `${nowMs}` };
		const wanted = { '6': '99000000', '18': '99000000000000000000' };
		expect(rows.map(({ promised }) => promised)).toEqual([
			{ ...both, send: wanted['6'], fixedFee: '100000', minimum: '100000', maximum: '1000000000' },
			{ ...both, send: wanted['18'], fixedFee: `5${'0'.repeat(17)}`, minimum: `1${'0'.repeat(17)}`, maximum: `1${'0'.repeat(21)}` },
		]);
	});

	it('sends whole multiples of the step that the bridge takes', async () => {
		stand.says['1'] = { step: amount(ONE) };
		const [leg] = await legsOf(await planned());
		expect([leg?.send, await stand.sql`select promised->>'step' as step from hops`]).toEqual([91n * ONE, [{ step: `${ONE}` }]]);
	});

	it.each([
		['its bridge stands by no more', { validUntilMs: 1_800_000_009_999 }, 10_000],
		['is older than allowed', {}, 30_001],
	])('does not rest on a quote that %s: the bridge is asked again', async (_, says, passedMs) => {
		stand.says['1'] = says;
		stand.beforeCommit = async () => {
			stand.beforeCommit = async () => {};
			nowMs += passedMs;
			stand.says['1'] = { fixedFee: amount(200_000n) };
		};
		const demand = await planned();
		expect(await stand.sql`select promised->>'fixedFee' as fee, promised->>'quotedAtMs' as at from hops`).toEqual([
			{ fee: '200000', at: `${1_800_000_000_000 + passedMs}` },
		]);
		expect(await told(demand)).toEqual(['1 planned -']);
	});

	it('is made on a quote as long as it holds, to the millisecond, and nobody is asked twice', async () => {
		stand.says['1'] = { validUntilMs: nowMs + 30_000 };
		stand.beforeCommit = async () => {
			nowMs = 1_800_000_030_000;
		};
		await stand.has('1', 105n);
		const { id } = await asks(stand, { at: [['10', 90n]] });
		await plan();
		expect([asked, await told(id)]).toEqual([THREE, ['1 planned -']]);
	});

	it('is not made at all while every quote is over before it can be committed, and then ends all the same', async () => {
		stand.beforeCommit = async () => {
			nowMs += 30_001;
		};
		await stand.has('1', 105n);
		const { id } = await asks(stand, { at: [['10', 90n]] });
		expect(await plan()).toMatchObject({ kind: 'done', note: '0 planned' });
		expect([asked.length, await activeEarmarkOf(stand.store.db, id)]).toEqual([4 * THREE.length, null]);
		stand.beforeCommit = async () => {};
		expect(await plan()).toMatchObject({ note: '1 planned' });
	});

	it('of what was given up meanwhile for a quote that had moved is made on quotes that were asked for later', async () => {
		const demand = await planned();
		await inTransaction(stand.store.db, CAUSE, async (tx) => adjustEarmark(tx, await earmarkOf(demand), amount(95n * ONE)));
		stand.beforeCommit = async () => {
			stand.beforeCommit = async () => {};
			stand.says['1'] = { fixedFee: amount(300_000n) };
			await send(demand, 0);
		};
		await plan();
		expect(await told(demand)).toEqual(['1 cancelled QUOTE_MOVED', '1 planned -']);
		const [last] = await stand.sql`select promised->>'fixedFee' as fee from hops where status = 'planned'`;
		expect(last?.fee).toBe('300000');
	});
});

describe('before the first nonce of a leg', () => {
	it('the bridge is asked once more, and the plan begins when it says what it said', async () => {
		const demand = await planned();
		stand.says['1'] = { offered: (await legsOf(demand))[0]?.receive ?? amount(0n) };
		await expect(send(demand)).rejects.toThrow('the call is asked for');
		expect(asked).toEqual(['1']);
	});

	it('a leg is given up at once when its quote has moved, and planned again at the new price, over the same route', async () => {
		const demand = await planned();
		stand.says['1'] = { fixedFee: amount(300_000n), offered: amount(0n) };
		expect(await send(demand)).toMatchObject({ kind: 'done', note: 'given up, nothing has left' });
		expect(await told(demand)).toEqual(['1 cancelled QUOTE_MOVED']);
		const holds = await readHolds(stand.store.db, await earmarkOf(demand));
		expect(holds.every(({ state }) => state === 'released')).toBe(true);
		expect(await stand.sql`select 1 from effects where nonce is not null`).toHaveLength(0);
		await plan();
		expect(await told(demand)).toEqual(['1 cancelled QUOTE_MOVED', '1 planned -']);
		const [before, after] = await legsOf(demand);
		expect((after?.send ?? 0n) - (before?.send ?? 0n)).toBe(200_080n);
	});

	it('over another route where that is better now', async () => {
		const demand = await planned();
		await stand.has('56', 150n);
		stand.says['1'] = { fixedFee: amount(9n * ONE), offered: amount(0n) };
		await send(demand);
		await plan();
		expect(await told(demand)).toEqual(['1 cancelled QUOTE_MOVED', '56 planned -']);
	});

	it('a bridge that goes on saying something else is looked at ten times, and then not taken again', async () => {
		const demand = await planned();
		stand.says['1'] = { offered: amount(0n) };
		await send(demand);
		await plan();
		for (let looks = 1; looks < 10; looks += 1) expect(await send(demand)).toMatchObject({ kind: 'snooze' });
		expect(await told(demand)).toEqual(['1 cancelled QUOTE_MOVED', '1 planned -']);
		expect(await send(demand)).toMatchObject({ note: 'given up, nothing has left' });
		await plan();
		expect(await told(demand)).toEqual(['1 cancelled QUOTE_MOVED', '1 cancelled REFUSED', '1 planned -']);
		const routes = (await legsOf(demand)).map(({ route }) => route);
		expect([routes[0] === routes[1], routes[1] === routes[2]]).toEqual([true, false]);
	});

	it('a bridge that refuses to say anything is looked at ten times; one that does not answer has said nothing', async () => {
		const demand = await planned();
		stand.whileQuoting = async () => {
			throw new TransientError('503');
		};
		await expect(send(demand)).rejects.toThrow(TransientError);
		expect(await told(demand)).toEqual(['1 planned -']);
		stand.whileQuoting = async () => {
			throw new PermanentError('AMOUNT_TOO_LOW');
		};
		for (let looks = 1; looks < 10; looks += 1) expect(await send(demand)).toMatchObject({ kind: 'snooze', reason: 'AMOUNT_TOO_LOW' });
		await send(demand);
		expect((await legsOf(demand))[0]).toMatchObject({ status: 'cancelled', reason: 'REFUSED: AMOUNT_TOO_LOW' });
	});

	it('a bridge that is not configured any more is waited for', async () => {
		const demand = await planned();
		app = { ...app, bridges: new Map() };
		await expect(send(demand)).rejects.toThrow(/is not configured; its legs wait/);
		expect(await told(demand)).toEqual(['1 planned -']);
	});

	it('nobody is asked while an operator has stopped everything', async () => {
		const demand = await planned();
		await writeStop(stand.store.db, { stopped: true, ...CAUSE });
		expect(await send(demand)).toMatchObject({ kind: 'snooze' });
		expect(asked).toEqual([]);
	});

	it.each([
		[0, 'planned', true],
		[0, 'sending', false],
		[1, 'planned', false],
	] as const)('only: hop %i that is %s: %s', async (index, status, isSo) => {
		const [leg] = await legsOf(await planned());
		if (leg?.hops[0] === undefined) throw new Error('a leg expected');
		expect(isUnbegun({ leg, hop: { ...leg.hops[0], index, status } })).toBe(isSo);
	});
});
