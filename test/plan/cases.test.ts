import { describe, expect, it } from 'vitest';
import { formatAmount } from '../../src/money/units.ts';
import { planBatch } from '../../src/plan/joint/plan-batch.ts';
import { planOne } from '../../src/plan/one/plan-one.ts';
import type { PlanResult } from '../../src/plan/plan.ts';
import { demandOf, instance } from './instance.ts';

const LIMITS = { nodes: 10_000 };
/** Nothing but one by one, and what is always exact. */
const AT_ONCE = { goal: 'age' as const, stop: () => true };

function sends(result: PlanResult, decimals = 6): Record<string, string> | string {
	if (result.kind === 'refused') return result.reason;
	return Object.fromEntries(result.plan.legs.map((leg) => [leg.route, formatAmount(leg.send, decimals)]));
}

describe('cases that greedy planners get wrong', () => {
	it('1: prefers a swap and a bridge (two operations) to three bridges', () => {
		const input = instance({
			decimals: { A: 6, B: 6, C: 6, Z: 6, D: 6, 'USDT@D': 6 },
			funds: { A: '40', B: '35', C: '30', 'USDT@D': '150' },
			routes: [
				{ id: 'a-z', origin: 'A', destination: 'Z' },
				{ id: 'b-z', origin: 'B', destination: 'Z' },
				{ id: 'c-z', origin: 'C', destination: 'Z' },
				{ id: 'd-swap', origin: 'D', destination: 'D', asset: 'USDT', toAsset: 'USDC' },
				{ id: 'd-z', origin: 'D', destination: 'Z' },
				{ id: 'd-swap-z', origin: 'D', destination: 'Z', asset: 'USDT', via: ['d-swap', 'd-z'] },
			],
		});
		const result = planOne(input, demandOf(input, { at: { Z: '100' } }), LIMITS);
		expect(result).toMatchObject({ kind: 'planned', exact: true, plan: { operations: 2 } });
		expect(sends(result)).toEqual({ 'd-swap-z': '100' });
	});

	it('2: splits evenly where a fixed fee would break the tolerance of a small remainder', () => {
		const route = { destination: 'Z', fixedFee: '0.5', toleranceBps: '100' };
		const input = instance({
			decimals: { A: 6, B: 6, Z: 6 },
			funds: { A: '80', B: '80' },
			routes: [
				{ ...route, id: 'a-z', origin: 'A' },
				{ ...route, id: 'b-z', origin: 'B' },
			],
		});
		const result = planOne(input, demandOf(input, { at: { Z: '100' } }), LIMITS);
		expect(result).toMatchObject({
			kind: 'planned',
			exact: true,
			plan: { operations: 2, cost: { numerator: 1_000_000n, denominator: 1_000_000n } },
		});
		expect(sends(result)).toEqual({ 'a-z': '50', 'b-z': '51' });
	});

	it('3: leaves enough for the second leg to reach its minimum', () => {
		const input = instance({
			decimals: { A: 6, B: 6, Z: 6 },
			funds: { A: '98', B: '98' },
			routes: [
				{ id: 'a-z', origin: 'A', destination: 'Z', minimum: '10' },
				{ id: 'b-z', origin: 'B', destination: 'Z', minimum: '10' },
			],
		});
		expect(sends(planOne(input, demandOf(input, { at: { Z: '100' } }), LIMITS))).toEqual({ 'a-z': '10', 'b-z': '90' });
	});

	it('4: swaps a part at the destination and bridges the rest', () => {
		const input = instance({
			decimals: { A: 6, Z: 6, 'USDT@Z': 6 },
			funds: { A: '60', 'USDT@Z': '60' },
			routes: [
				{ id: 'a-z', origin: 'A', destination: 'Z' },
				{ id: 'z-swap', origin: 'Z', destination: 'Z', asset: 'USDT', toAsset: 'USDC' },
			],
		});
		expect(sends(planOne(input, demandOf(input, { at: { Z: '100' } }), LIMITS))).toEqual({ 'a-z': '40', 'z-swap': '60' });
	});

	it('5: does not let the minimum of an unused bridge raise what is needed', () => {
		const input = instance({
			decimals: { A: 6, Z: 6 },
			funds: { A: '15' },
			routes: [
				{ id: 'across', origin: 'A', destination: 'Z' },
				{ id: 'binance', bridge: 'binance', origin: 'A', destination: 'Z', minimum: '10' },
			],
		});
		expect(sends(planOne(input, demandOf(input, { at: { Z: '9' } }), LIMITS))).toEqual({ across: '9' });
	});

	it('6: covers a shortfall of half a 6-decimal unit instead of calling it covered', () => {
		const input = instance({
			decimals: { A: 6, Z: 18, Y: 6 },
			funds: { A: '15', Z: '99.9999995', Y: '0' },
			routes: [{ id: 'a-z', origin: 'A', destination: 'Z' }],
		});
		const result = planOne(input, demandOf(input, { at: { Z: '100', Y: '100' } }), LIMITS);
		expect(result).toMatchObject({ kind: 'planned', plan: { destination: 'Z', operations: 1, local: 99_999_999_000_000_000_000n } });
		expect(sends(result)).toEqual({ 'a-z': '0.000001' });
	});

	it('7: compares costs in tokens, not in base units of different decimals', () => {
		const input = instance({
			decimals: { A: 6, B: 18, Z: 6, Y: 6 },
			funds: { A: '500', B: '500' },
			routes: [
				{ id: 'a-z', origin: 'A', destination: 'Z', fixedFee: '9' },
				{ id: 'b-y', origin: 'B', destination: 'Y', fixedFee: '1' },
			],
		});
		const result = planOne(input, demandOf(input, { at: { Z: '100', Y: '10' } }), LIMITS);
		expect(sends(result, 18)).toEqual({ 'b-y': '11' });
	});

	it('8: leaves to the second demand the only funds that can serve it', () => {
		const input = instance({
			decimals: { A: 6, B: 6, Z: 6, Y: 6 },
			funds: { A: '100', B: '60' },
			routes: [
				{ id: 'a-z', origin: 'A', destination: 'Z' },
				{ id: 'b-z', origin: 'B', destination: 'Z' },
				{ id: 'a-y', origin: 'A', destination: 'Y' },
			],
		});
		const demands = [
			demandOf(input, { id: 'one', enqueuedAt: 1, at: { Z: '50' } }),
			demandOf(input, { id: 'two', enqueuedAt: 2, at: { Y: '100' } }),
		];
		const { plans, proof } = planBatch(input, demands, AT_ONCE);
		expect(plans.map((plan) => [plan.demand, plan.legs.map((leg) => leg.route)])).toEqual([
			['one', ['b-z']],
			['two', ['a-y']],
		]);
		expect(proof).toEqual({ exact: true, bound: null });
	});

	it('9: takes the cheap origin even where the dear one holds more', () => {
		const input = instance({
			decimals: { ethereum: 6, cheap: 6, Z: 6 },
			funds: { ethereum: '100000', cheap: '150' },
			routes: [
				{ id: 'a-ethereum', origin: 'ethereum', destination: 'Z', gasCost: '12' },
				{ id: 'b-cheap', origin: 'cheap', destination: 'Z', gasCost: '0.02' },
			],
		});
		expect(sends(planOne(input, demandOf(input, { at: { Z: '100' } }), LIMITS))).toEqual({ 'b-cheap': '100' });
	});
});

