import { describe, expect, it } from 'vitest';
import { PLAN_LIMITS } from '../../src/plan/plan.ts';
import { planOne } from '../../src/plan/plan-one.ts';
import { demandOf, instance } from './instance.ts';
import { single } from './seeded.ts';

describe('one demand gets a plan that is proven to be the best', () => {
	it.each([
		['where routes of one origin and one price send whole tokens', 80, { chains: 20, bridges: 4, load: 0.9 }],
		['where one of them sends whole tokens, the other cents', 124, { chains: 20, bridges: 4, load: 0.7 }],
		['over hundreds of routes', 3, { chains: 20, bridges: 25, load: 0.5 }],
	])('%s', (_, seed, size) => {
		const { input, demand } = single(seed, size);
		expect(planOne(input, demand, PLAN_LIMITS)).toMatchObject({ kind: 'planned', exact: true });
	});

	it('over eighty routes that only their ids tell apart, five of which are needed', () => {
		const ids = Array.from({ length: 80 }, (_, index) => `r${`${index}`.padStart(2, '0')}`);
		const input = instance({
			decimals: { A: 6, Z: 6 },
			funds: { A: '1000' },
			routes: ids.map((id) => ({ id, origin: 'A', destination: 'Z', maximum: '20', feeBps: '4', fixedFee: '0.01' })),
		});
		const result = planOne(input, demandOf(input, { at: { Z: '95' } }), PLAN_LIMITS);
		expect(result).toMatchObject({ kind: 'planned', exact: true });
		expect(result.kind === 'planned' && result.plan.legs.map(({ route }) => route)).toEqual(ids.slice(0, 5));
	});

	it('of tokens that have no decimals, by the smaller sends where all else is equal', () => {
		const input = instance({
			decimals: { A: 0, B: 0, Z: 0 },
			funds: { A: '9', B: '9' },
			// The first has the better price, but what arrives is rounded down: either way one token is lost over each.
			routes: [
				{ id: 'a', origin: 'A', destination: 'Z', step: '1', fixedFee: '1' },
				{ id: 'b', origin: 'B', destination: 'Z', step: '1', feeBps: '100' },
			],
		});
		const result = planOne(input, demandOf(input, { at: { Z: '12' } }), PLAN_LIMITS);
		expect(result).toMatchObject({ kind: 'planned', exact: true });
		expect(result.kind === 'planned' && result.plan.legs.map(({ send }) => send)).toEqual([5n, 9n]);
	});
});
