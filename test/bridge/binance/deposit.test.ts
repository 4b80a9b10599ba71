import fc from 'fast-check';
import { type Address, concat, encodeFunctionData, erc20Abi, type Hex, pad } from 'viem';
import { describe, expect, it } from 'vitest';
import { depositCall, readDeposit, recoverDeposit } from '../../../src/bridge/binance/deposit.ts';
import type { Places, Quote } from '../../../src/bridge/bridge.ts';
import { tagCalldata, untagged } from '../../../src/chain/payload.ts';
import { InvariantError, PermanentError } from '../../../src/errors.ts';
import type { HopOrder } from '../../../src/leg/order.ts';
import { amount } from '../../../src/money/amount.ts';
import { DEPOSIT_TX, DEPOSITS, endAt, minedWith, ORDER, SETTINGS, STRANGER, TOKENS, transfer, WALLET } from './account.ts';

const TO = DEPOSITS[1] as Address;
const OWNER = '8f14e45f-ceea-467f-a0c3-2f1c1f7a0a11';
const quoteOf = ({ send, receive }: Pick<HopOrder, 'send' | 'receive'>): Quote => ({
	...{ send, receive, fixedFee: amount(0n), feeBps: '0', minimum: amount(1n), maximum: send },
	...{ step: amount(1n), seconds: 1, validUntilMs: 0 },
});
const callOf = (order: HopOrder) => depositCall(order, TO, quoteOf(order));
const places: Places = {
	byToken(venue, token) {
		const end = endAt(venue as '1');
		if (end.token !== token) throw new PermanentError(`token ${token} is not configured`);
		return end;
	},
	byAsset(venue) {
		if (TOKENS[venue] === undefined) throw new PermanentError(`venue ${venue} is not configured`);
		return endAt(venue as '10');
	},
};
const recovered = (data: Hex, logs = [transfer()]) =>
	recoverDeposit({ ...minedWith(...logs), venue: '1', sender: WALLET, data }, SETTINGS, places);

describe('the deposit', () => {
	it('is a transfer of the token to our account, with nothing of the native asset', () => {
		const { data, ...call } = callOf(ORDER);
		expect(call).toEqual({ chainId: 1, to: TOKENS[1], value: 0n });
		const plain = encodeFunctionData({ abi: erc20Abi, functionName: 'transfer', args: [TO, ORDER.send] });
		expect(data.startsWith(plain)).toBe(true);
	});

	it.each([
		['less arrives', { receive: amount(ORDER.receive - 1n) }],
		['less can be sent', { send: amount(ORDER.send - 1n) }],
		['more would be sent', { send: amount(ORDER.send + 1n) }],
	])('is not made when %s than was ordered', (_case, changes) => {
		expect(() => depositCall(ORDER, TO, { ...quoteOf(ORDER), ...changes })).toThrow(PermanentError);
	});

	it('is made when more arrives, and promises what was ordered', () => {
		const { data } = depositCall(ORDER, TO, { ...quoteOf(ORDER), receive: amount(ORDER.receive + 1n) });
		expect(data).toBe(callOf(ORDER).data);
	});
});

describe('the mined deposit', () => {
	const read = (...logs: ReturnType<typeof transfer>[]) => readDeposit(ORDER, TO, minedWith(...logs));

	it('is told by its transaction, whatever else moved in it', () => {
		const others = [transfer({ from: STRANGER }), transfer({ token: STRANGER }), transfer({ to: STRANGER, value: 1n })];
		expect(read(...others, transfer())).toEqual({ depositTx: DEPOSIT_TX, depositBlock: '7' });
	});

	it.each([
		['nothing', []],
		['a transfer to somebody else', [transfer({ to: STRANGER })]],
		['a transfer of somebody else', [transfer({ from: STRANGER })]],
		['another token', [transfer({ token: STRANGER })]],
		['less than was ordered', [transfer({ value: ORDER.send - 1n })]],
		['more than was ordered', [transfer({ value: ORDER.send + 1n })]],
		['two transfers', [transfer(), transfer()]],
	])('stops everything when it has brought %s', (_case, logs) => {
		expect(() => read(...logs)).toThrow(InvariantError);
		expect(() => read(...logs)).toThrow(DEPOSIT_TX);
	});
});

describe('a deposit that nobody remembers', () => {
	it('tells its own order, tagged or not', () => {
		const order = { ...ORDER, seconds: 320 };
		expect(recovered(callOf(ORDER).data)).toEqual(order);
		expect(recovered(untagged(tagCalldata(callOf(ORDER).data, OWNER)))).toEqual(order);
	});

	it('tells it for every amount', () => {
		const units = fc.bigInt({ min: 1n, max: 2n ** 256n - 1n }).map(amount);
		fc.assert(
			fc.property(units, units, (send, receive) => {
				const found = recovered(callOf({ ...ORDER, send, receive }).data, [transfer({ value: send })]);
				expect(found).toMatchObject({ send, receive });
			}),
		);
	});

	const { data } = callOf(ORDER);
	const transferred = (to: Address) => encodeFunctionData({ abi: erc20Abi, functionName: 'transfer', args: [to, ORDER.send] });
	const behind: Hex = `0x${data.slice(transferred(TO).length)}`;
	it.each<[string, Hex]>([
		['says nothing behind its arguments', transferred(TO)],
		['has something else behind them', concat([transferred(TO), pad('0x01', { size: (behind.length - 2) / 2 })])],
		['has something behind what it says', concat([data, '0x00'])],
		['is cut off', data.slice(0, -2) as Hex],
		['is not a call at all', '0x'],
		['goes to somebody else', concat([transferred(STRANGER), behind])],
		['is an approval', concat([encodeFunctionData({ abi: erc20Abi, functionName: 'approve', args: [TO, 1n] }), behind])],
		['calls what no token has', concat(['0xdeadbeef', `0x${transferred(TO).slice(10)}`, behind])],
	])('is none when it %s', (_case, bytes) => {
		expect(recovered(bytes)).toBeNull();
	});

	it('is none without a transfer to our account, or where we have none', () => {
		expect(recovered(data, [])).toBeNull();
		expect(recovered(data, [transfer({ to: STRANGER })])).toBeNull();
		expect(recoverDeposit({ ...minedWith(transfer()), venue: '137', sender: WALLET, data }, SETTINGS, places)).toBeNull();
	});

	it('is refused when its destination is not configured any more', () => {
		const gone = callOf({ ...ORDER, destination: { ...ORDER.destination, chainId: 137 } }).data;
		expect(() => recovered(gone)).toThrow(/137/);
	});
});
