/** Batches that are too large to be gone through: what one demand leaves to another is found by looking for it. */
import { describe, expect, it } from 'vitest';
import type { Demand } from '../../src/plan/demand.ts';
import { planBatch } from '../../src/plan/joint/plan-batch.ts';
import { ratio } from '../../src/plan/one/candidate.ts';
import type { PlanInput } from '../../src/plan/one/network.ts';
import type { Bound } from '../../src/plan/plan.ts';
import { demandOf, instance, type RouteText } from './instance.ts';

const PAIRS = [0, 1, 2, 3, 4];

interface Terms {
	/** What the younger of a pair pays over its second route; without them it has none. */
	readonly second?: Partial<RouteText>;
	/** What both pay over their first. */
	readonly near?: Partial<RouteText>;
	/** What the older one pays over its second route. */
	readonly other?: Partial<RouteText>;
	readonly amounts?: readonly [string, string];
}

/** Pairs of demands: the older one likes the origin best that the younger one needs. */
function pairs({ second, near = { fixedFee: '1' }, other = { fixedFee: '1.2' }, amounts: [older, younger] = ['90', '90'] }: Terms): {
	input: PlanInput;
	demands: readonly Demand[];
} {
	const venues = PAIRS.flatMap((pair) => [`p${pair}`, `q${pair}`, `y${pair}`, `z${pair}`]);
	const routes = PAIRS.flatMap((pair) => [
		{ id: `old-near-${pair}`, origin: `p${pair}`, destination: `y${pair}`, ...near },
		{ id: `old-other-${pair}`, origin: `q${pair}`, destination: `y${pair}`, ...other },
		{ id: `young-near-${pair}`, origin: `p${pair}`, destination: `z${pair}`, ...near },
		...(second === undefined ? [] : [{ id: `young-second-${pair}`, origin: `q${pair}`, destination: `z${pair}`, ...second }]),
	]);
	const input = instance({
		decimals: Object.fromEntries(venues.map((venue) => [venue, 6])),
		funds: Object.fromEntries(PAIRS.flatMap((pair) => [`p${pair}`, `q${pair}`]).map((venue) => [venue, '100'])),
		routes,
	});
	const demands = PAIRS.flatMap((pair) => [
		demandOf(input, { id: `old-${pair}`, enqueuedAt: pair, at: { [`y${pair}`]: older } }),
		demandOf(input, { id: `young-${pair}`, enqueuedAt: 100 + pair, at: { [`z${pair}`]: younger } }),
	]);
	return { input, demands };
}

function routesUsed({ input, demands }: ReturnType<typeof pairs>, how: { goal: 'age' | 'value'; looks: number }) {
	let left = how.looks;
	const stop = (): boolean => {
		left -= 1;
		return left < 0;
	};
	const result = planBatch(input, demands, { goal: how.goal, stop });
	const used = Object.fromEntries(result.plans.map(({ demand, legs }) => [demand, legs.map(({ route }) => route).join()]));
	return { used, result };
}

const SHARED = Object.fromEntries(
	PAIRS.flatMap((pair) => [
		[`old-${pair}`, `old-other-${pair}`],
		[`young-${pair}`, `young-near-${pair}`],
	]),
);
const GREEDY = Object.fromEntries(PAIRS.map((pair) => [`old-${pair}`, `old-near-${pair}`]));

describe('ten demands, of which each younger one needs what an older one likes best', () => {
	it('are all covered, and it is proven that nothing is better to cover', () => {
		const { used, result } = routesUsed(pairs({}), { goal: 'age', looks: 3_000 });
		expect(used).toEqual(SHARED);
		expect(result.proof.bound?.goal ?? 7).toBeGreaterThan(2);
	});

	it('are planned one by one when there is no time, and who else might be covered is said', () => {
		const { used, result } = routesUsed(pairs({}), { goal: 'age', looks: 0 });
		expect(used).toEqual(GREEDY);
		expect(result.proof).toEqual({ exact: false, bound: { goal: 2, demand: 'young-0' } });
	});

	it.each([
		['fewer are slow', { second: { fixedFee: '1', seconds: 900 } }, { goal: 3, tokens: 0 }],
		['it costs less', { second: { fixedFee: '8' } }, { goal: 5, tokens: 5 }],
		[
			'less is sent',
			{ second: { fixedFee: '2' }, other: { fixedFee: '0', gasCost: '2' }, near: { fixedFee: '0', gasCost: '1' } },
			{ goal: 5, tokens: 5 },
		],
	] satisfies [string, Terms, { goal: number; tokens: number }][])(
		'are covered so that %s, where all are covered either way, or else it is said what would be better',
		(_, terms, { goal, tokens }) => {
			expect(routesUsed(pairs(terms), { goal: 'age', looks: 3_000 }).used).toEqual(SHARED);
			// Nothing was looked for that the younger ones could get alone.
			const { bound } = routesUsed(pairs(terms), { goal: 'age', looks: 0 }).result.proof;
			expect(bound?.goal).toBe(goal);
			expect(tokensOf(bound)).toBeCloseTo(tokens, 4);
		},
	);

	it('are covered with the larger sum where values count, and the older ones where age does', () => {
		const rivals = pairs({ other: { maximum: '2' }, amounts: ['40', '90'] });
		const covered = (goal: 'age' | 'value', looks = 3_000) => routesUsed(rivals, { goal, looks });
		expect(Object.keys(covered('age').used)).toEqual(PAIRS.map((pair) => `old-${pair}`));
		expect(Object.keys(covered('value').used)).toEqual(PAIRS.map((pair) => `young-${pair}`));
		const { bound } = covered('value', 0).result.proof;
		expect(bound?.goal).toBe(2);
		expect(tokensOf(bound)).toBeGreaterThanOrEqual(5 * 90);
	});
});

function tokensOf(bound: Bound | null): number | null {
	return bound !== null && 'value' in bound ? ratio(bound.value.numerator, bound.value.denominator) : null;
}

describe('two demands that share what is there already', () => {
	it('let the older one send less before the younger one gets the smaller route', () => {
		const over = (id: string, maximum: string): RouteText => ({ id, origin: 'y', destination: 'z', step: '1', maximum });
		const input = instance({ decimals: { y: 0, z: 0 }, funds: { y: '6', z: '2' }, routes: [over('r1', '2'), over('r2', '100')] });
		const demands = [demandOf(input, { id: 'd0', at: { z: '5' } }), demandOf(input, { id: 'd1', at: { z: '3' } })];
		const { plans } = planBatch(input, demands, { goal: 'age', stop: () => true });
		expect(plans.map(({ demand, legs }) => [demand, ...legs.flatMap(({ route, send }) => [route, send])])).toEqual([
			['d0', 'r2', 3n],
			['d1', 'r2', 3n],
		]);
	});
});