describe('one demand between 6 and 18 decimals', () => {
	it.each([
		[6, 18],
		[18, 6],
	])('covers to the last unit from %i to %i decimals', (from, to) => {
		const input = instance({
			decimals: { A: from, Z: to },
			funds: { A: '1000', Z: '0.000001' },
			routes: [
				{
					id: 'a-z',
					origin: 'A',
					destination: 'Z',
					feeBps: '4.37',
					fixedFee: '0.123457',
					step: from === 6 ? '0.000001' : '0.000000000000000001',
				},
			],
		});
		const demand = demandOf(input, { at: { Z: '333.333333' } });
		const result = planOne(input, demand, LIMITS);
		if (result.kind !== 'planned') throw new Error(result.reason);
		const [leg] = result.plan.legs;
		const wanted = demand.destinations[0]?.amount ?? 0n;
		expect((leg?.receive ?? 0n) + result.plan.local).toBe(leg !== undefined && leg.receive > wanted ? leg.receive : wanted);
		expect(leg?.receive).toBeLessThanOrEqual(wanted);
	});
});

describe('coarse units', () => {
	it('sends more than the least where rounding down makes the least dearer', () => {
		const input = instance({
			decimals: { A: 1, Z: 0 },
			funds: { A: '9' },
			routes: [{ id: 'a-z', origin: 'A', destination: 'Z', minimum: '1.5' }],
		});
		const result = planOne(input, demandOf(input, { at: { Z: '1' } }), LIMITS);
		expect(sends(result, 1)).toEqual({ 'a-z': '2' });
		expect(result).toMatchObject({ plan: { cost: { numerator: 0n } } });
	});
});

