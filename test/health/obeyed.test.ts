import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { usableOf } from '../../src/health/advice.ts';
import { GATE_STATES, newGate, recover } from '../../src/health/gate.ts';
import { obeyed, worseOf } from '../../src/health/obeyed.ts';
import { amount } from '../../src/money/amount.ts';

const PATIENCE = { haltMs: 600_000, silentMs: 24_000 };
const gateIn = (state: (typeof GATE_STATES)[number]) => ({ ...newGate(5), state, reason: 'r' });

describe('what others make of a gate', () => {
	it.each([
		['normal', 0, 'normal'],
		['normal', 23_999, 'normal'],
		['normal', 24_000, 'degraded'],
		['normal', 600_000, 'halted'],
		['degraded', 24_000, 'degraded'],
		['degraded', 599_999, 'degraded'],
		['degraded', 600_000, 'halted'],
		['halted', 0, 'halted'],
		['halted', 600_000, 'halted'],
	] as const)('is of %s, %i ms after it was kept, %s', (state, ageMs, expected) => {
		const found = obeyed({ gate: gateIn(state), ageMs }, PATIENCE);
		expect([found.state, found.sinceMs]).toEqual([expected, 5]);
		expect(found.reason).toMatch(state === expected ? /^r$/ : /nobody has kept it for \d+ s/);
	});

	it('is a halt where nothing was ever kept', () => {
		expect(obeyed(null, PATIENCE)).toMatchObject({ state: 'halted', sinceMs: null });
	});

	it('is the worse one of two', () => {
		const all = GATE_STATES.map((state) => ({ state, reason: '', sinceMs: null }));
		for (const [one, first] of all.entries())
			for (const [other, second] of all.entries()) expect(worseOf(first, second)).toBe(other > one ? second : first);
	});
});

describe("an operator's word", () => {
	it.each([
		['normal', 'normal'],
		['degraded', 'normal'],
		['halted', 'degraded'],
	] as const)('takes %s to %s', (from, to) => {
		const before = { ...gateIn(from), impossible: 2, overSinceMs: 7 };
		const after = recover(before, 'ann: it is back', 9);
		expect(after.state).toBe(to);
		if (from === 'normal') expect(after).toBe(before);
		else expect(after).toMatchObject({ reason: 'ann: it is back', sinceMs: 9, impossible: 0, overSinceMs: null, underSinceMs: null });
	});
});

describe('what may be used of what is available', () => {
	it('is all of it, a share rounded down, or nothing', () => {
		fc.assert(
			fc.property(fc.bigInt(0n, 2n ** 128n), fc.integer({ min: 0, max: 10_000 }), (units, degradedSizeBps) => {
				const of = (state: (typeof GATE_STATES)[number]) => usableOf(amount(units), state, { degradedSizeBps });
				expect([of('normal'), of('halted')]).toEqual([units, 0n]);
				expect(of('degraded') * 10_000n).toBeLessThanOrEqual(units * BigInt(degradedSizeBps));
				expect((of('degraded') + 1n) * 10_000n).toBeGreaterThan(units * BigInt(degradedSizeBps));
			}),
		);
	});
});
