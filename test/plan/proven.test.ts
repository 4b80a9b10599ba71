import { describe, expect, it } from 'vitest';
import { planOne } from '../../src/plan/one/plan-one.ts';
import { PLAN_LIMITS } from '../../src/plan/plan.ts';
import { generator, pick } from '../faults/random.ts';
import { demandOf, instance } from './instance.ts';
import { type Single, single } from './seeded.ts';

/** Forty routes from ten origins, whose fees are about as large as the steps of what may be sent. */
function coarse(seed: number, decimals: number): Single {
	const random = generator(seed);
	const origins = Array.from({ length: 10 }, (_, index) => `O${index}`);
	const funds = Object.fromEntries(origins.map((origin) => [origin, `${1 + random(200)}`]));
	const routes = Array.from({ length: 40 }, (_, index) => ({
		id: `r${index}`,
		origin: pick(origins, random),
		destination: 'Z',
		minimum: pick(['0', '1', '5'], random),
		maximum: pick(['20', '50', '100', '1000'], random),
		step: pick(decimals === 0 ? ['1', '2', '5'] : ['0.1', '0.5', '1'], random),
		fixedFee: pick(['0', '0.1', '0.5', '1'], random),
		feeBps: pick(['0', '4', '30', '100'], random),
		gasCost: pick(['0', '0.2', '1'], random),
	}));
	const input = instance({ decimals: Object.fromEntries([...origins, 'Z'].map((venue) => [venue, decimals])), funds, routes });
	const supply = Object.values(funds).reduce((sum, each) => sum + Number(each), 0);
	return { input, demand: demandOf(input, { at: { Z: `${Math.ceil((supply * (10 + random(80))) / 100)}` } }) };
}

describe('one demand gets a plan that is proven to be the best', () => {
	it.each([
		['where routes of one origin and one price send whole tokens', 80, { chains: 20, bridges: 4, load: 0.9 }],
		['where one of them sends whole tokens, the other cents', 124, { chains: 20, bridges: 4, load: 0.7 }],
		['by thousands of cuts of one split', 959, { chains: 20, bridges: 4, load: 0.95 }],
		['over hundreds of routes', 3, { chains: 20, bridges: 25, load: 0.5 }],
	])('%s', (_, seed, size) => {
		const { input, demand } = single(seed, size);
		expect(planOne(input, demand, PLAN_LIMITS)).toMatchObject({ kind: 'planned', exact: true });
	});

	it.each([0, 1, 2, 6])('over forty routes whose fees are about one step, with %i decimals', (decimals) => {
		for (let seed = 1; seed <= 15; seed += 1) {
			const { input, demand } = coarse(seed, decimals);
			expect({ seed, exact: planOne(input, demand, PLAN_LIMITS).exact }).toEqual({ seed, exact: true });
		}
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
