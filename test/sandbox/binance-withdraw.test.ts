import { RequestTimeout } from 'ccxt';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { INVOICE_OWNERS } from '../../sandbox/chains/accounts.ts';
import { double, late, lose, times, when } from '../../sandbox/http/misbehave.ts';
import { type BinanceStand, openBinance } from './binance-stand.ts';
import { eventually } from './eventually.ts';

const APPLY = '/sapi/v1/capital/withdraw/apply';
const HISTORY = '/sapi/v1/capital/withdraw/history';
const DEPOSITS = '/sapi/v1/capital/deposit/hisrec';
const DAY_MS = 86_400_000;
const [OWNER] = INVOICE_OWNERS;
const TO = OWNER?.address ?? '0x';

let stand: BinanceStand;
beforeAll(async () => {
	stand = await openBinance();
});
afterAll(() => stand.stop());
beforeEach(async () => {
	await stand.reset();
	stand.exchange.settings.enforceLimits = false;
	stand.exchange.credit('USDC', '1000');
});

const withdraw = (orderId?: string, amount = '100') =>
	stand.client.withdraw('USDC', amount as unknown as number, TO, undefined, {
		network: 'ETH',
		...(orderId !== undefined && { withdrawOrderId: orderId }),
	});
const history = async (parameters: Record<string, string | number>) => {
	const { status, body } = await stand.ask({ path: HISTORY, parameters });
	if (status !== 200) return [status, body.code];
	return (body as unknown as { withdrawOrderId: string }[]).map(({ withdrawOrderId }) => withdrawOrderId);
};

describe('a withdrawal is refused', () => {
	const fine = { coin: 'USDC', network: 'ETH', address: TO, amount: '100' };
	const refusal = async (form: Record<string, string>) => {
		const { status, body } = await stand.ask({ path: APPLY, method: 'POST', form });
		return [status, body.code, body.msg];
	};

	it.each([
		['without a coin', { coin: '' }, -1102, "'coin'"],
		['without an address', { address: '' }, -1102, "'address'"],
		['with an amount that is none', { amount: '1e2' }, -1102, "'amount'"],
		['for a coin that is not listed', { coin: 'XRP' }, -4018, 'asset'],
		['on a network that is not listed', { network: 'TRX' }, -4019, 'not open'],
		['to what is no address', { address: '0x12' }, -4033, 'Illegal'],
		['below the least', { amount: '1.999999' }, -4022, 'quantity 2.'],
		['of nothing, which is what a client makes of too fine an amount', { amount: '0' }, -4022, 'quantity 2.'],
		['above the most', { amount: '1000000.000001' }, -4023, 'maximum'],
		['of more than there is', { amount: '1000.000001' }, -4026, 'insufficient'],
		['of what is no multiple', { amount: '100.0000001' }, -4021, 'USDC multiple of 0.000001'],
		['of what is finer than the exchange', { amount: '100.000000001' }, -4021, 'multiple'],
	] as const)('%s', async (_why, change, code, words) => {
		expect(await refusal({ ...fine, ...change })).toEqual([400, code, expect.stringContaining(words)]);
		expect(stand.exchange.withdrawals()).toEqual([]);
		expect(stand.exchange.balance('USDC').free).toBe('1000');
	});

	it('while withdrawals are suspended, and when the fee would eat it', async () => {
		stand.exchange.setTerms('USDC', 'ETH', { withdrawMin: '0.5' });
		expect(await refusal({ ...fine, amount: '1' })).toEqual([400, -4028, expect.stringContaining('Commission')]);
		stand.exchange.setTerms('USDC', 'ETH', { withdrawEnable: false });
		expect(await refusal(fine)).toEqual([400, -4019, expect.stringContaining('not open')]);
		expect((await refusal({ ...fine, network: 'BSC' }))[0]).toBe(200);
	});

	it('never for zeros at the end of its amount, or for a network that it leaves open', async () => {
		const { network: _, ...rest } = fine;
		expect((await refusal({ ...rest, amount: '100.0000000000' }))[0]).toBe(200);
		expect(stand.withdrawal()).toMatchObject({ network: 'ETH', amount: 10_000_000_000n, fee: 100_000_000n, status: 2 });
	});
});

