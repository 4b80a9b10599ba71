import { afterEach, describe, expect, it } from 'vitest';
import { type Gate, newGate } from '../../src/health/gate.ts';
import { earmarkPayable } from '../../src/steps/plan/earmark-payable.ts';
import { planOpenDemands } from '../../src/steps/plan/plan-demands.ts';
import { planDry } from '../../src/steps/plan/plan-dry.ts';
import { writeGate } from '../../src/store/health.ts';
import { asks, type PlanningStand, startPlanning } from './planning-stand.ts';

let stand: PlanningStand;
afterEach(() => stand.stop());

/** As the process that keeps the book has it, so many seconds ago. */
async function kept(state: Gate['state'], secondsAgo = 0): Promise<void> {
	const gate = { ...newGate(Date.now()), state, reason: 'for the test' };
	await stand.store.db.transaction((tx) => writeGate(tx, { market: '*', gate, actor: 'test' }));
	await stand.sql`update market_health set updated_at = now() - make_interval(secs => ${secondsAgo})`;
}

/** What was asked for and has an earmark, by its amount in whole tokens. */
async function earmarked(): Promise<number[]> {
	const rows = await stand.sql<{ tokens: number }[]>`select (amount / 1000000)::int as tokens from earmarks order by 1`;
	return rows.map(({ tokens }) => tokens);
}

describe('planning while what is known cannot be relied on', () => {
	it('begins nothing when nobody has ever looked at the chain, and nothing while halted', async () => {
		stand = await startPlanning({}, 'degrade');
		await stand.has('10', 100n);
		await stand.has('1', 100n);
		await asks(stand, { at: [['10', 40n]] });
		await asks(stand, { at: [['10', 120n]] });
		for (const state of [null, 'halted'] as const) {
			if (state !== null) await kept(state);
			expect(await earmarkPayable(stand.app, 'USDC')).toBe(0);
			expect(await planOpenDemands(stand.app)).toMatchObject({ kind: 'done', note: expect.stringMatching(/^halted: /) });
			expect((await planDry(stand.app))?.gate.state).toBe('halted');
		}
		expect(await earmarked()).toEqual([]);
		await kept('normal');
		expect(await earmarkPayable(stand.app, 'USDC')).toBe(1);
		await planOpenDemands(stand.app);
		expect(await earmarked()).toEqual([40, 120]);
	});

	it('uses half of what is available while degraded, to pay at once and to plan', async () => {
		stand = await startPlanning({}, 'degrade');
		await stand.has('10', 105n);
		await stand.has('1', 105n);
		await kept('degraded');
		await asks(stand, { at: [['10', 51n]] });
		await asks(stand, { at: [['10', 101n]] });
		expect(await earmarkPayable(stand.app, 'USDC')).toBe(0);
		await planOpenDemands(stand.app);
		// 51 are covered with what comes over a bridge; 101 would need more than half of either place.
		expect(await earmarked()).toEqual([51]);
		await kept('normal');
		await planOpenDemands(stand.app);
		expect(await earmarked()).toEqual([51, 101]);
	});

	it('pays at once from that half, whatever the gate of one market says', async () => {
		stand = await startPlanning({}, 'degrade');
		await stand.has('10', 105n);
		await kept('degraded');
		const btc = { ...newGate(Date.now()), state: 'halted', reason: 'of one market' } as const;
		await stand.store.db.transaction((tx) => writeGate(tx, { market: 'btc', gate: btc, actor: 'test' }));
		await asks(stand, { at: [['10', 40n]] });
		expect(await earmarkPayable(stand.app, 'USDC')).toBe(1);
	});

	it('commits nothing of what was planned before it was halted', async () => {
		stand = await startPlanning({}, 'degrade');
		await stand.has('1', 100n);
		await asks(stand, { at: [['10', 40n]] });
		await kept('normal');
		stand.beforeCommit = () => kept('halted');
		await planOpenDemands(stand.app);
		expect(await earmarked()).toEqual([]);
	});

	it.each([
		['normal', 10, 'normal'],
		['normal', 60, 'degraded'],
		['degraded', 500, 'degraded'],
		['normal', 700, 'halted'],
	] as const)('takes %s that was kept %i s ago for %s', async (state, secondsAgo, expected) => {
		stand = await startPlanning({}, 'degrade');
		await asks(stand, { at: [['10', 40n]] });
		await kept(state, secondsAgo);
		expect((await planDry(stand.app))?.gate.state).toBe(expected);
	});

	it.each(['off', 'shadow', 'authoritative'])('goes on as ever in phase %s', async (phase) => {
		stand = await startPlanning({}, phase);
		await stand.has('10', 105n);
		await kept('halted');
		await asks(stand, { at: [['10', 90n]] });
		expect(await earmarkPayable(stand.app, 'USDC')).toBe(1);
	});
});
