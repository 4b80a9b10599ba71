import { describe, expect, it } from 'vitest';
import { INVOICE_OWNERS } from '../../../sandbox/chains/accounts.ts';
import { broken, late, lose, nonsense, notFound, when } from '../../../sandbox/http/misbehave.ts';
import { BusyError, InvariantError, PermanentError, TransientError } from '../../../src/errors.ts';
import type { WithdrawalRequest } from '../../../src/exchange/exchange.ts';
import { eventually } from '../../sandbox/eventually.ts';
import { openAccount, useBinance } from './account.ts';

const DAY_MS = 86_400_000;
const APPLY = 'POST /sapi/v1/capital/withdraw/apply';
const HISTORY = 'GET /sapi/v1/capital/withdraw/history';
const TO = INVOICE_OWNERS[0]?.address ?? '0x';

const binance = useBinance((stand) => {
	stand.exchange.settings.enforceLimits = false;
	stand.exchange.credit('USDC', '1000');
});

/** Does not wait for an answer that does not come. */
const hasty = () => openAccount({ ...binance.stand.exchange, nowMs: binance.stand.nowMs, timeoutMs: 500 }).exchange;
const request = (change: Partial<WithdrawalRequest> = {}): WithdrawalRequest => {
	const atMs = binance.stand.nowMs();
	return { coin: 'USDC', network: 'ETH', address: TO, amount: '100', key: 'one', atMs, untilMs: atMs + 10_000, ...change };
};
const withdraw = (change: Partial<WithdrawalRequest> = {}) => binance.account.exchange.withdraw(request(change));
const find = (sinceMs = binance.stand.nowMs(), key = 'one') => binance.account.exchange.findWithdrawal({ key, sinceMs });
const keepPending = () => {
	binance.stand.exchange.settings.approvalMs = 10_000 * DAY_MS;
};
const rows = (...changes: readonly object[]) =>
	changes.map((change) => ({
		...{ id: 'a1', status: 6, txId: `0x${'ab'.repeat(32)}`, transactionFee: '0.1', withdrawOrderId: 'one', transferType: 0, info: '' },
		...change,
	}));

