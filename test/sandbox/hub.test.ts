import fc from 'fast-check';
import { type Hex, toHex, zeroAddress } from 'viem';
import { describe, expect, it } from 'vitest';
import { createHub, type Deposit, type Hub } from '../../sandbox/everclear/hub.ts';
import { minAmount } from '../../sandbox/everclear/min-amounts.ts';
import { type Invoice, invoice } from '../../sandbox/invoices/invoice.ts';

/** One step of a 6-decimal token at the hub's scale. */
const STEP = 10n ** 12n;

function listed(hub: Hub, label: string, units: bigint, enqueuedAt = 1): Invoice {
	const made = {
		...invoice({ label, owner: zeroAddress, amount: '1', origin: '10', destinations: ['1'], discountBps: 7, enqueuedAt }),
		amount: `${units}`,
	};
	hub.enqueue(made);
	return made;
}

let count = 0;

function deposited(hub: Hub, amount: bigint): Deposit {
	count += 1;
	const id: Hex = toHex(count, { size: 32 });
	const made = {
		origin: '1',
		destinations: ['56', '10'],
		receiver: zeroAddress,
		tx: id,
		seenAtMs: 0,
		reward: 0n,
		isPaid: false,
		paidFor: [],
	};
	const deposit: Deposit = { ...made, id, amount, status: 'ADDED', remaining: amount };
	hub.add(deposit);
	return deposit;
}

const wholeSteps = (units: bigint): bigint => ((units + STEP - 1n) / STEP) * STEP;

describe('the hub', () => {
	it('pays every buyer who brought the minimum in whole steps of a 6-decimal token, however many there are', () => {
		const amounts = fc.array(fc.bigInt(10n ** 18n, 10n ** 24n), { minLength: 1, maxLength: 20 });
		fc.assert(
			fc.property(amounts, (units) => {
				const hub = createHub();
				const sizes = [...units].sort((a, b) => (a < b ? 1 : -1));
				const invoices = sizes.map((each, index) => listed(hub, `many ${index}`, each, index + 1));
				const buyers = invoices.map((each) => deposited(hub, wholeSteps(minAmount(hub.position(each, '1')))));
				expect(buyers.flatMap((each) => hub.process(each))).toHaveLength(invoices.length);
				for (const buyer of buyers) {
					const payment = hub.settlementOf(buyer);
					expect(payment?.domain).toBe('10');
					expect((payment?.amount ?? 0n) >= buyer.amount).toBe(true);
				}
				expect([hub.custodied('1'), hub.custodied('10')]).toEqual([0n, 0n]);
			}),
		);
	});

	it("gives one buyer's deposit to an older and smaller invoice first; the next buyer completes both", () => {
		const hub = createHub();
		const older = listed(hub, 'older', 50n * 10n ** 18n, 1);
		const younger = listed(hub, 'younger', 100n * 10n ** 18n, 2);
		const least = [older, younger].map((each) => wholeSteps(minAmount(hub.position(each, '1'))));
		const first = deposited(hub, least[1] ?? 0n);
		expect(hub.process(first).map((each) => each.intentId)).toEqual([older.intent_id]);
		expect([first.status, hub.settlementOf(first)]).toEqual(['DEPOSIT_PROCESSED', null]);
		const second = deposited(hub, least[0] ?? 0n);
		expect(hub.process(second).map((each) => each.intentId)).toEqual([younger.intent_id]);
		expect([first, second].map((each) => hub.settlementOf(each)?.domain)).toEqual(['10', '10']);
	});

	it('does not lend to invoices what it owes to buyers', () => {
		const hub = createHub();
		const bought = listed(hub, 'bought', 10n ** 20n);
		hub.process(deposited(hub, wholeSteps(minAmount(hub.position(bought, '1')))));
		expect(hub.custodied('10')).toBe(0n);
	});
});
