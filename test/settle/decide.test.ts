import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isLegTerminal, LEG_STATUSES, type LegStatus } from '../../src/leg/state.ts';
import { type Amount, amount } from '../../src/money/amount.ts';
import { decideSettlement, type FreshNeed } from '../../src/settle/decide.ts';

const need = (units: bigint): FreshNeed => ({ kind: 'amount', amount: amount(units) });

describe('decideSettlement', () => {
	it('pays exactly the fresh amount when every leg has ended and what is held covers it', () => {
		expect(decideSettlement({ legs: ['delivered', 'delivered'], held: amount(101n), need: need(100n) })).toEqual({
			kind: 'pay',
			amount: 100n,
		});
	});

	it('pays an earmark without legs', () => {
		expect(decideSettlement({ legs: [], held: amount(100n), need: need(100n) })).toEqual({ kind: 'pay', amount: 100n });
	});

	it('waits while any leg is under way, whatever the demand says', () => {
		const needs: FreshNeed[] = [need(1n), { kind: 'gone' }, { kind: 'not-here' }];
		for (const legs of LEG_STATUSES.filter((status) => !isLegTerminal(status))) {
			for (const each of needs) expect(decideSettlement({ legs: ['delivered', legs], held: amount(9n), need: each }).kind).toBe('wait');
		}
	});

	it('is short of the fresh amount when one unit is missing, and pays nothing', () => {
		const legs: LegStatus[] = ['delivered', 'failed'];
		expect(decideSettlement({ legs, held: amount(99n), need: need(100n) })).toEqual({ kind: 'short', need: 100n });
	});

	it('gives back when the demand is gone, or cannot be paid here', () => {
		const legs: LegStatus[] = ['delivered', 'failed'];
		expect(decideSettlement({ legs, held: amount(100n), need: { kind: 'gone' } })).toEqual({
			kind: 'give-back',
			reason: 'FILLED_EXTERNALLY',
		});
		expect(decideSettlement({ legs, held: amount(100n), need: { kind: 'not-here' } })).toEqual({
			kind: 'give-back',
			reason: 'DESTINATION_CLOSED',
		});
	});

	it('waits, is short or pays whole: one of the three for every amount, and never more than is held', () => {
		// Close to each other, so that all three happen often.
		const units = fc.bigInt({ min: 0n, max: 9n }).map((value) => value as Amount);
		const seen = new Set<string>();
		fc.assert(
			fc.property(fc.array(fc.constantFrom(...LEG_STATUSES), { maxLength: 3 }), units, units, (legs, held, wanted) => {
				const decision = decideSettlement({ legs, held, need: { kind: 'amount', amount: wanted } });
				seen.add(decision.kind);
				if (!legs.every(isLegTerminal)) expect(decision.kind).toBe('wait');
				else if (wanted > held) expect(decision).toEqual({ kind: 'short', need: wanted });
				else expect(decision).toEqual({ kind: 'pay', amount: wanted });
			}),
		);
		expect([...seen].sort()).toEqual(['pay', 'short', 'wait']);
	});
});
