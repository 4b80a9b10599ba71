import { describe, expect, it } from 'vitest';
import { readPlanFile } from '../../src/cli/plan-file/read-plan-file.ts';
import { addUnits, type Units, usedBy } from '../../src/plan/available.ts';
import { planBatch } from '../../src/plan/joint/plan-batch.ts';
import { problemsOf } from '../../src/plan/one/check.ts';
import { generator, type Random } from '../faults/random.ts';

const ORIGINS = ['1', '2', '3', '4'];
const PLACES = ['5', '6'];

/** Seventy-seven digits. */
const huge = (random: Random, leading: number): string => `${leading}${Array.from({ length: 76 }, () => random(10)).join('')}`;

/** Amounts beyond any token, with limits and fees of every size between one and them. */
function fileOf(random: Random, [even, odd]: readonly [number, number]) {
	const venues = [...ORIGINS, ...PLACES];
	const ends = ORIGINS.flatMap((origin) => PLACES.map((destination) => ({ origin, destination, asset: 'USDC', maximum: '9'.repeat(78) })));
	return {
		assets: { USDC: Object.fromEntries(venues.map((venue, index) => [venue, index % 2 === 0 ? even : odd])) },
		inventory: venues.map((venue, index) => ({
			...{ venue, asset: 'USDC', reserve: '1', held: '0' },
			confirmed: index < ORIGINS.length ? huge(random, 2 + random(7)) : '5',
		})),
		routes: ends.flatMap((each) =>
			[false, true].map((isSmall) => ({
				...{ ...each, id: `${each.origin}-${each.destination}-${isSmall}`, bridge: 'across', toleranceBps: '10000', seconds: 60 },
				minimum: isSmall ? '1' : huge(random, 1).slice(0, 70),
				step: isSmall ? '1' : '3',
				fixedFee: isSmall ? '0.5' : huge(random, 3).slice(0, 60),
				feeBps: `${random(90)}.${1 + random(9)}`,
				gasCost: `${random(5)}`,
			})),
		),
		demands: Array.from({ length: 8 }, (_, index) => ({
			...{ id: `inv-${index}`, asset: 'USDC', enqueuedAt: index },
			destinations: PLACES.slice(random(2)).map((venue) => ({ venue, amount: huge(random, 1 + random(5)) })),
		})),
		objective: { goal: random(2) === 0 ? 'age' : 'value' },
	};
}

describe('many demands of 10^77 tokens', () => {
	it.each([[0, 0] as const, [0, 77] as const, [6, 18] as const, [77, 77] as const])('at %i and %i decimals', (even, odd) => {
		const { input, demands, goal } = readPlanFile(fileOf(generator(even + odd), [even, odd]));
		let asked = 0;
		const { plans, payable, unplanned } = planBatch(input, demands, { goal, stop: () => ++asked > 200 });
		expect(payable).toEqual([]);
		expect([...plans, ...unplanned].map(({ demand }) => demand).sort()).toEqual(demands.map(({ id }) => id).sort());
		expect(plans.length).toBeGreaterThan(3);
		const used = (except: string): Units =>
			plans
				.filter(({ demand }) => demand !== except)
				.map(usedBy)
				.reduce(addUnits, new Map());
		for (const plan of plans) {
			const demand = demands.find(({ id }) => id === plan.demand);
			expect(demand === undefined ? ['unknown'] : problemsOf({ input, used: used(plan.demand), demand }, plan)).toEqual([]);
		}
	});
});
