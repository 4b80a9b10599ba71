import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { attribute, type Refund, type Unfilled } from '../../../src/bridge/across/attribute.ts';

const deposit = (depositId: number, amount: number, more: Partial<Unfilled> = {}): Unfilled => ({
	depositId: BigInt(depositId),
	amount: BigInt(amount),
	blockNumber: BigInt(depositId),
	logIndex: 0,
	fillDeadline: 100 + depositId,
	isExpired: true,
	...more,
});
const refund = (blockNumber: number, amount: number, logIndex = 0): Refund => ({
	blockNumber: BigInt(blockNumber),
	logIndex,
	amount: BigInt(amount),
});

/** Deposit id → block of its refund. */
function told(refunds: readonly Refund[], deposits: readonly Unfilled[]) {
	const { refundOf, isComplete } = attribute(refunds, deposits);
	return { ...Object.fromEntries([...refundOf].map(([id, each]) => [String(id), Number(each.blockNumber)])), isComplete };
}

describe('a refund', () => {
	it('is of the one deposit that it sums up to', () => {
		expect(told([refund(9, 50)], [deposit(1, 40), deposit(2, 50)])).toEqual({ 2: 9, isComplete: true });
	});

	it('is of several when they sum up to it', () => {
		expect(told([refund(9, 70)], [deposit(1, 50), deposit(2, 30), deposit(3, 20)])).toEqual({ 1: 9, 3: 9, isComplete: true });
	});

	it('of two equal deposits is of the one with the earlier deadline; the next refund is of the other', () => {
		const deposits = [deposit(1, 50, { fillDeadline: 300 }), deposit(2, 50)];
		expect(told([refund(9, 50)], deposits)).toEqual({ 2: 9, isComplete: true });
		expect(told([refund(12, 50), refund(9, 50)], deposits)).toEqual({ 1: 12, 2: 9, isComplete: true });
	});

	it('is of no deposit that was made after it', () => {
		expect(told([refund(9, 50)], [deposit(10, 50)])).toEqual({ isComplete: true });
		expect(told([refund(9, 50, 3)], [deposit(9, 50, { logIndex: 4 })])).toEqual({ isComplete: true });
		expect(told([refund(9, 50, 4)], [deposit(9, 50, { logIndex: 3 })])).toEqual({ 9: 9, isComplete: true });
	});

	it('that is no sum of deposits is of something else', () => {
		expect(told([refund(9, 55), refund(12, 50)], [deposit(1, 50)])).toEqual({ 1: 12, isComplete: true });
	});

	it('is not told while a deposit that it may be of can still be filled, nor is any after it', () => {
		const open = deposit(1, 50, { isExpired: false });
		expect(told([refund(9, 50), refund(12, 30)], [open, deposit(2, 50), deposit(3, 30)])).toEqual({ isComplete: false });
		expect(told([refund(9, 50)], [deposit(2, 50), { ...open, fillDeadline: 900 }])).toEqual({ 2: 9, isComplete: true });
	});
});

/** What really happened: deposits with their fates, and refunds of disjoint groups of the expired ones, some of which sum others' amounts. */
const histories = fc
	.array(
		fc.record({ amount: fc.integer({ min: 1, max: 6 }), deadline: fc.integer({ min: 1, max: 9 }), group: fc.integer({ min: 0, max: 4 }) }),
		{
			minLength: 1,
			maxLength: 10,
		},
	)
	.map((rows) => {
		const deposits = rows.map((row, index) => ({ ...deposit(index + 1, row.amount, { fillDeadline: row.deadline }), group: row.group }));
		const groups = [1, 2, 3, 4].map((group) => deposits.filter((each) => each.group === group)).filter((each) => each.length > 0);
		const refunds = groups.map((group, index) => refund(100 + index, Number(group.reduce((sum, each) => sum + each.amount, 0n))));
		return { deposits, refunds };
	});

describe('refunds of any history', () => {
	it('are each laid out exactly on the deposits they are counted for, and no deposit is counted twice', () => {
		fc.assert(
			fc.property(histories, ({ deposits, refunds }) => {
				const { refundOf } = attribute(refunds, deposits);
				for (const each of refunds) {
					const paid = deposits.filter(({ depositId }) => refundOf.get(depositId) === each);
					const sum = paid.reduce((total, { amount }) => total + amount, 0n);
					expect(paid.length === 0 || sum === each.amount).toBe(true);
				}
			}),
		);
	});

	it('are told the same by whoever looks later: when more has been refunded, deposited, or decided', () => {
		fc.assert(
			fc.property(histories, fc.nat(), fc.nat(), ({ deposits, refunds }, seen, decided) => {
				const byDeadline = [...deposits].sort((a, b) => a.fillDeadline - b.fillDeadline || Number(a.depositId - b.depositId));
				const known = new Set(byDeadline.slice(0, decided % (deposits.length + 1)).map((each) => each.depositId));
				const early = deposits.map((each) => ({ ...each, isExpired: known.has(each.depositId) }));
				const before = attribute(refunds.slice(0, seen % (refunds.length + 1)), early).refundOf;
				const later = [...deposits, deposit(50, 3, { fillDeadline: 2, blockNumber: 300n }), deposit(51, 1, { blockNumber: 301n })];
				const after = attribute([...refunds, refund(400, 4)], later).refundOf;
				for (const [id, each] of before) expect(after.get(id)).toBe(each);
			}),
		);
	});
});
