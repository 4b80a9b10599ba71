import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { firstFees, risenFees } from '../../src/chain/fees.ts';

const wei = fc.bigInt(0n, 10n ** 15n);
const fees = fc.record({ maxFeePerGas: wei, maxPriorityFeePerGas: wei });

describe('fees', () => {
	it('never exceed the cap, and the priority fee never exceeds the whole', () => {
		fc.assert(
			fc.property(fees, fees, wei, (before, estimate, cap) => {
				for (const offer of [firstFees(estimate, cap), risenFees(before, estimate, cap)]) {
					if (offer === null) continue;
					expect(offer.maxFeePerGas <= cap && offer.maxPriorityFeePerGas <= offer.maxFeePerGas).toBe(true);
				}
			}),
		);
	});

	it('rise by an eighth at least, and always, or not at all', () => {
		fc.assert(
			fc.property(fees, fees, wei, (before, estimate, cap) => {
				const risen = risenFees(before, estimate, cap);
				if (risen === null) return;
				for (const fee of ['maxFeePerGas', 'maxPriorityFeePerGas'] as const)
					expect(risen[fee] * 8n >= before[fee] * 9n && risen[fee] > before[fee]).toBe(true);
			}),
		);
	});

	it('rise with the estimate when that has risen more', () => {
		const estimate = { maxFeePerGas: 500n, maxPriorityFeePerGas: 50n };
		expect(risenFees({ maxFeePerGas: 80n, maxPriorityFeePerGas: 8n }, estimate, 2_000n)).toEqual({
			maxFeePerGas: 1_000n,
			maxPriorityFeePerGas: 50n,
		});
	});
});
