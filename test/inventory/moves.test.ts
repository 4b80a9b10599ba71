import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Crossing, crossing, type LedgerAccount, type Move } from '../../src/inventory/moves.ts';
import { amount } from '../../src/money/amount.ts';
import { powerOfTen } from '../../src/money/units.ts';

/** Base units on an account at a place after all moves; before them it was empty. */
function on(moves: readonly Move[], account: LedgerAccount, { venue, asset }: { venue: string; asset: string }): bigint {
	const here = moves.filter((move) => move.venue === venue && move.asset === asset);
	const sum = (side: 'from' | 'to') => here.reduce((total, move) => total + (move[side] === account ? move.amount : 0n), 0n);
	return sum('to') - sum('from');
}

const end = (venue: string, decimals: number, units: bigint) => ({ venue, asset: 'USDC', decimals, amount: amount(units) });
const bridged = (out: Crossing['out'], into: Crossing['into']) => crossing({ out, into, via: 'bridge', difference: 'fees' });
const sent = (venue: string, decimals: number, units: bigint) => ({ ...end(venue, decimals, units), account: 'in_flight' as const });

describe('what crosses from one place to another', () => {
	it('leaves the fee where the asset has more decimals, so that nothing is rounded', () => {
		const [fine, coarse] = [
			{ venue: '56', asset: 'USDC' },
			{ venue: '10', asset: 'USDC' },
		];
		// 1.000000000000000001 left, 0.99 came.
		const down = bridged(sent('56', 18, 1_000_000_000_000_000_001n), end('10', 6, 990_000n));
		expect([on(down, 'fees', fine), on(down, 'fees', coarse)]).toEqual([10_000_000_000_000_001n, 0n]);
		expect([on(down, 'bridge', fine), on(down, 'bridge', coarse)]).toEqual([990_000_000_000_000_000n, -990_000n]);
		const up = bridged(sent('10', 6, 1_000_000n), end('56', 18, 989_999_999_999_999_999n));
		expect([on(up, 'fees', fine), on(up, 'fees', coarse)]).toEqual([10_000_000_000_000_001n, 0n]);
		expect([on(up, 'bridge', fine), on(up, 'bridge', coarse)]).toEqual([-1_000_000_000_000_000_000n, 1_000_000n]);
	});

	it('has a fee below zero when more came than left, and no fee when as much did', () => {
		const more = bridged(sent('1', 6, 40n), end('10', 6, 41n));
		expect(more).toContainEqual({ venue: '1', asset: 'USDC', from: 'fees', to: 'bridge', amount: 1n });
		expect(on(more, 'fees', { venue: '1', asset: 'USDC' })).toBe(-1n);
		const finer = bridged(sent('10', 6, 1n), end('56', 18, 1_000_000_000_001n));
		expect(on(finer, 'fees', { venue: '56', asset: 'USDC' })).toBe(-1n);
		expect(bridged(sent('1', 6, 40n), end('10', 6, 40n)).map(({ from, to }) => `${from} ${to}`)).toEqual([
			'in_flight bridge',
			'bridge wallet',
		]);
	});

	it('is all fee when nothing came, and comes from outside when the hub pays a reward', () => {
		expect(bridged(sent('1', 6, 40n), end('10', 6, 0n))).toEqual([
			{ venue: '1', asset: 'USDC', from: 'in_flight', to: 'fees', amount: 40n },
		]);
		const paid = crossing({
			...{ out: { ...end('1', 6, 40n), account: 'receivable' }, into: end('10', 6, 43n) },
			...{ via: 'hub', difference: 'external' },
		});
		expect(on(paid, 'external', { venue: '1', asset: 'USDC' })).toBe(-3n);
		expect(on(paid, 'receivable', { venue: '1', asset: 'USDC' })).toBe(-40n);
	});

	it('comes back to where it left in the same way', () => {
		const place = { venue: '1', asset: 'USDC' };
		const moves = bridged(sent('1', 6, 41n), end('1', 6, 40n));
		expect((['in_flight', 'wallet', 'fees', 'bridge'] as const).map((account) => on(moves, account, place))).toEqual([-41n, 40n, 1n, 0n]);
	});

	it('meets in the swap when it is of two assets, whatever they are worth: there is no difference', () => {
		const into = { venue: '10', asset: 'USDT', decimals: 18, amount: amount(7n) };
		expect(bridged(sent('1', 6, 41n), into)).toEqual([
			{ venue: '1', asset: 'USDC', from: 'in_flight', to: 'swap', amount: 41n },
			{ venue: '10', asset: 'USDT', from: 'swap', to: 'wallet', amount: 7n },
		]);
	});

	it('sums to zero at each place and, in token units, to zero over both, whatever left, whatever came and whatever the decimals', () => {
		const side = fc.record({ decimals: fc.nat(24), units: fc.oneof(fc.bigInt(0n, 2n ** 160n), fc.bigInt(0n, 100n)) });
		const kinds = fc.constantFrom(['bridge', 'fees', 'in_flight'] as const, ['hub', 'external', 'receivable'] as const);
		fc.assert(
			fc.property(side, side, kinds, (left, came, [via, difference, account]) => {
				const out = { ...end('1', left.decimals, left.units), account };
				const into = end('10', came.decimals, came.units);
				const moves = crossing({ out, into, via, difference });
				expect(moves.every((move) => move.amount > 0n && move.from !== move.to)).toBe(true);
				expect(on(moves, account, out)).toBe(-left.units);
				expect(on(moves, 'wallet', into)).toBe(came.units);
				expect([on(moves, account, into), on(moves, 'wallet', out)]).toEqual([0n, 0n]);
				const fine = Math.max(left.decimals, came.decimals);
				const inFine = (name: LedgerAccount) =>
					on(moves, name, out) * powerOfTen(fine - left.decimals) + on(moves, name, into) * powerOfTen(fine - came.decimals);
				expect(inFine(via)).toBe(0n);
				expect(inFine(difference)).toBe(left.units * powerOfTen(fine - left.decimals) - came.units * powerOfTen(fine - came.decimals));
				for (const place of [out, into]) {
					const accounts = ['wallet', 'in_flight', 'receivable', 'fees', 'external', 'bridge', 'hub', 'swap'] as const;
					expect(accounts.reduce((sum, name) => sum + on(moves, name, place), 0n)).toBe(0n);
				}
			}),
		);
	});
});
