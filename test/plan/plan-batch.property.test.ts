import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addUnits, type Units, usedBy } from '../../src/plan/available.ts';
import type { Demand } from '../../src/plan/demand.ts';
import { planBatch } from '../../src/plan/joint/plan-batch.ts';
import { problemsOf } from '../../src/plan/one/check.ts';
import type { PlanInput } from '../../src/plan/one/network.ts';
import type { BatchPlan } from '../../src/plan/plan.ts';
import { unitOf } from './exhaustive.ts';
import { type Arrangement, exhaustBatch } from './exhaustive-batch.ts';
import { ALIKE, ANY, demandText, directRoute, few, VENUES } from './few.ts';
import { demandOf, instance, routeOf } from './instance.ts';

const objective = (goal: 'age' | 'value') => ({ goal, stop: () => true });

function shownBest({ parts }: Arrangement) {
	return parts.map(({ demand, venue, witness }) => ({
		demand: demand.id,
		venue,
		routes: witness?.routes ?? [],
		sends: witness?.sends ?? [],
	}));
}

function shown(input: PlanInput, demands: readonly Demand[], goal: 'age' | 'value') {
	const { plans, payable, unplanned, proof } = planBatch(input, demands, objective(goal));
	expect(proof).toEqual({ exact: true, bound: null });
	const inOrder = [...demands].sort((a, b) => a.enqueuedAt - b.enqueuedAt || (a.id < b.id ? -1 : 1));
	return inOrder.map(({ id }) => {
		const plan = plans.find((each) => each.demand === id);
		const payment = payable.find((each) => each.id === id);
		expect([plan, payment, unplanned.find((each) => each.demand === id)].filter((each) => each !== undefined)).toHaveLength(1);
		const legs = plan?.legs ?? [];
		return {
			demand: id,
			venue: plan?.destination ?? payment?.venue ?? null,
			routes: legs.map((leg) => leg.route),
			sends: legs.map((leg) => leg.send),
		};
	});
}

describe('a few demands together, against every arrangement there is', () => {
	it.each([
		['over routes of every kind', ANY],
		['over routes that little but their names tells apart', ALIKE],
	])('get the best by every goal and every tie, %s', (_, kind) => {
		fc.assert(
			fc.property(few(kind), ({ input, demands, goal }) => {
				expect(shown(input, demands, goal)).toEqual(shownBest(exhaustBatch(input, demands, goal)));
			}),
			{ numRuns: 300 },
		);
	});
});

/** More demands and routes than are always proven, in whole units, so that they are in each other's way. */
const several = fc
	.record({
		seed: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
		units: fc.tuple(...VENUES.map(() => fc.integer({ min: 0, max: 40 }))),
		direct: fc.array(directRoute, { minLength: 5, maxLength: 9 }),
		demands: fc.array(demandText, { minLength: 4, maxLength: 7 }),
		goal: fc.constantFrom('age' as const, 'value' as const),
	})
	.map(({ seed, units, direct, demands, goal }) => {
		const routes = direct.filter((route) => route.origin !== route.destination).map((route, index) => ({ ...route, id: `r${index}` }));
		const funds = Object.fromEntries(VENUES.map((venue, index) => [venue, `${units[index] ?? 0}`]));
		const input = instance({ decimals: Object.fromEntries(VENUES.map((venue) => [venue, 0])), funds, routes });
		const wanted = demands.map(({ at, units: [one, other], enqueuedAt, maxCost }, index) =>
			demandOf(input, {
				...{ id: `d${index}`, enqueuedAt, ...(maxCost === undefined ? {} : { maxCost }) },
				at: Object.fromEntries(at.map((venue, place) => [venue, `${(place === 0 ? one : other) * 3}`])),
			}),
		);
		return { input, demands: wanted, goal, seed };
	});

/** Everything an answer says, as text. */
function textOf(value: unknown): string {
	return JSON.stringify(value, (_, each) => (typeof each === 'bigint' ? `${each}` : each));
}

