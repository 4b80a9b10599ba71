import fc from 'fast-check';
import { decodeFunctionData, erc20Abi, type Hex } from 'viem';
import { describe, expect, it } from 'vitest';
import {
	approveCalldata,
	invoiceOfCalldata,
	nameInvoice,
	ownerOfCalldata,
	payloadHash,
	tagCalldata,
	untagged,
} from '../../src/chain/payload.ts';
import { amount } from '../../src/money/amount.ts';

const SPENDER = '0x5FbDB2315678afecb367f032d93F642f64180aa3';
const hex = fc.uint8Array({ maxLength: 300 }).map((bytes) => `0x${Buffer.from(bytes).toString('hex')}` as Hex);

describe('payload', () => {
	it('leads from any tagged calldata back to its owner and its untagged self', () => {
		fc.assert(
			fc.property(hex, fc.uuid(), (calldata, owner) => {
				const tagged = tagCalldata(calldata, owner);
				expect(ownerOfCalldata(tagged)).toBe(owner);
				expect(untagged(tagged)).toBe(calldata);
			}),
		);
	});

	it('tells the invoice that a purchase pays, and none where none is named', () => {
		const invoiceId = `0x${'5a'.repeat(32)}`;
		fc.assert(
			fc.property(hex, fc.uuid(), (calldata, owner) => {
				expect(invoiceOfCalldata(tagCalldata(nameInvoice(calldata, invoiceId), owner))).toBe(invoiceId);
				expect(invoiceOfCalldata(tagCalldata(nameInvoice(calldata, 'not an id'), owner))).toBeNull();
			}),
		);
	});

	it('finds no owner in calldata that we did not tag', () => {
		expect(ownerOfCalldata(approveCalldata(SPENDER, amount(5n)))).toBeNull();
		expect(ownerOfCalldata('0x')).toBeNull();
	});

	it('keeps the meaning of a tagged call', () => {
		const tagged = tagCalldata(approveCalldata(SPENDER, amount(5n)), '8f14e45f-ceea-467f-a0c3-2f1c1f7a0a11');
		expect(decodeFunctionData({ abi: erc20Abi, data: tagged })).toEqual({ functionName: 'approve', args: [SPENDER, 5n] });
	});

	it('hashes differently whenever chain, target, value or calldata differ', () => {
		const base = { target: SPENDER, calldata: '0x1234', value: 0n } as const;
		const hashes = [
			payloadHash(1, base),
			payloadHash(10, base),
			payloadHash(1, { ...base, value: 1n }),
			payloadHash(1, { ...base, calldata: '0x123400' }),
			payloadHash(1, { ...base, target: '0x70997970C51812dc3A010C7d01b50e0d17dc79C8' }),
		];
		expect(new Set(hashes).size).toBe(hashes.length);
	});
});