describe('a withdrawal', () => {
	it('arrives less its fee, and is found on its way and at its end', async () => {
		binance.stand.exchange.settings.stuck = () => true;
		await withdraw();
		const { id } = binance.stand.withdrawal();
		expect(await find()).toMatchObject({ state: 'pending', id, transactionHash: null, fee: '1' });
		binance.stand.exchange.settings.stuck = () => false;
		await eventually('it is completed', async () => binance.stand.withdrawal().status === 6);
		const transactionHash = binance.stand.withdrawal().transactionHash;
		expect(await find()).toEqual({ state: 'completed', note: 'status 6, completed', id, transactionHash, fee: '1' });
		expect(await binance.stand.balanceOf('1', TO)).toBe(99_000_000n);
		expect(binance.account.charged).toEqual(['uid withdraw 600', 'ip 1', 'uid history 18000', 'uid history 18000']);
		expect(binance.stand.exchange.duplicates).toBe(0);
	});

	it('is asked for with the text of its amount, to the last of many digits', async () => {
		const huge = '123456789012345.123456';
		binance.stand.exchange.credit('USDC', huge);
		binance.stand.exchange.setTerms('USDC', 'ETH', { withdrawMax: '1000000000000000' });
		await withdraw({ amount: huge });
		expect(binance.stand.withdrawal().amount).toBe(12_345_678_901_234_512_345_600n);
		await eventually('it is paid', async () => (await binance.stand.balanceOf('1', TO)) === 123_456_789_012_344_123_456n);
	});

	it('carries the times that it is given, its key, and the wallet that it is paid from', async () => {
		let form: unknown;
		binance.stand.exchange.api.fault = (sent) => {
			form = sent.body;
			return undefined;
		};
		const sent = request({ untilMs: binance.stand.nowMs() + 7_777 });
		await binance.account.exchange.withdraw(sent);
		expect(form).toMatchObject({
			...{ coin: 'USDC', network: 'ETH', address: TO, amount: '100', withdrawOrderId: 'one', walletType: '0' },
			...{ timestamp: `${sent.atMs}`, recvWindow: '7777' },
		});
	});

	it('whose time is over is refused, and nothing is taken', async () => {
		keepPending();
		const sent = request();
		binance.stand.aheadMs = 10_000;
		await binance.stand.looksAround();
		binance.stand.aheadMs = 11_000;
		const refused = binance.account.exchange.withdraw(sent);
		await expect(refused).rejects.toBeInstanceOf(PermanentError);
		await expect(refused).rejects.toMatchObject({ details: { code: '-1021' } });
		expect(binance.stand.exchange.withdrawals()).toEqual([]);
		await withdraw({ key: 'two' });
		expect(binance.stand.exchange.withdrawals()).toHaveLength(1);
	});

	it('that was accepted in silence is found, and nothing was asked twice', async () => {
		binance.stand.exchange.api.fault = when('POST', /apply$/, lose());
		const silent = hasty().withdraw(request());
		await expect(silent).rejects.toThrow('no answer within 500 ms');
		await expect(silent).rejects.toBeInstanceOf(TransientError);
		expect(await find()).toMatchObject({ id: binance.stand.withdrawal().id });
		expect([binance.asked(APPLY), binance.stand.exchange.duplicates]).toEqual([1, 0]);
	});

	it.each([
		['late', late(700)],
		['no JSON', nonsense()],
		['of another shape', nonsense({ id: 12 })],
		['without an id', nonsense({})],
		['empty', nonsense('')],
		['-1000 with 200', nonsense({ code: -1000, msg: 'An unknown error' })],
	])('says nothing when its answer is %s: it was accepted', async (_what, fault) => {
		binance.stand.exchange.api.fault = when('POST', /apply$/, fault);
		await expect(hasty().withdraw(request())).rejects.toBeInstanceOf(TransientError);
		binance.stand.exchange.api.fault = () => undefined;
		expect(await find()).toMatchObject({ id: binance.stand.withdrawal().id });
		expect([binance.asked(APPLY), binance.stand.exchange.withdrawals().length]).toEqual([1, 1]);
	});

	it.each([
		['more than there is', { amount: '1000.000001' }, '-4026'],
		['too little', { amount: '1.9' }, '-4022'],
		['what is no multiple', { amount: '100.0000001' }, '-4021'],
		['a coin that is not there', { coin: 'XRP' }, '-4018'],
		['a network that is not there', { network: 'TRX' }, '-4019'],
		['no address', { address: '0x12' }, '-4033'],
	])('of %s is clearly refused, in the exchange’s own words', async (_what, change, code) => {
		const refused = withdraw(change);
		await expect(refused).rejects.toBeInstanceOf(PermanentError);
		await expect(refused).rejects.toThrow(code);
		expect([binance.asked(APPLY), binance.stand.exchange.withdrawals()]).toEqual([1, []]);
	});

	it.each([
		['with a key that means something in a form', { key: 'one&amount=900' }, 'key'],
		['to an address that does', { address: '0x1&network=BSC' }, 'address'],
		['of an amount that is none', { amount: '1e3' }, 'amount'],
		['that is over before it began', { untilMs: 5 }, 'untilMs'],
		['that is valid for longer than the exchange takes', { untilMs: Date.now() * 2 }, 'untilMs'],
	])('%s is never asked for', async (_what, change, field) => {
		const refused = withdraw(change);
		await expect(refused).rejects.toBeInstanceOf(InvariantError);
		await expect(refused).rejects.toThrow(`"${field}"`);
		expect(binance.asked(APPLY)).toBe(0);
	});

	it('is not asked for when our own budget says to wait', async () => {
		binance.account.refusal = new BusyError('not now', 5_000);
		await expect(withdraw()).rejects.toBe(binance.account.refusal);
		binance.account.refusal = new Error('the database is gone');
		await expect(withdraw()).rejects.toBeInstanceOf(TransientError);
		expect(binance.asked(APPLY)).toBe(0);
	});
});