function mixed<Item>(items: readonly Item[], seed: number): Item[] {
	return items
		.map((item, index) => ({ item, key: Math.imul(seed ^ (index + 1), 0x9e3779b1) >>> 0 }))
		.sort((a, b) => a.key - b.key)
		.map(({ item }) => item);
}

/** Asked so often, the search has to come to its end. */
function atMost(turns: number): () => boolean {
	let left = turns;
	return () => {
		left -= 1;
		return left < 0;
	};
}

function usesOf(demands: readonly Demand[], { plans, payable }: BatchPlan): Units {
	const asset = new Map(demands.map((demand) => [demand.id, demand.asset]));
	const paid = payable.map(({ id, venue, amount }) => new Map([[`${asset.get(id)}@${venue}`, amount as bigint]]));
	return [...plans.map(usedBy), ...paid].reduce<Units>(addUnits, new Map());
}

/** The goals in order, smaller is better; costs within tolerance are left out. */
function rank(
	{ input, demands, goal }: { input: PlanInput; demands: readonly Demand[]; goal: 'age' | 'value' },
	{ plans, payable }: BatchPlan,
): number[] {
	const asset = new Map(demands.map((demand) => [demand.id, demand.asset]));
	const money = (id: string, venue: string, amount: bigint) => Number(amount * unitOf(input, `${asset.get(id)}@${venue}`));
	const inOrder = [...demands].sort((a, b) => a.enqueuedAt - b.enqueuedAt || (a.id < b.id ? -1 : 1));
	const isPaid = (id: string) => payable.some((each) => each.id === id);
	const isCovered = (id: string) => isPaid(id) || plans.some((each) => each.demand === id);
	const paid = payable.reduce((sum, { id, venue, amount }) => sum + money(id, venue, amount), 0);
	const value = plans.reduce((sum, { demand, destination, amount }) => sum + money(demand, destination, amount), paid);
	return [
		...inOrder.map(({ id }) => (isPaid(id) ? 0 : 1)),
		...(goal === 'value' ? [-value] : inOrder.map(({ id }) => (isCovered(id) ? 0 : 1))),
		plans.filter(({ seconds }) => seconds > input.fastWindowSeconds).length,
		plans.reduce((sum, { operations }) => sum + operations, 0),
	];
}

function isNoWorse(a: readonly number[], b: readonly number[]): boolean {
	const at = a.findIndex((value, index) => value !== b[index]);
	return at === -1 || (a[at] ?? 0) < (b[at] ?? 0);
}

describe('several demands together', () => {
	it('use no more than there is, and every plan covers its demand by legal sends', () => {
		fc.assert(
			fc.property(several, ({ input, demands, goal }) => {
				const answer = planBatch(input, demands, { goal, stop: atMost(300) });
				const all = usesOf(demands, answer);
				for (const plan of answer.plans) {
					const own = usedBy(plan);
					const used = new Map([...all].map(([key, units]) => [key, units - (own.get(key) ?? 0n)]));
					const demand = demands.find(({ id }) => id === plan.demand) as Demand;
					expect(problemsOf({ input, used, demand }, plan)).toEqual([]);
				}
				for (const row of input.inventory)
					expect(all.get(`${row.asset}@${row.venue}`) ?? 0n).toBeLessThanOrEqual(row.confirmed - row.reserve - row.held);
			}),
			{ numRuns: 100 },
		);
	});

	it('get nothing worse than one by one, and what is proven does not depend on how long was searched', () => {
		fc.assert(
			fc.property(several, ({ input, demands, goal }) => {
				const inTurn = planBatch(input, demands, { goal, stop: () => true });
				const joint = planBatch(input, demands, { goal, stop: atMost(400) });
				expect(isNoWorse(rank({ input, demands, goal }, joint), rank({ input, demands, goal }, inTurn))).toBe(true);
				if (inTurn.proof.exact) expect(textOf(joint)).toBe(textOf(inTurn));
			}),
			{ numRuns: 100 },
		);
	});

	it('get the same, byte for byte, in whatever order the input is', () => {
		fc.assert(
			fc.property(several, ({ input, demands, goal, seed }) => {
				const turned = { ...input, routes: mixed(input.routes, seed), inventory: mixed(input.inventory, seed) };
				const answers = [
					planBatch(input, demands, { goal, stop: atMost(200) }),
					planBatch(turned, mixed(demands, seed), { goal, stop: atMost(200) }),
				];
				expect(textOf(answers[1])).toBe(textOf(answers[0]));
			}),
			{ numRuns: 60 },
		);
	});
});

