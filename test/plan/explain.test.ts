import { describe, expect, it } from 'vitest';
import { explainerOf } from '../../src/plan/explain/explain.ts';
import { planBatch } from '../../src/plan/joint/plan-batch.ts';
import type { PlanInput } from '../../src/plan/one/network.ts';
import type { Goal } from '../../src/plan/plan.ts';
import { type DemandText, demandOf, type InstanceText, instance } from './instance.ts';

const DECIMALS = { '1': 6, '2': 6, '10': 6, '56': 18 };

/** What is said of each demand that is not paid at once, as `kind name CODE` with the cost or the shortfall behind it. */
function explained(text: InstanceText, demands: readonly DemandText[], goal: Goal = 'age'): Readonly<Record<string, readonly string[]>> {
	const input = instance(text);
	const asked = demands.map((demand, index) => demandOf(input, { id: `inv-${index + 1}`, enqueuedAt: index, ...demand }));
	return sayings(input, asked, goal);
}

function sayings(input: PlanInput, demands: readonly ReturnType<typeof demandOf>[], goal: Goal) {
	const result = planBatch(input, demands, { goal, stop: () => false });
	expect(result.proof.exact).toBe(true);
	const explainer = explainerOf({ input, demands, goal }, result);
	const said = [
		...result.plans.map((plan) => [plan.demand, explainer.plan(plan)] as const),
		...result.unplanned.map((refused) => [refused.demand, explainer.refusal(refused)] as const),
	];
	return Object.fromEntries(
		said.map(([demand, { alternatives, more }]) => [
			demand,
			[
				...alternatives.map((each) => {
					const detail = 'way' in each ? [each.way.cost] : 'short' in each ? [each.short] : [];
					return [each.kind, each.name, each.code, ...detail].join(' ');
				}),
				...(more > 0 ? [`${more} more`] : []),
			],
		]),
	);
}

const over = (id: string, origin: string, destination: string, more = {}) => ({ id, origin, destination, ...more });

describe('a plan is explained by', () => {
	it('the first goal in which the best way without its route is worse', () => {
		const worse = (more: object) => {
			const routes = [over('a', '1', '10', { gasCost: '1' }), over('b', '2', '10', { gasCost: '1', ...more })];
			return explained({ decimals: DECIMALS, funds: { '1': '100', '2': '100' }, routes }, [{ at: { '10': '50' } }])['inv-1'];
		};
		expect(worse({ seconds: 301 })).toEqual(['without a SLOWER 1']);
		expect(worse({ gasCost: '1.5' })).toEqual(['without a DEARER 1.5']);
		expect(worse({ gasCost: '0', fixedFee: '1' })).toEqual(['without a MORE_SENT 1']);
		expect(worse({ gasCost: '1.000002' })).toEqual(['without a TIE 1.000002']);
		expect(worse({ gasCost: '1.000003' })).toEqual(['without a DEARER 1.000003']);
		expect(worse({ maximum: '0' })).toEqual(['without a ABOVE_MAXIMUM 50', 'route b ABOVE_MAXIMUM']);
	});

	it('the two operations that it would take without its route', () => {
		const routes = [over('a', '1', '10', { gasCost: '5' }), over('b', '2', '10', { maximum: '30' }), over('c', '56', '10')];
		const text = { decimals: DECIMALS, funds: { '1': '100', '2': '100', '56': '30' }, routes };
		expect(explained(text, [{ at: { '10': '50' } }])).toEqual({ 'inv-1': ['without a MORE_OPERATIONS 0'] });
	});

	it('the best at each other destination, or why there is none', () => {
		const routes = [over('a', '1', '10'), over('b', '1', '56', { gasCost: '0.25' }), over('c', '1', '2', { maximum: '20' })];
		const text = { decimals: DECIMALS, funds: { '1': '100' }, routes };
		expect(explained(text, [{ at: { '10': '50', '56': '50', '2': '50' } }])).toEqual({
			'inv-1': ['destination 2 ABOVE_MAXIMUM 30', 'destination 56 DEARER 0.25', 'without a DEARER 0.25'],
		});
	});

	it('what it would have got if nothing were planned for others', () => {
		const routes = [over('a', '1', '10'), over('b', '2', '10', { gasCost: '3' })];
		const text = { decimals: DECIMALS, funds: { '1': '100', '2': '100' }, routes };
		expect(explained(text, [{ at: { '10': '100' } }, { at: { '10': '60' } }])).toEqual({
			'inv-1': ['without a INSUFFICIENT_FUNDS 60'],
			'inv-2': ['alone 10 OTHERS_FIRST 0', 'without b INSUFFICIENT_FUNDS 60', 'route a OTHERS_FIRST'],
		});
	});

	it('the larger amount that it covers, when value is the goal', () => {
		const routes = [over('a', '1', '10'), over('b', '1', '56', { gasCost: '5' })];
		const input = instance({ decimals: DECIMALS, funds: { '1': '100' }, routes });
		const demand = demandOf(input, { at: { '10': '50', '56': '49.9' } });
		expect(sayings(input, [demand], 'value')).toEqual({ 'inv-1': ['destination 56 LESS_COVERED 5', 'without a LESS_COVERED 5'] });
		expect(sayings(input, [demand], 'age')).toEqual({ 'inv-1': ['destination 56 DEARER 5', 'without a DEARER 5'] });
	});

	it('nothing that goes over its route as a hop, when it asks what there is without it', () => {
		const routes = [over('a', '1', '10'), over('b', '10', '56'), { id: 'v', origin: '1', destination: '56', via: ['a', 'b'] }];
		const text = { decimals: DECIMALS, funds: { '1': '100', '10': '80' }, routes };
		expect(explained(text, [{ at: { '56': '70' } }])).toEqual({ 'inv-1': ['without b NO_ROUTE 70'] });
	});
});

