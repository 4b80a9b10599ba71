import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readPlanFile } from '../../src/cli/plan-file/read-plan-file.ts';
import { evaluateOnDemandRebalancing, planOpenDemands } from '../../src/steps/plan/plan-demands.ts';
import { planFileOf } from '../../src/steps/plan/plan-file.ts';
import { asks, type PlanningStand, startPlanning } from './planning-stand.ts';

let stand: PlanningStand;
beforeAll(async () => {
	stand = await startPlanning({ goal: 'value', budgetMs: 2_000, fastWindowSeconds: 61 });
});
afterAll(() => stand.stop());

/** What was saved of a run, as it comes back from a file. */
const saved = () => readPlanFile(JSON.parse(JSON.stringify(stand.files[0])));
const planned = () => {
	const { input, demands, goal } = saved();
	return evaluateOnDemandRebalancing(input, demands, { goal, stop: () => false });
};

describe('a live question as a file', () => {
	it('gives the same plans, payments and refusals as live', async () => {
		await stand.has('1', 305n);
		await stand.has('56', 155n);
		await stand.has('10', 75n, 'USDT');
		await asks(stand, {
			at: [
				['10', 250n],
				['56', 500n],
			],
			maxCost: 3n * 10n ** 18n,
		});
		await asks(stand, { at: [['10', 120n]] });
		await asks(stand, { asset: 'USDT', at: [['1', 70n]] });
		await asks(stand, { asset: 'USDT', at: [['1', 1n]], maxCost: 1n });
		await asks(stand, { at: [['56', 1n]] });
		await asks(stand, { at: [['10', 9_000n]] });
		await planOpenDemands(stand.app);
		const { plans, payable, unplanned } = planned();
		expect([plans.length, payable.length, unplanned.length]).toEqual([3, 1, 2]);
		const legs = await stand.sql`
			select d.external_id as demand, o.route, o.send, o.receive from rebalance_operations o
			join earmarks e on e.id = o.earmark_id join demands d on d.id = e.demand_id order by d.enqueued_at, o.route`;
		expect([...legs]).toEqual(
			plans.flatMap((plan) =>
				plan.legs.map(({ route, send, receive }) => ({ demand: plan.demand, route, send: `${send}`, receive: `${receive}` })),
			),
		);
		const earmarks = await stand.sql`
			select d.external_id as demand, e.venue, e.amount from earmarks e join demands d on d.id = e.demand_id order by d.enqueued_at`;
		const paid = payable.map(({ id, venue, amount }) => ({ demand: id, venue, amount: `${amount}` }));
		expect(earmarks).toEqual(
			expect.arrayContaining([
				...paid,
				...plans.map(({ demand, destination, amount }) => ({ demand, venue: destination, amount: `${amount}` })),
			]),
		);
		const waiting = await stand.sql`select external_id as demand, reason from demands where status = 'open' order by enqueued_at`;
		expect([...waiting]).toEqual(unplanned.map(({ demand, reason }) => ({ demand, reason })));
	});

	it('loses nothing: read and written again it is the same', () => {
		const { input, demands, goal, budgetMs } = saved();
		expect({ goal, budgetMs, fastWindowSeconds: input.fastWindowSeconds }).toEqual({
			goal: 'value',
			budgetMs: 2_000,
			fastWindowSeconds: 61,
		});
		expect(planFileOf({ input, demands }, { goal, budgetMs })).toEqual(stand.files[0]);
	});

	it('leaves out a route whose limits exclude each other, and what goes over it', () => {
		const { input, demands, goal, budgetMs } = saved();
		const routes = input.routes.map((route) =>
			route.id === 'across-56-10-USDC' && 'maximum' in route ? { ...route, maximum: { numerator: 0n, denominator: 1n } } : route,
		);
		const { routes: written } = planFileOf({ input: { ...input, routes }, demands }, { goal, budgetMs });
		const gone = input.routes.map(({ id }) => id).filter((id) => !written.some((route) => route.id === id));
		expect(gone.sort()).toEqual(['across-1-56-USDC+across-56-10-USDC', 'across-56-10-USDC']);
	});
});
