import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Arrival, type Awaited, availableOf, landedOf } from '../../src/inventory/available.ts';
import { amount } from '../../src/money/amount.ts';

/** So many units, seen at that second. */
const arrival = (incoming: bigint, { claimed = 0n, at = 5 } = {}): Arrival => ({
	...{ incoming: amount(incoming), claimed: amount(claimed) },
	seenAt: `12:00:0${at}`,
});
/** So many units, on their way since that second. */
const awaited = (units: bigint, at = 0): Awaited => ({ amount: amount(units), since: `12:00:0${at}` });

describe('what is available', () => {
	it('is never below zero, whatever is owed', () => {
		const holding = { confirmed: amount(10n), reserve: amount(4n), held: amount(5n) };
		expect(availableOf(holding)).toBe(1n);
		expect(availableOf({ ...holding, held: amount(6n) })).toBe(0n);
		expect(availableOf({ ...holding, held: amount(2n ** 255n) })).toBe(0n);
	});
});

describe('of what has come in', () => {
	it('nothing is awaited when nothing is on its way', () => {
		expect(landedOf([arrival(40n), arrival(1n)], [])).toBe(0n);
	});

	it('an arrival is awaited whole, also when it brings more than was promised', () => {
		expect(landedOf([arrival(43n)], [awaited(40n)])).toBe(43n);
		expect(landedOf([arrival(37n)], [awaited(40n)])).toBe(37n);
	});

	it('so many of the largest are awaited as are on their way, in whatever order they came', () => {
		const arrivals = [arrival(3n), arrival(41n), arrival(2n), arrival(40n)];
		expect(landedOf(arrivals, [awaited(40n), awaited(40n)])).toBe(81n);
		expect(landedOf(arrivals.toReversed(), [awaited(40n), awaited(40n)])).toBe(81n);
		expect(landedOf(arrivals, [awaited(40n), awaited(30n), awaited(10n)])).toBe(84n);
	});

	it('up to twice what is on its way may be it, and more than that is somebody else’s: it takes nobody’s place', () => {
		expect(landedOf([arrival(80n)], [awaited(40n)])).toBe(80n);
		expect(landedOf([arrival(81n)], [awaited(40n)])).toBe(0n);
		expect(landedOf([arrival(81n), arrival(39n)], [awaited(40n)])).toBe(39n);
		// One transaction may bring both.
		expect(landedOf([arrival(81n)], [awaited(40n), awaited(1n)])).toBe(81n);
	});

	it('what was seen before something was on its way is none of it, and leaves its place to what was seen later', () => {
		const both = [awaited(40n, 1), awaited(40n, 5)];
		expect(landedOf([arrival(40n, { at: 0 })], both)).toBe(0n);
		expect(landedOf([arrival(40n, { at: 1 })], both)).toBe(40n);
		expect(landedOf([arrival(41n, { at: 4 }), arrival(40n, { at: 4 })], both)).toBe(41n);
		expect(landedOf([arrival(41n, { at: 4 }), arrival(40n, { at: 5 })], both)).toBe(81n);
		// Twice of what was on its way then, and not of what is now.
		expect(landedOf([arrival(81n, { at: 4 })], both)).toBe(0n);
		expect(landedOf([arrival(81n, { at: 5 })], both)).toBe(81n);
	});

	it('what is recorded as delivered is awaited no more: of two deliveries in one transaction the other one still is', () => {
		expect(landedOf([arrival(80n, { claimed: 40n })], [awaited(40n)])).toBe(40n);
		expect(landedOf([arrival(40n, { claimed: 40n }), arrival(5n)], [awaited(40n)])).toBe(5n);
		expect(landedOf([arrival(40n, { claimed: 41n })], [awaited(40n)])).toBe(0n);
	});

	it('is as much awaited as could be at the very most: of all ways to give each arrival something that it could be, the worst', () => {
		const [units, at] = [fc.bigInt(0n, 60n), fc.nat(4)];
		const arrivals = fc.array(fc.record({ incoming: units, claimed: fc.oneof(fc.constant(0n), units), at }), { maxLength: 5 });
		const ways = fc.array(fc.record({ units, at }), { maxLength: 4 });
		fc.assert(
			fc.property(arrivals, ways, (came, under) => {
				const [all, open] = [
					came.map(({ incoming, ...more }) => arrival(incoming, more)),
					under.map((each) => awaited(each.units, each.at)),
				];
				expect(landedOf(all, open)).toBe(worst(all, open, open));
			}),
			{ numRuns: 500 },
		);
	});
});

/** By trying everything: what is not taken for something that is still on its way is free. */
function worst([first, ...rest]: readonly Arrival[], left: readonly Awaited[], all: readonly Awaited[]): bigint {
	if (first === undefined) return 0n;
	const units = first.incoming > first.claimed ? first.incoming - first.claimed : 0n;
	const most = 2n * all.reduce((sum, each) => (each.since <= first.seenAt ? sum + each.amount : sum), 0n);
	const taken = left.flatMap((each, index) =>
		units <= most && each.since <= first.seenAt ? [units + worst(rest, left.toSpliced(index, 1), all)] : [],
	);
	return [worst(rest, left, all), ...taken].reduce((a, b) => (a > b ? a : b));
}
