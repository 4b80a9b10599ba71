import { describe, expect, it } from 'vitest';
import { InvariantError } from '../../src/errors.ts';
import { type Amount, add, amount } from '../../src/money/amount.ts';
import { checkPlan, problemsOf } from '../../src/plan/one/check.ts';
import { planOne } from '../../src/plan/one/plan-one.ts';
import type { Plan, PlannedLeg } from '../../src/plan/plan.ts';
import { demandOf, instance } from './instance.ts';

const input = instance({
	decimals: { A: 6, B: 18, M: 6, Z: 6 },
	funds: { A: { confirmed: '80', reserve: '5' }, B: '80', Z: '3' },
	routes: [
		{
			id: 'a-z',
			origin: 'A',
			destination: 'Z',
			fixedFee: '0.5',
			feeBps: '4',
			gasCost: '0.2',
			minimum: '20',
			maximum: '70',
			toleranceBps: '150',
		},
		{ id: 'b-m', origin: 'B', destination: 'M', feeBps: '2', step: '0.5', toleranceBps: '150' },
		{ id: 'm-z', origin: 'M', destination: 'Z', feeBps: '1' },
		{ id: 'b-m-z', origin: 'B', destination: 'Z', via: ['b-m', 'm-z'] },
	],
});
const demand = demandOf(input, { at: { Z: '120' }, maxCost: '1' });
const evidence = { input, used: new Map<string, bigint>(), demand };

function good(): Plan {
	const result = planOne(input, demand, { nodes: 10_000 });
	if (result.kind !== 'planned') throw new Error(result.reason);
	return result.plan;
}

const plan = good();
const one = 1n as Amount;
const leg = (change: (leg: PlannedLeg) => PlannedLeg, index = 0): Plan => ({
	...plan,
	legs: plan.legs.map((each, at) => (at === index ? change(each) : each)),
});
const resend = (units: bigint, index = 0) =>
	leg(
		(each) => ({
			...each,
			send: amount(each.send + units),
			hops: each.hops.map((hop, at) => (at === 0 ? { ...hop, send: amount(hop.send + units) } : hop)),
		}),
		index,
	);

describe('the checker', () => {
	it('accepts what the planner found', () => {
		expect(problemsOf(evidence, plan)).toEqual([]);
		expect(plan.legs.map((each) => each.route)).toEqual(['a-z', 'b-m-z']);
		expect(plan.operations).toBe(3);
	});

	it.each<[string, Plan, RegExp]>([
		['an amount that is not covered', { ...plan, local: amount(plan.local - 1n) }, /does not cover/],
		['more local than available', { ...plan, local: add(plan.local, 1_000_000n as Amount) }, /USDC@Z has 3000000 available/],
		['another amount', { ...plan, amount: amount(plan.amount - 1n) }, /amount is not the demand/],
		['another destination', { ...plan, destination: 'A' }, /none of the destinations/],
		['no leg', { ...plan, legs: [], operations: 0, seconds: 0 }, /no leg/],
		['a delivery larger than the route gives', leg((each) => ({ ...each, receive: add(each.receive, one) })), /disagree/],
		['a send off the route', resend(1_000n), /delivers/],
		['a hop off its step', resend(1n, 1), /off its step/],
		['a send above the maximum', resend(50_000_000n), /outside its limits/],
		['a send below the minimum', resend(-20_000_000n), /outside its limits/],
		['a leg used twice', { ...plan, legs: [...plan.legs, ...plan.legs] }, /used twice/],
		['miscounted operations', { ...plan, operations: 2 }, /miscounted/],
		['wrong seconds', { ...plan, seconds: 1 }, /seconds/],
		['a flattering cost', { ...plan, cost: { numerator: 0n, denominator: 1n } }, /not the sum/],
		['a leg with a flattering cost', leg((each) => ({ ...each, cost: { numerator: 0n, denominator: 1n } })), /cost of leg/],
		[
			'a hop that sends what did not arrive',
			leg((each) => ({ ...each, hops: each.hops.map((hop, at) => (at === 1 ? { ...hop, send: add(hop.send, one) } : hop)) }), 1),
			/what arrived/,
		],
		['an unknown route', leg((each) => ({ ...each, route: 'x' })), /known route/],
		['a leg from elsewhere', leg((each) => ({ ...each, origin: 'B' })), /does not begin/],
		['another demand', { ...plan, demand: 'inv-2' }, /another demand/],
	])('rejects %s', (_, mutated, problem) => {
		expect(problemsOf(evidence, mutated).join('; ')).toMatch(problem);
		expect(() => checkPlan(evidence, mutated)).toThrow(InvariantError);
	});

	it('rejects a plan on funds that earlier plans use, below the reserve, or above the worth', () => {
		expect(problemsOf({ ...evidence, used: new Map([['USDC@A', 75_000_000n]]) }, plan).join()).toMatch(/USDC@A has 0 available/);
		const held = { ...input, inventory: input.inventory.map((row) => (row.venue === 'A' ? { ...row, held: amount(75_000_000n) } : row)) };
		expect(problemsOf({ ...evidence, input: held }, plan).join()).toMatch(/USDC@A has 0 available/);
		expect(problemsOf({ ...evidence, demand: { ...demand, maxCost: { numerator: 1n, denominator: 100n } } }, plan).join()).toMatch(
			/costs more/,
		);
	});

	it('rejects a loss above the tolerance', () => {
		const strict = {
			...input,
			routes: input.routes.map((route) => (route.id === 'a-z' ? { ...route, tolerance: { numerator: 1n, denominator: 1_000n } } : route)),
		};
		expect(problemsOf({ ...evidence, input: strict }, plan).join()).toMatch(/tolerance/);
	});
});