/** As the world has them: fine units, mixed decimals, fees and limits that leave little room. */
const fine = fc
	.record({
		decimals: fc.tuple(...VENUES.map(() => fc.constantFrom(6, 6, 8, 18))),
		funds: fc.tuple(...VENUES.map(() => fc.integer({ min: 1, max: 200_000_000 }))),
		routes: fc.array(directRoute, { minLength: 3, maxLength: 6 }),
		demands: fc.array(fc.record({ at: fc.constantFrom(['y'], ['z'], ['y', 'z']), millionths: fc.integer({ min: 1, max: 250_000_000 }) }), {
			minLength: 2,
			maxLength: 3,
		}),
		maxCost: fc.constantFrom(undefined, undefined, '1.5'),
		goal: fc.constantFrom('age' as const, 'value' as const),
	})
	.map(({ decimals, funds, routes, demands, maxCost, goal }) => {
		const say = (millionths: number): string => `${Math.floor(millionths / 1_000_000)}.${`${millionths % 1_000_000}`.padStart(6, '0')}`;
		const input = instance({
			decimals: Object.fromEntries(VENUES.map((venue, index) => [venue, decimals[index] ?? 6])),
			funds: Object.fromEntries(VENUES.map((venue, index) => [venue, say(funds[index] ?? 0)])),
			routes: routes
				.filter((route) => route.origin !== route.destination)
				.map((route, index) => ({ ...route, id: `r${index}`, step: '0.000001', maximum: route.maximum === '100' ? '100000' : '55.5' })),
		});
		const wanted = demands.map(({ at, millionths }, index) =>
			demandOf(input, {
				...{ id: `d${index}`, enqueuedAt: index, ...(maxCost === undefined ? {} : { maxCost }) },
				at: Object.fromEntries(at.map((venue) => [venue, say(millionths)])),
			}),
		);
		return { input, demands: wanted, goal };
	});

describe('a few demands in fine units', () => {
	it('are proven, too, without any budget', () => {
		fc.assert(
			fc.property(fine, ({ input, demands, goal }) => {
				expect(planBatch(input, demands, objective(goal)).proof).toEqual({ exact: true, bound: null });
			}),
			{ numRuns: 150 },
		);
	});
});

describe('a few demands with more to choose from', () => {
	it('are never worse off: with more funds, or with one more route', () => {
		fc.assert(
			fc.property(few(ANY), directRoute, fc.integer({ min: 1, max: 3 }), ({ input, demands, goal }, route, more) => {
				fc.pre(input.routes.length < 6 && route.origin !== route.destination);
				const ask = (asked: PlanInput) => rank({ input: asked, demands, goal }, planBatch(asked, demands, objective(goal)));
				const [first, ...rest] = input.inventory;
				const richer =
					first === undefined
						? input.inventory
						: [{ ...first, confirmed: (first.confirmed + BigInt(more)) as typeof first.confirmed }, ...rest];
				const before = ask(input);
				const richerRank = ask({ ...input, inventory: richer });
				const paidBefore = before.slice(0, demands.length);
				// With more funds somebody may be paid who was planned before; then goal 1 alone decides.
				expect(isNoWorse(richerRank.slice(0, demands.length), paidBefore)).toBe(true);
				if (richerRank.slice(0, demands.length).join() === paidBefore.join()) expect(isNoWorse(richerRank, before)).toBe(true);
				expect(isNoWorse(ask({ ...input, routes: [...input.routes, routeOf({ ...route, id: 'z9' })] }), before)).toBe(true);
			}),
			{ numRuns: 150 },
		);
	});
});