describe('an answer', () => {
	it('that is lost leaves a withdrawal that its client id finds', async () => {
		stand.exchange.api.fault = when('POST', /withdraw\/apply$/, lose());
		await expect(withdraw('one')).rejects.toThrow(RequestTimeout);
		const [found] = await stand.client.fetchWithdrawals('USDC', undefined, undefined, { withdrawOrderId: 'one' });
		expect(found).toMatchObject({ id: stand.withdrawal().id, currency: 'USDC' });
		await eventually('it is paid', async () => (await stand.balanceOf('1', TO)) === 99_000_000n);
		expect(stand.exchange.duplicates).toBe(0);
	});

	it('that is late comes after the withdrawal was accepted', async () => {
		stand.exchange.api.fault = when('POST', /withdraw\/apply$/, late(400));
		const answer = withdraw('one');
		await eventually('it is accepted', async () => stand.exchange.withdrawals().length === 1);
		expect((await answer).id).toBe(stand.withdrawal().id);
	});

	it('that is not believed, and a second try, pay twice: the exchange refuses no client id', async () => {
		stand.exchange.api.fault = times(1, when('POST', /withdraw\/apply$/, lose()));
		await expect(withdraw('one')).rejects.toThrow(RequestTimeout);
		await withdraw('one');
		await withdraw('two');
		await withdraw();
		await withdraw();
		expect(stand.exchange.duplicates).toBe(1);
		expect(await history({ withdrawOrderId: 'one' })).toEqual(['one', 'one']);
		await eventually('all are paid', async () => (await stand.balanceOf('1', TO)) === 495_000_000n);
	});

	it('to a request that was repeated on the way is that of the second withdrawal', async () => {
		stand.exchange.api.fault = when('POST', /withdraw\/apply$/, double());
		const { id } = await withdraw('one');
		expect(stand.exchange.withdrawals().map((each) => each.id)[1]).toBe(id);
		expect(stand.exchange.duplicates).toBe(1);
	});
});