describe('a refusal is explained by', () => {
	it('the reason at each other destination', () => {
		const routes = [over('a', '1', '10', { maximum: '40' }), over('b', '1', '56', { toleranceBps: '1', feeBps: '2' })];
		const text = { decimals: DECIMALS, funds: { '1': '100' }, routes };
		expect(explained(text, [{ at: { '10': '50', '56': '50', '2': '50' } }])).toEqual({
			'inv-1': ['destination 2 NO_ROUTE 50', 'destination 56 SLIPPAGE 50', 'route b SLIPPAGE'],
		});
	});

	it('the funds that others got first', () => {
		const text = { decimals: DECIMALS, funds: { '1': '100' }, routes: [over('a', '1', '10')] };
		expect(explained(text, [{ at: { '10': '80' } }, { at: { '10': '90' } }])['inv-2']).toEqual(['alone 10 OTHERS_FIRST 0']);
	});

	it('what is wrong with each route that leads there and can carry nothing', () => {
		const funds = { '1': { confirmed: '100', reserve: '95' }, '2': '0.5', '56': '50' };
		const routes = [
			over('fees', '1', '10', { feeBps: '10000' }),
			over('funds', '2', '10', { fixedFee: '0.5' }),
			over('maximum', '56', '10', { maximum: '0' }),
			over('minimum', '2', '10', { minimum: '0.6' }),
			over('reserve', '1', '10', { minimum: '20' }),
			over('slippage', '56', '10', { feeBps: '5', toleranceBps: '4' }),
			over('usable', '56', '10', { maximum: '1' }),
			{ id: 'via', origin: '56', destination: '10', via: ['early', 'fees'] },
			over('early', '56', '1'),
			over('elsewhere', '10', '2', { feeBps: '10000' }),
		];
		expect(explained({ decimals: DECIMALS, funds, routes }, [{ at: { '10': '70' } }])['inv-1']).toEqual([
			'route fees FEES',
			'route funds NO_FUNDS',
			'route maximum ABOVE_MAXIMUM',
			'route minimum BELOW_MINIMUM',
			'route reserve RESERVE',
			'route slippage SLIPPAGE',
			'route via FEES',
		]);
	});
});

describe('an explanation', () => {
	it('ends after twenty alternatives, and says how many are left', () => {
		const routes = Array.from({ length: 700 }, (_, index) => over(`r${index}`, '1', '10', { feeBps: '10000' }));
		const [first, ...rest] = explained({ decimals: DECIMALS, funds: { '1': '100' }, routes }, [{ at: { '10': '70' } }])['inv-1'] ?? [];
		expect([first, rest.length, rest.at(-1)]).toEqual(['route r0 FEES', 20, '680 more']);
	});

	it('is plain data with text for amounts', () => {
		const input = instance({
			decimals: DECIMALS,
			funds: { '1': '100' },
			routes: [over('a', '1', '56'), over('b', '1', '56', { gasCost: '1' })],
		});
		const demands = [demandOf(input, { at: { '56': '0.000000000001' } })];
		const result = planBatch(input, demands, { goal: 'age', stop: () => false });
		const [plan] = result.plans;
		if (plan === undefined) throw new Error('nothing was planned');
		const explanation = explainerOf({ input, demands, goal: 'age' }, result).plan(plan);
		expect(JSON.parse(JSON.stringify(explanation))).toEqual({
			alternatives: [
				{
					...{ kind: 'without', name: 'a', code: 'DEARER' },
					way: {
						...{ destination: '56', local: '0', operations: 1, cost: '1', seconds: 60 },
						legs: [{ route: 'b', send: '0.000001', receive: '0.000001' }],
					},
				},
			],
			more: 0,
		});
	});
});