describe('a search', () => {
	it('takes one call however long ago the withdrawal was asked for', async () => {
		keepPending();
		await withdraw();
		const sinceMs = binance.stand.nowMs();
		binance.stand.aheadMs = 200 * DAY_MS;
		await binance.account.exchange.nowMs();
		expect(await find(sinceMs)).toMatchObject({ state: 'pending', id: binance.stand.withdrawal().id });
		expect(binance.asked(HISTORY)).toBe(1);
	});

	it('goes through all windows of seven days until it finds one that was taken later', async () => {
		keepPending();
		const sinceMs = binance.stand.nowMs();
		binance.stand.aheadMs = 30 * DAY_MS;
		await withdraw();
		binance.stand.aheadMs = 31 * DAY_MS;
		expect(await find(sinceMs)).toMatchObject({ id: binance.stand.withdrawal().id });
		expect(binance.asked(HISTORY)).toBe(5);
	});

	it('goes on where the budget has stopped it', async () => {
		const sinceMs = binance.stand.nowMs();
		binance.stand.aheadMs = 20 * DAY_MS;
		let left = 0;
		binance.account.entering = () => {
			left -= 1;
			if (left < 0) throw new BusyError('not now', 6_000);
		};
		let tries = 0;
		let found: unknown;
		for (; found === undefined && tries < 9; tries += 1) {
			// The clock is compared once.
			left = tries === 0 ? 2 : 1;
			found = await find(sinceMs).catch((error: unknown) => {
				if (!(error instanceof BusyError)) throw error;
			});
		}
		expect([found, tries, binance.asked(HISTORY)]).toEqual([null, 3, 3]);
		binance.account.entering = () => undefined;
		await find(sinceMs);
		expect(binance.asked(HISTORY)).toBe(4);
	});

	it('allows for clocks that are apart, and finds what is listed late', async () => {
		keepPending();
		binance.stand.exchange.settings.historyLagMs = 60_000;
		await withdraw();
		expect(await find()).toBeNull();
		binance.stand.aheadMs = 60_000;
		expect(await find(binance.stand.nowMs() + 300_000)).toMatchObject({ id: binance.stand.withdrawal().id });
	});

	it('compares keys exactly, and finds nothing under one that nobody used', async () => {
		await withdraw();
		expect(await find(binance.stand.nowMs(), 'two')).toBeNull();
		binance.stand.exchange.api.fault = when('GET', /history$/, nonsense(rows({ withdrawOrderId: 'One' }, { withdrawOrderId: undefined })));
		expect(await find()).toBeNull();
	});

	it('that fails finds nothing out', async () => {
		for (const fault of [broken(), notFound(), nonsense(), nonsense({}), nonsense({ rows: [] }), lose()]) {
			binance.stand.exchange.api.fault = when('GET', /history$/, fault);
			await expect(hasty().findWithdrawal({ key: 'one', sinceMs: binance.stand.nowMs() })).rejects.toBeInstanceOf(TransientError);
		}
	});

	it('stops at two under one key, and names both', async () => {
		await withdraw();
		await withdraw();
		const [one, two] = binance.stand.exchange.withdrawals();
		const found = find();
		await expect(found).rejects.toBeInstanceOf(InvariantError);
		await expect(found).rejects.toThrow(one?.id);
		await expect(found).rejects.toThrow(two?.id);
	});

	it('tells of those that came to nothing beside the one that did not', async () => {
		binance.stand.exchange.api.fault = when(
			'GET',
			/history$/,
			nonsense(rows({ id: 'e1', status: 1 }, { id: 'a2' }, { id: 'e2', status: 5 })),
		);
		expect(await find()).toMatchObject({ state: 'completed', id: 'a2', note: expect.stringMatching(/e1, e2$/) });
		binance.stand.exchange.api.fault = when('GET', /history$/, nonsense(rows({ id: 'e1', status: 1 }, { id: 'e2', status: 5 })));
		expect(await find()).toMatchObject({ state: 'ended', id: 'e1', note: expect.stringContaining('e2') });
	});

	it('looks further than one that has ended', async () => {
		keepPending();
		const sinceMs = binance.stand.nowMs();
		binance.stand.exchange.settings.outcome = ({ appliedAtMs }) => (appliedAtMs < sinceMs + DAY_MS ? 'cancelled' : 'completed');
		binance.stand.exchange.settings.approvalMs = 0;
		await withdraw();
		await eventually('it is cancelled', async () => binance.stand.withdrawal().status === 1);
		expect(await find(sinceMs)).toMatchObject({ state: 'ended', id: binance.stand.withdrawal().id });
		binance.stand.aheadMs = 10 * DAY_MS;
		binance.stand.exchange.settings.stuck = () => true;
		await withdraw();
		expect(await find(sinceMs)).toMatchObject({ state: 'pending', id: binance.stand.withdrawal().id });
	});
});

describe('a row', () => {
	const told = (change: object) => {
		binance.stand.exchange.api.fault = when('GET', /history$/, nonsense(rows(change)));
		return find();
	};

	it.each([
		[0, 'pending'],
		[2, 'pending'],
		[4, 'pending'],
		[6, 'completed'],
		[1, 'ended'],
		[3, 'ended'],
		[5, 'ended'],
	])('of status %s is %s', async (status, state) => {
		expect(await told({ status, info: 'why' })).toMatchObject({
			state,
			note: expect.stringMatching(new RegExp(`^status ${status}, .*why$`)),
		});
	});

	it.each([
		['without a transaction', { txId: '' }, /not named yet/],
		['without a word of one', { txId: undefined }, /not named yet/],
		['that stayed within the exchange', { txId: 'Off-chain transfer 123456789' }, /Off-chain transfer 123456789/],
		['that says so by its type', { transferType: 1 }, /within the exchange/],
	])('%s is never completed', async (_what, change, note) => {
		expect(await told(change)).toMatchObject({ state: 'pending', transactionHash: null, note: expect.stringMatching(note) });
	});

	it.each([
		['of an unknown status', { status: 7 }, 'unknown status 7'],
		['whose status is a word', { status: 'done' }, 'status'],
		['whose fee is a number', { transactionFee: 0.1 }, 'transactionFee'],
		['without a fee', { transactionFee: undefined }, 'transactionFee'],
		['without an id', { id: null }, 'id'],
	])('%s tells nothing', async (_what, change, words) => {
		const found = told(change);
		await expect(found).rejects.toThrow(words);
		await expect(found).rejects.toBeInstanceOf(TransientError);
	});
});