describe('the history of withdrawals', () => {
	beforeEach(() => {
		stand.exchange.settings.approvalMs = 1_000 * DAY_MS;
	});

	it('finds a client id within the last seven days, and before that only in a window of at most seven', async () => {
		await withdraw('one');
		const appliedAtMs = stand.withdrawal().appliedAtMs;
		stand.aheadMs = 7 * DAY_MS - 60_000;
		expect(await history({ withdrawOrderId: 'one' })).toEqual(['one']);
		stand.aheadMs = 7 * DAY_MS + 60_000;
		expect(await history({ withdrawOrderId: 'one' })).toEqual([]);
		expect(await history({ coin: 'USDC' })).toEqual(['one']);
		const window = { startTime: appliedAtMs - 1_000, endTime: appliedAtMs - 1_000 + 7 * DAY_MS };
		expect(await history({ withdrawOrderId: 'one', ...window })).toEqual(['one']);
		expect(await history({ withdrawOrderId: 'one', ...window, endTime: window.endTime + 1 })).toEqual([400, -4047]);
		expect(await history({ withdrawOrderId: 'one', startTime: window.startTime })).toEqual([400, -4047]);
		expect(await history({ withdrawOrderId: 'one', endTime: appliedAtMs + 1_000 })).toEqual(['one']);
	});

	it('refuses the ninety days that ccxt asks for when it is given a beginning and a client id', async () => {
		await withdraw('one');
		const since = stand.nowMs() - 1_000;
		const params = { withdrawOrderId: 'one' };
		await expect(stand.client.fetchWithdrawals('USDC', since, undefined, params)).rejects.toThrow('-4047');
		const rows = await stand.client.fetchWithdrawals('USDC', since, undefined, { ...params, endTime: since + 7 * DAY_MS });
		expect(rows.map(({ info }) => info.withdrawOrderId)).toEqual(['one']);
	});

	it('goes back ninety days without a client id, and no window is wider', async () => {
		await withdraw('one');
		const startTime = stand.nowMs() - 1_000;
		stand.aheadMs = 90 * DAY_MS + 60_000;
		expect(await history({})).toEqual([]);
		expect(await history({ startTime, endTime: startTime + 90 * DAY_MS })).toEqual(['one']);
		expect(await history({ startTime, endTime: startTime + 90 * DAY_MS + 1 })).toEqual([400, -4047]);
		expect(await history({ startTime, endTime: startTime - 1 })).toEqual([400, -4047]);
	});

	it('lags behind for as long as told', async () => {
		stand.exchange.settings.historyLagMs = 60_000;
		await withdraw('one');
		expect(await history({ withdrawOrderId: 'one' })).toEqual([]);
		stand.aheadMs = 60_000;
		expect(await history({ withdrawOrderId: 'one' })).toEqual(['one']);
	});

	it('is newest first, unless told otherwise, and comes in pages', async () => {
		for (const orderId of ['one', 'two', 'three']) await withdraw(orderId);
		expect(await history({})).toEqual(['three', 'two', 'one']);
		expect(await history({ limit: 2 })).toEqual(['three', 'two']);
		expect(await history({ limit: 2, offset: 2 })).toEqual(['one']);
		stand.exchange.settings.order = 'oldest first';
		expect(await history({})).toEqual(['one', 'two', 'three']);
	});

	it('is narrowed by coin, status and id', async () => {
		await withdraw('one');
		await withdraw('two');
		const [first, second] = stand.exchange.withdrawals();
		expect(await history({ coin: 'USDT' })).toEqual([]);
		expect(await history({ status: 2 })).toEqual(['two', 'one']);
		expect(await history({ status: 6 })).toEqual([]);
		expect(await history({ idList: `${first?.id}` })).toEqual(['one']);
		expect(await history({ idList: `${first?.id},${second?.id}` })).toEqual(['two', 'one']);
	});

	it('names what arrives, or what was asked for, to the last digit of a huge amount', async () => {
		const huge = '123456789012345.123456';
		stand.exchange.credit('USDC', huge);
		stand.exchange.setTerms('USDC', 'ETH', { withdrawMax: '1000000000000000' });
		stand.exchange.settings.approvalMs = 0;
		await withdraw('huge', huge);
		const amount = async () => (await stand.client.fetchWithdrawals('USDC'))[0]?.amount;
		expect(await amount()).toBe('123456789012344.123456');
		stand.exchange.settings.historyAmount = 'requested';
		expect(await amount()).toBe(huge);
		await eventually('it is paid', async () => (await stand.balanceOf('1', TO)) === 123_456_789_012_344_123_456n);
	});
});

describe('the history of deposits', () => {
	it('has windows and pages, too', async () => {
		await stand.send('1', 1_000_000n);
		await eventually('the first is seen', async () => stand.exchange.deposits().length === 1);
		await stand.send('1', 2_000_000n);
		await eventually('the second is seen', async () => stand.exchange.deposits().length === 2);
		const amounts = async (parameters: Record<string, string | number>) => {
			const { status, body } = await stand.ask({ path: DEPOSITS, parameters });
			return status === 200 ? (body as unknown as { amount: string }[]).map(({ amount }) => amount) : [status, body.code];
		};
		expect(await amounts({})).toEqual(['2', '1']);
		expect(await amounts({ limit: 1, offset: 1 })).toEqual(['1']);
		expect(await amounts({ coin: 'USDT' })).toEqual([]);
		expect(await amounts({ status: 7 })).toEqual([]);
		const startTime = stand.nowMs();
		expect(await amounts({ startTime, endTime: startTime + 90 * DAY_MS + 1 })).toEqual([400, -4047]);
		stand.aheadMs = 90 * DAY_MS + 60_000;
		expect(await amounts({})).toEqual([]);
		expect(await amounts({ startTime: startTime - DAY_MS, endTime: startTime + DAY_MS })).toEqual(['2', '1']);
	});
});
