import { describe, expect, it } from 'vitest';
import { matchGreedy } from '../../bench/planner/batches.ts';
import { type BenchLine, benchPlanner, missesOf } from '../../bench/planner/bench.ts';
import { planGreedily } from '../../bench/planner/greedy.ts';
import { demandOf, instance } from '../plan/instance.ts';

const GOOD: Omit<BenchLine, 'bench' | 'rssMb'> = {
	exact: { '20x4': { p50Ms: 1, p95Ms: 5 }, '40x4': { p50Ms: 3, p95Ms: 30 }, instances: 1 },
	vsHighs: { speedup: 20, witnessBetter: 0, instances: 1 },
	joint: { demands: 20, budgetMs: 200, gapMedian: 0.01, instances: 1 },
	vsGreedy: { worse: 0, covered: 1.25, feesRatio: 0.8, instances: 1 },
};

describe('the measurement of the planner', () => {
	it('says all figures of a run however small, and no plan of HiGHS or of the greedy planner is better', async () => {
		const { line } = await benchPlanner({ instances: 5, seed: 3, write: () => {} });
		const times = { p50Ms: expect.any(Number), p95Ms: expect.any(Number) };
		expect(line).toEqual({
			bench: 'planner',
			exact: { '20x4': times, '40x4': times, instances: 1 },
			vsHighs: { speedup: expect.any(Number), witnessBetter: 0, instances: 5 },
			joint: { demands: 20, budgetMs: 200, gapMedian: expect.any(Number), instances: 1 },
			vsGreedy: { worse: 0, covered: expect.any(Number), feesRatio: expect.any(Number), instances: 1 },
			rssMb: expect.any(Number),
		});
	});

	it('reaches its goals exactly at their limits, and says each one that is missed', () => {
		expect(missesOf(GOOD)).toEqual([]);
		const bad = {
			exact: { ...GOOD.exact, '20x4': { p50Ms: 1, p95Ms: 5.01 } },
			vsHighs: { speedup: 19.9, witnessBetter: 1, instances: 1 },
			joint: { ...GOOD.joint, gapMedian: 0.0101 },
			vsGreedy: { worse: 1, covered: 1.249, feesRatio: 0.801, instances: 1 },
		};
		expect(missesOf(bad)).toHaveLength(7);
		expect(missesOf({ ...GOOD, vsHighs: bad.vsHighs })).toEqual([expect.stringContaining('19.9'), expect.stringContaining('1 plans')]);
	});

	it('has a greedy planner that spends the larger origin first, and judges an arrangement that covers less as worse', () => {
		const input = instance({
			decimals: { A: 6, B: 6, Z: 6 },
			funds: { A: '100', B: '60' },
			routes: [
				{ id: 'a-z', origin: 'A', destination: 'Z', toleranceBps: '0' },
				{ id: 'b-z', origin: 'B', destination: 'Z', toleranceBps: '0' },
			],
		});
		const demands = [
			demandOf(input, { id: 'old', enqueuedAt: 1, at: { Z: '50' } }),
			demandOf(input, { id: 'young', enqueuedAt: 2, at: { Z: '100' } }),
		];
		const greedy = planGreedily(input, demands);
		expect(greedy.plans.map((plan) => plan.legs.map(({ route, send }) => [route, send]))).toEqual([
			[['a-z', 50_000_000n]],
			[
				['a-z', 40_000_000n],
				['b-z', 60_000_000n],
			],
		]);
		expect(matchGreedy({ input, demands }, greedy)).toMatchObject({ worse: null, covered: { ours: 2, greedy: 2 } });
		expect(matchGreedy({ input, demands }, { ...greedy, plans: greedy.plans.slice(0, 1) })).toMatchObject({ worse: 'covered', fees: null });
	});
});
