import type { Address } from 'viem';
import { describe, expect, it } from 'vitest';
import { createStubChain, type StubChain } from '../../bench/inventory/stub-chain.ts';

const STRANGER = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8';

function facts({ tokens, collection, holders, head, balance }: StubChain): unknown[] {
	const held = holders.flatMap((holder) => tokens.map(({ address }) => balance({ token: address, holder })));
	return [tokens, collection, head().hash, held, holders];
}

describe('a chain that the measurement of the inventory reads', () => {
	it('is the same for the same seed, and has nothing but its holders in common with the others of that seed', () => {
		const [one, again, other, changed] = [createStubChain(1, 7), createStubChain(1, 7), createStubChain(10, 7), createStubChain(1, 8)].map(
			facts,
		);
		expect(again).toEqual(one);
		expect(other?.[4]).toEqual(one?.[4]);
		for (const index of [0, 1, 2, 3]) expect(other?.[index]).not.toEqual(one?.[index]);
		for (const index of [0, 1, 2, 3, 4]) expect(changed?.[index]).not.toEqual(one?.[index]);
	});

	it('lets who receives pass on in the same block, and mines nothing when one transfer is impossible', () => {
		const { holders, tokens, collection, balance, head, transfer, reorganise } = createStubChain(1, 7);
		const [holder, other] = holders as readonly [Address, Address];
		const token = tokens[0]?.address ?? STRANGER;
		const [before, all] = [head(), balance({ token, holder })];
		const fine = { token, from: holder, to: STRANGER, amount: all } as const;
		const bad = [
			{ ...fine, amount: 1n },
			{ ...fine, amount: -1n },
			{ ...fine, token: STRANGER },
			{ ...fine, token: collection.address, amount: 0n },
			{ ...fine, id: 1n, amount: 0n },
		] as const;
		for (const move of bad) expect(() => transfer(fine, move)).toThrow(RangeError);
		for (const depth of [0, before.number + 1]) expect(() => reorganise(depth)).toThrow(RangeError);
		expect([head(), balance({ token, holder })]).toEqual([before, all]);
		const had = balance({ token, holder: other });
		transfer(fine, { ...fine, from: STRANGER, to: other });
		expect(([holder, STRANGER, other] as const).map((each) => balance({ token, holder: each }))).toEqual([0n, 0n, had + all]);
		expect(balance({ token, holder }, before)).toBe(all);
	});
});
