import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { byAge, choosePayable, compareCodePoints, type PayableDemand, type Payment } from '../../src/invoice/payable.ts';
import { amount } from '../../src/money/amount.ts';

const VENUES = ['1', '10', '56'];

const demand = (id: string, enqueuedAt: number, at: Record<string, number>, asset = 'USDC'): PayableDemand => ({
	id,
	asset,
	enqueuedAt,
	destinations: Object.entries(at).map(([venue, units]) => ({ venue, amount: amount(BigInt(units)) })),
});

const funds = (at: Record<string, number>): Map<string, bigint> =>
	new Map(Object.entries(at).map(([venue, units]) => [`USDC@${venue}`, BigInt(units)]));

/** Tries every set and every assignment: the first in lexicographic order, sets before destinations. */
function bruteForce(demands: readonly PayableDemand[], available: ReadonlyMap<string, bigint>): readonly Payment[] {
	const [first, ...rest] = demands;
	let accepted: readonly PayableDemand[] = [];
	if (first === undefined) return [];
	for (const each of [first, ...rest].sort(byAge))
		if (assignments([...accepted, each], available).length > 0) accepted = [...accepted, each];
	return assignments(accepted, available)[0] ?? [];
}

function assignments([first, ...rest]: readonly PayableDemand[], available: ReadonlyMap<string, bigint>): readonly (readonly Payment[])[] {
	if (first === undefined) return [[]];
	return [...first.destinations]
		.sort((a, b) => (a.venue < b.venue ? -1 : 1))
		.flatMap(({ venue, amount: units }) => {
			const left = (available.get(`${first.asset}@${venue}`) ?? 0n) - units;
			if (left < 0n) return [];
			const after = new Map(available).set(`${first.asset}@${venue}`, left);
			return assignments(rest, after).map((others) => [{ id: first.id, venue, amount: units }, ...others]);
		});
}

const someDemands = fc
	.array(
		fc.record({
			age: fc.integer({ min: 0, max: 3 }),
			at: fc.uniqueArray(fc.tuple(fc.constantFrom(...VENUES), fc.integer({ min: 1, max: 9 })), {
				minLength: 1,
				maxLength: 3,
				selector: ([venue]) => venue,
			}),
		}),
		{ maxLength: 7 },
	)
	.map((list) => list.map(({ age, at }, index) => demand(`inv-${index}`, age, Object.fromEntries(at))));

describe('choosePayable', () => {
	it('pays the lexicographic maximum, at the smaller destinations for the older, as exhaustive search does', () => {
		fc.assert(
			fc.property(someDemands, fc.tuple(...VENUES.map(() => fc.integer({ min: 0, max: 14 }))), (demands, units) => {
				const available = funds(Object.fromEntries(VENUES.map((venue, index) => [venue, units[index] ?? 0])));
				expect(choosePayable(demands, available)).toEqual({ payments: bruteForce(demands, available), exact: true });
				expect(choosePayable([...demands].reverse(), available)).toEqual(choosePayable(demands, available));
			}),
			{ numRuns: 500 },
		);
	});

	it('moves an older demand to another of its destinations to make room for a younger one', () => {
		const demands = [demand('old', 1, { '1': 5, '10': 5 }), demand('young', 2, { '1': 5 })];
		expect(choosePayable(demands, funds({ '1': 5, '10': 5 })).payments.map(({ id, venue }) => [id, venue])).toEqual([
			['old', '10'],
			['young', '1'],
		]);
	});

	it('never pays a part, and skips an older demand that does not fit', () => {
		const demands = [demand('old', 1, { '1': 11 }), demand('young', 2, { '1': 10 })];
		expect(choosePayable(demands, funds({ '1': 10 })).payments).toEqual([{ id: 'young', venue: '1', amount: 10n }]);
	});

	it('keeps assets apart and treats a position without an entry as empty', () => {
		const demands = [demand('a', 1, { '1': 5 }, 'USDT'), demand('b', 2, { '1': 5 })];
		expect(choosePayable(demands, funds({ '1': 9 })).payments.map(({ id }) => id)).toEqual(['b']);
	});

	it('falls back to first-fit when the budget ends, and says so', () => {
		const demands = [demand('old', 1, { '1': 5, '10': 5 }), demand('young', 2, { '1': 5 }), demand('last', 3, { '10': 5 })];
		const choice = choosePayable(demands, funds({ '1': 5, '10': 5 }), 0);
		expect(choice).toMatchObject({
			exact: false,
			payments: [
				{ id: 'old', venue: '1' },
				{ id: 'last', venue: '10' },
			],
		});
	});

	it('decides ten thousand demands of which each has two places', () => {
		const demands = Array.from({ length: 10_000 }, (_, index) => demand(`inv-${index}`, index, { '1': 5, '10': 5 }));
		expect(choosePayable(demands, funds({ '1': 50_000, '10': 40 })).payments).toHaveLength(10_000);
	});

	it('decides a thousand demands over twenty venues within its budget', () => {
		const venues = Array.from({ length: 20 }, (_, index) => `${index + 1}`);
		const demands = Array.from({ length: 1_000 }, (_, index) =>
			demand(
				`inv-${index}`,
				index,
				Object.fromEntries([0, 7, 13].map((shift) => [venues[(index + shift) % 20] ?? '1', 10 + (index % 17)])),
			),
		);
		const choice = choosePayable(demands, funds(Object.fromEntries(venues.map((venue) => [venue, 400]))));
		expect(choice.payments.length).toBeGreaterThan(300);
	});
});

describe('order by age', () => {
	it('is by name among those of one age, whatever their ids are, and by id among those of one name', () => {
		const one = { enqueuedAt: 1, id: '9', name: 'a' };
		const sorted = [
			{ enqueuedAt: 1, id: 'b' },
			{ enqueuedAt: 1, id: '0', name: 'c' },
			one,
			{ ...one, id: '8' },
			{ ...one, enqueuedAt: 0 },
		].sort(byAge);
		expect(sorted.map(({ id }) => id)).toEqual(['9', '8', '9', 'b', '0']);
	});

	it('compares ids by code point, not by UTF-16 unit', () => {
		expect(['\u{1F600}', '\uFF5E', 'b', 'a', ''].sort(compareCodePoints)).toEqual(['', 'a', 'b', '\uFF5E', '\u{1F600}']);
		fc.assert(
			fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (a, b) => {
				const points = (text: string) => [...text].map((each) => each.codePointAt(0) ?? 0);
				const [one, other] = [points(a), points(b)];
				const index = one.findIndex((point, at) => point !== other[at]);
				const expected = index === -1 ? one.length - other.length : (one[index] ?? 0) - (other[index] ?? -1);
				expect(Math.sign(compareCodePoints(a, b))).toBe(Math.sign(expected));
			}),
		);
	});
});