describe('refusals', () => {
	const routes = (route: object) => [{ id: 'a-z', origin: 'A', destination: 'Z', ...route }];
	const refuse = (text: Parameters<typeof instance>[0], maxCost?: string) => {
		const input = instance(text);
		return planOne(input, demandOf(input, { at: { Z: '100' }, ...(maxCost === undefined ? {} : { maxCost }) }), LIMITS);
	};
	const decimals = { A: 6, Z: 6 };

	it.each([
		['NO_ROUTE', { decimals, funds: { A: '500' }, routes: [{ id: 'z-a', origin: 'Z', destination: 'A' }] }, undefined, 100_000_000n],
		['UNPROFITABLE', { decimals, funds: { A: '500' }, routes: routes({ fixedFee: '3' }) }, '2.999999', 0n],
		['RESERVE', { decimals, funds: { A: { confirmed: '100', reserve: '10' } }, routes: routes({}) }, undefined, 10_000_000n],
		['ABOVE_MAXIMUM', { decimals, funds: { A: '500' }, routes: routes({ maximum: '60' }) }, undefined, 40_000_000n],
		['BELOW_MINIMUM', { decimals, funds: { A: '150' }, routes: routes({ minimum: '200' }) }, undefined, 100_000_000n],
		['SLIPPAGE', { decimals, funds: { A: '500' }, routes: routes({ feeBps: '50', toleranceBps: '10' }) }, undefined, 100_000_000n],
		['INSUFFICIENT_FUNDS', { decimals, funds: { A: { confirmed: '95', held: '1' } }, routes: routes({}) }, undefined, 6_000_000n],
	] as const)('says %s and how much is short', (reason, text, maxCost, short) => {
		expect(refuse(text, maxCost)).toEqual({ kind: 'refused', exact: true, reason, destination: 'Z', short });
	});

	it('throws for decimals that nobody stated', () => {
		expect(() => refuse({ decimals: { Z: 6 }, funds: {}, routes: routes({}) })).toThrow(/decimals of USDC at venue A are unknown/);
	});
});

describe('one by one', () => {
	it('pays what is payable before an older demand uses the funds, then plans oldest first on what is left', () => {
		const input = instance({
			decimals: { A: 6, B: 6, Z: 6 },
			funds: { A: '150', B: '100', Z: '0' },
			routes: [
				{ id: 'a-z', origin: 'A', destination: 'Z', feeBps: '4' },
				{ id: 'b-z', origin: 'B', destination: 'Z' },
			],
		});
		const demands = [
			demandOf(input, { id: 'young', enqueuedAt: 3, at: { B: '100' } }),
			demandOf(input, { id: 'old', enqueuedAt: 1, at: { Z: '100' } }),
			demandOf(input, { id: 'late', enqueuedAt: 2, at: { Z: '100' } }),
		];
		const turns = planBatch(input, demands, AT_ONCE);
		expect(turns.payable).toEqual([{ id: 'young', venue: 'B', amount: 100_000_000n }]);
		expect(turns.plans.map((plan) => [plan.demand, plan.legs.map((leg) => leg.route)])).toEqual([['old', ['a-z']]]);
		expect(turns.unplanned).toMatchObject([{ demand: 'late', reason: 'INSUFFICIENT_FUNDS', destination: 'Z' }]);
		expect(turns.proof.exact).toBe(true);
	});

	it('prefers no slow leg to fewer operations', () => {
		const input = instance({
			decimals: { A: 6, B: 6, C: 6, Z: 6 },
			funds: { A: '100', B: '60', C: '60' },
			routes: [
				{ id: 'a-z', origin: 'A', destination: 'Z', seconds: 301 },
				{ id: 'b-z', origin: 'B', destination: 'Z', seconds: 300 },
				{ id: 'c-z', origin: 'C', destination: 'Z' },
			],
		});
		const result = planOne(input, demandOf(input, { at: { Z: '100' } }), LIMITS);
		expect(sends(result)).toEqual({ 'b-z': '40', 'c-z': '60' });
	});
});
