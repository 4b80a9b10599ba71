import { expect, it } from 'vitest';
import { Gaps } from '../../src/channel/gaps.ts';
import type { ChannelOrder } from '../../src/channel/messages.ts';
import type { FillReport } from '../../src/fills/fill.ts';

const order = (matched: bigint, type = 'UPDATE') => ({ id: 'o', size_matched: matched, original_size: 50n, type }) as ChannelOrder;
const fill = (trade: string, amount: bigint, changes: object = {}) =>
	({ trade, order: 'o', bucket: 0, position: { venue: 'v', asset: 'a' }, amount, status: 'matched', ...changes }) as unknown as FillReport;

it('finds what was matched and not heard', () => {
	const gaps = new Gaps();
	gaps.hearFill(fill('t', 20n));
	gaps.hearFill(fill('t', 20n, { status: 'mined' }));
	gaps.hearOrder(order(30n));
	gaps.hearOrder(order(25n));
	expect(gaps.gapsIn()).toEqual([{ order: 'o', missing: 10n }]);
	gaps.hearFill(fill('t', 10n, { bucket: 1 }));
	expect(gaps.gapsIn()).toEqual([]);
});

it('counts no fill that has failed, whatever is told after', () => {
	const gaps = new Gaps();
	gaps.hearOrder(order(20n));
	gaps.hearFill(fill('t', 20n, { status: 'failed' }));
	gaps.hearFill(fill('t', 20n));
	expect(gaps.gapsIn()).toEqual([{ order: 'o', missing: 20n }]);
});

it('forgets an order that is over as soon as all of it was heard', () => {
	const gaps = new Gaps();
	gaps.hearOrder(order(50n));
	expect(gaps.size).toBe(1);
	gaps.hearFill(fill('t', 50n));
	expect(gaps.size).toBe(0);
	gaps.hearFill(fill('t', 50n, { status: 'confirmed' }));
	expect(gaps.size).toBe(0);
	gaps.hearOrder(order(50n));
	expect(gaps.size).toBe(0);
});

it('forgets an order that was cancelled without a gap', () => {
	const gaps = new Gaps();
	gaps.hearOrder(order(0n, 'PLACEMENT'));
	expect(gaps.size).toBe(1);
	gaps.hearOrder(order(0n, 'CANCELLATION'));
	expect(gaps.size).toBe(0);
});
