import { describe, expect, it } from 'vitest';
import { modelOf, openHighs, witnessOf } from '../../bench/planner/highs.ts';
import { judge } from '../../bench/planner/referee.ts';
import { networkOf } from '../../src/plan/one/network.ts';
import { demandOf, instance } from './instance.ts';
import { single } from './seeded.ts';

const SIZES = [
	{ chains: 5, bridges: 2 },
	{ chains: 10, bridges: 3 },
	{ chains: 12, bridges: 4 },
];
const LOADS = [0.1, 0.3, 0.5, 0.8, 0.95, 1];

describe('the planner against HiGHS', () => {
	it('is never beaten by a plan that holds to the last unit, and always proves its own', async () => {
		const highs = await openHighs();
		for (let seed = 1; seed <= 72; seed += 1) {
			const size = SIZES[seed % SIZES.length] ?? { chains: 5, bridges: 2 };
			const verdict = judge(highs, single(seed, { ...size, load: LOADS[Math.floor(seed / SIZES.length) % LOADS.length] ?? 0.5 }), true);
			expect({ seed, exact: verdict.exact, better: verdict.better }).toEqual({ seed, exact: true, better: [] });
		}
	});

	it('would be: the referee finds the optimum itself, to the last unit', async () => {
		const input = instance({
			decimals: { A: 18, B: 6, C: 6, Z: 6 },
			funds: { A: '80', B: '80', C: '150' },
			routes: [
				{ id: 'a-z', origin: 'A', destination: 'Z', fixedFee: '0.5', toleranceBps: '100' },
				{ id: 'b-z', origin: 'B', destination: 'Z', fixedFee: '0.5', toleranceBps: '100' },
				{ id: 'c-z', origin: 'C', destination: 'Z', feeBps: '300', step: '0.01' },
			],
		});
		const demand = demandOf(input, { at: { Z: '100' } });
		const paths = networkOf(input).paths();
		const highs = await openHighs();
		const cheapest = (operations: number) =>
			witnessOf(highs, modelOf({ input, demand, paths }, { operations: { exactly: operations }, fastOnly: false }), { input, demand });
		expect(cheapest(1)).toMatchObject({ operations: 1, legs: [{ route: 'c-z', send: 103_100_000n, receive: 100_007_000n }] });
		expect(cheapest(2)).toMatchObject({ operations: 2, legs: [{ route: 'a-z' }, { route: 'b-z' }] });
		expect(cheapest(3)).toMatchObject({ operations: 3 });
	});
});
