import type { TransactionReceipt } from 'viem';
import { describe, expect, it } from 'vitest';
import { feeOf } from '../../src/chain/receipts.ts';

const receiptWith = (fields: object) => fields as TransactionReceipt;

describe('what a mined transaction has cost', () => {
	it('is its gas at the price that was paid', () => {
		expect(feeOf(receiptWith({ gasUsed: 21_000n, effectiveGasPrice: 3n }))).toEqual({ feePaid: 63_000n });
	});

	it.each([
		['as viem reads it for a rollup that it knows', 500n],
		['as a node writes it', '0x1f4'],
	])('has the share of the chain below in it, %s', (_, l1Fee) => {
		expect(feeOf(receiptWith({ gasUsed: 21_000n, effectiveGasPrice: 3n, l1Fee }))).toEqual({ feePaid: 63_500n });
	});

	it('has none where the node says that there is none', () => {
		expect(feeOf(receiptWith({ gasUsed: 21_000n, effectiveGasPrice: 3n, l1Fee: null }))).toEqual({ feePaid: 63_000n });
	});

	it.each([{}, { gasUsed: 21_000n }, { gasUsed: null, effectiveGasPrice: 3n }])('is not known from a receipt with %s', (fields) => {
		expect(feeOf(receiptWith(fields))).toEqual({});
	});
});
