import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planOne } from '../../src/plan/one/plan-one.ts';
import type { Plan, PlanResult } from '../../src/plan/plan.ts';
import { exhaust, type Witness } from './exhaustive.ts';
import { demandOf, type InstanceText, instance, type RouteText, type ViaText } from './instance.ts';

const LIMITS = { nodes: 100_000 };
const ORIGINS = ['a', 'b', 'c'];
const DESTINATIONS = ['y', 'z'];

const text = (values: readonly string[]) => fc.constantFrom(...values);

const directRoute = fc.record({
	origin: fc.constantFrom(...ORIGINS),
	destination: fc.constantFrom(...DESTINATIONS),
	minimum: text(['0', '0', '0.3', '2', '1.5', '4']),
	maximum: text(['100', '100', '5', '3', '6.5']),
	step: text(['0.01', '0.01', '1', '0.5', '2', '0.3']),
	fixedFee: text(['0', '0', '0.5', '0.1', '1', '0.03']),
	feeBps: text(['0', '4', '100', '1000', '333.3', '2500']),
	gasCost: text(['0', '0', '0.2', '1', '0.05']),
	toleranceBps: text(['10000', '10000', '2000', '500', '3000', '334']),
	seconds: fc.constantFrom(60, 60, 60, 900),
});

const small = fc
	.record({
		decimals: fc.tuple(...[...ORIGINS, ...DESTINATIONS].map(() => fc.constantFrom(0, 0, 1))),
		units: fc.tuple(...[...ORIGINS, ...DESTINATIONS].map(() => fc.integer({ min: 0, max: 9 }))),
		direct: fc.array(directRoute, { minLength: 1, maxLength: 4 }),
		between: fc.option(directRoute, { nil: undefined }),
		amounts: fc.tuple(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 20 })),
		both: fc.boolean(),
		maxCost: fc.constantFrom(undefined, undefined, '0.5', '2', '1.25'),
	})
	.map(({ decimals, units, direct, between, amounts, both, maxCost }) => {
		const venues = [...ORIGINS, ...DESTINATIONS];
		const scales = Object.fromEntries(venues.map((venue, index) => [venue, decimals[index] ?? 0]));
		const say = (venue: string, whole: number): string => (scales[venue] === 1 ? decimalOf(whole) : `${whole}`);
		const routes: (RouteText | ViaText)[] = direct.map((route, index) => ({ ...route, id: `r${(index * 7) % 5}` }));
		const last = direct[0];
		if (between !== undefined && last !== undefined && between.origin !== last.origin) {
			routes.push({ ...between, id: 'hop', destination: last.origin });
			routes.push({ id: 'r0via', origin: between.origin, destination: last.destination, via: ['hop', 'r0'] });
		}
		const input: InstanceText = {
			decimals: scales,
			funds: Object.fromEntries(venues.map((venue, index) => [venue, say(venue, units[index] ?? 0)])),
			routes,
		};
		const need = (venue: string, index: number): [string, string] => [
			venue,
			say(venue, (amounts[index] ?? 1) + (units[ORIGINS.length + index] ?? 0)),
		];
		const at = Object.fromEntries(both ? [need('y', 0), need('z', 1)] : [need('z', 1)]);
		return { input, demand: { at, ...(maxCost === undefined ? {} : { maxCost }) } };
	});

function decimalOf(tenths: number): string {
	return tenths % 10 === 0 ? `${tenths / 10}` : `${Math.floor(tenths / 10)}.${tenths % 10}`;
}

function shown(plan: Plan): Omit<Witness, 'slow'> {
	const sent = plan.legs.map((leg) => leg.send);
	return {
		operations: plan.operations,
		cost: (plan.cost.numerator * 1_000_000n) / plan.cost.denominator,
		sent: 0n,
		destination: plan.destination,
		routes: plan.legs.map((leg) => leg.route),
		sends: sent,
	};
}

function comparable(result: PlanResult): unknown {
	return result.kind === 'planned' ? shown(result.plan) : null;
}

describe('the planner against exhaustive search', () => {
	it('finds the same plan by every goal and every tie, or none where there is none', () => {
		fc.assert(
			fc.property(small, ({ input: description, demand: wanted }) => {
				const input = instance(description);
				const demand = demandOf(input, wanted);
				const result = planOne(input, demand, LIMITS);
				const { best } = exhaust(input, demand);
				const expected = best === null ? null : { ...best, sent: 0n, slow: undefined };
				expect(result.exact).toBe(true);
				expect(comparable(result)).toEqual(expected);
			}),
			{ numRuns: 600 },
		);
	});

	it('refuses with exactly what is short of the most that can be brought', () => {
		fc.assert(
			fc.property(small, ({ input: description, demand: wanted }) => {
				const input = instance(description);
				const demand = demandOf(input, { at: Object.fromEntries(Object.keys(wanted.at).map((venue) => [venue, '90'])) });
				const result = planOne(input, demand, LIMITS);
				const { most } = exhaust(input, demand);
				const shorts = demand.destinations.map(({ venue, amount }) => {
					const local = input.inventory.find((row) => row.venue === venue)?.confirmed ?? 0n;
					const scale = description.decimals[venue] === 1 ? 1n : 10n;
					return { venue, short: amount - local - (most.get(venue) ?? 0n), tenths: (amount - local - (most.get(venue) ?? 0n)) * scale };
				});
				const nearest = shorts.reduce((best, each) => (each.tenths < best.tenths ? each : best));
				expect(result).toMatchObject({ kind: 'refused', exact: true, destination: nearest.venue, short: nearest.short });
			}),
			{ numRuns: 600 },
		);
	});

	it('answers the same, byte for byte, whatever the order of the input', () => {
		fc.assert(
			fc.property(small, fc.integer({ min: 0, max: 1_000 }), ({ input: description, demand: wanted }, turn) => {
				const input = instance(description);
				const demand = demandOf(input, wanted);
				const turned = {
					...input,
					routes: rotate(input.routes, turn),
					inventory: rotate(input.inventory, turn),
					decimals: new Map(rotate([...input.decimals], turn)),
				};
				const mirrored = { ...demand, destinations: [...demand.destinations].reverse() };
				expect(textOf(planOne(turned, mirrored, LIMITS))).toBe(textOf(planOne(input, demand, LIMITS)));
			}),
			{ numRuns: 300 },
		);
	});
});

function rotate<Item>(items: readonly Item[], turn: number): Item[] {
	const at = items.length === 0 ? 0 : turn % items.length;
	return [...items.slice(at), ...items.slice(0, at)].reverse();
}

function textOf(value: unknown): string {
	return JSON.stringify(value, (_, each) => (typeof each === 'bigint' ? `${each}` : each));
}
