import { describe, expect, it } from 'vitest';
import { pairOf, settings } from '../../../src/bridge/binance/settings.ts';
import { claimWithdrawal, lookAtWithdrawal, netOf } from '../../../src/bridge/binance/withdrawal.ts';
import { TransientError } from '../../../src/errors.ts';
import type { AccountBalance, ExchangeWithdrawal, NetworkTerms } from '../../../src/exchange/exchange.ts';
import { DEPOSIT_TX, exchangeThat, GIVEN, NOW_MS, ORDER, SETTINGS, TERMS, WALLET, WITHDRAW_TX } from './account.ts';

const PAIR = pairOf(SETTINGS, ORDER);
const DEPOSIT = { depositTx: DEPOSIT_TX, seenAtMs: NOW_MS, credited: '100', noticedAtMs: NOW_MS - 60_000 };
const BODY = { exchange: 'binance', coin: 'USDC', network: 'OPTIMISM', address: WALLET, amount: '100' };
const LAG_MS = 60_000;

interface Desk {
	readonly terms?: Partial<NetworkTerms>;
	readonly balance?: Partial<AccountBalance>;
	readonly credited?: string;
	readonly maximumFeeBps?: string;
}

function claim({ terms = {}, balance = {}, credited = '100', maximumFeeBps = '100' }: Desk = {}) {
	const exchange = exchangeThat({ balance: async () => ({ free: '1000', locked: '0', ...balance }) });
	const both = { deposit: { ...TERMS, depositEnabled: false }, withdrawal: { ...TERMS, ...terms } };
	const maximumFee = settings.parse({ ...GIVEN, maximumFeeBps }).maximumFeeBps;
	return claimWithdrawal({ exchange, pair: PAIR, maximumFee, terms: async () => both }, ORDER, { ...DEPOSIT, credited });
}

describe('what is asked for', () => {
	it('is all of the deposit, to the recipient, by the names of the exchange', async () => {
		expect(await claim()).toEqual({ state: 'request', request: BODY });
	});

	it.each([
		['0.000001', '100.12345678', '100.123456'],
		['1', '100.9', '100'],
		['0.1', '100.90000000', '100.9'],
		['0', '100.12345678', '100.12345678'],
	])('is whole steps of %s of the %s that were credited: %s', async (withdrawStep, credited, amount) => {
		expect(await claim({ terms: { withdrawStep }, credited })).toMatchObject({ state: 'request', request: { amount } });
	});

	it.each<[string, Desk, RegExp]>([
		['withdrawals are closed', { terms: { withdrawEnabled: false } }, /no withdrawals of USDC on OPTIMISM now/],
		['it is too little', { terms: { withdrawMinimum: '100.00000001' } }, /100 USDC is below the minimum of 100\.00000001/],
		['whole steps are too little', { terms: { withdrawMinimum: '99.5', withdrawStep: '10' }, credited: '99.9' }, /90 USDC is below/],
		['it is too much', { terms: { withdrawMaximum: '99.99999999' } }, /100 USDC is above the maximum of 99\.99999999/],
		[
			'the fee is too dear',
			{ terms: { withdrawFee: '1.00000001' } },
			/fee of 1\.00000001 for 100 USDC is above bridges\.binance\.maximumFeeBps/,
		],
		['nothing would be left', { terms: { withdrawFee: '100' }, maximumFeeBps: '9999.9' }, /fee of 100/],
		['less is free', { balance: { free: '99.99999999', locked: '3' } }, /99\.99999999 USDC of the account are free, 3 locked, and 100 are/],
	])('waits while %s, and says so', async (_case, desk, note) => {
		expect(await claim(desk)).toEqual({ state: 'waiting', lookAgainMs: 30_000, note: expect.stringMatching(note) });
	});

	it.each<[string, Desk]>([
		['minimum', { terms: { withdrawMinimum: '100' } }],
		['maximum', { terms: { withdrawMaximum: '100' } }],
		['dearest fee', { terms: { withdrawFee: '1' } }],
		['balance', { balance: { free: '100' } }],
	])('does not wait at exactly the %s', async (_which, desk) => {
		expect(await claim(desk)).toMatchObject({ state: 'request' });
	});
});

const FOUND: ExchangeWithdrawal = { state: 'completed', note: 'status 6', id: 'w-1', transactionHash: WITHDRAW_TX, fee: '0.1' };

interface Sighted {
	readonly found?: ExchangeWithdrawal | null;
	readonly untilMs?: number | null;
	readonly nowMs?: number;
}

async function look({ found = null, untilMs = null, nowMs = NOW_MS }: Sighted = {}) {
	const asked: unknown[] = [];
	const exchange = exchangeThat({
		async nowMs() {
			asked.push('time');
			return nowMs;
		},
		async findWithdrawal(sought) {
			asked.push(sought);
			return found;
		},
	});
	const sight = await lookAtWithdrawal({ exchange, configured: SETTINGS, pair: PAIR }, DEPOSIT, { key: 'k', body: BODY, untilMs });
	return { sight, asked };
}

describe('a look', () => {
	it('notes its time before it looks, and looks from the deposit on', async () => {
		expect((await look()).asked).toEqual(['time', { key: 'k', sinceMs: NOW_MS - 60_000 }]);
	});

	it('is absent at once when nobody has called', async () => {
		expect((await look()).sight).toEqual({ state: 'absent' });
	});

	const untilMs = NOW_MS;
	it.each([
		[-10_000, 70_000],
		[0, 60_000],
		[1, LAG_MS - 1],
		[LAG_MS - 1, 1],
	])('that begins %i ms after the call was worthless does not know yet, for %i ms', async (afterMs, lookAgainMs) => {
		const { sight } = await look({ untilMs, nowMs: untilMs + afterMs });
		expect(sight).toEqual({ state: 'pending', lookAgainMs, note: expect.stringContaining('k was accepted is not known') });
	});

	it.each([LAG_MS, LAG_MS + 1, 86_400_000])('that begins %i ms after the call was worthless is absent', async (afterMs) => {
		expect((await look({ untilMs, nowMs: untilMs + afterMs })).sight).toEqual({ state: 'absent' });
	});

	it('that fails says nothing', async () => {
		const exchange = exchangeThat({ findWithdrawal: () => Promise.reject(new TransientError('no answer')) });
		const looked = lookAtWithdrawal({ exchange, configured: SETTINGS, pair: PAIR }, DEPOSIT, { key: 'k', body: BODY, untilMs: null });
		await expect(looked).rejects.toThrow(TransientError);
	});

	it('finds what was carried out, with what was asked for and what was taken of it', async () => {
		const evidence = { withdrawalId: 'w-1', withdrawTx: WITHDRAW_TX, withdrawn: '100', withdrawFee: '0.1' };
		for (const nowMs of [untilMs - 5_000, untilMs + 86_400_000])
			expect((await look({ found: FOUND, untilMs, nowMs })).sight).toEqual({ state: 'done', evidence });
	});

	it('finds what has come to nothing, whenever it was asked for', async () => {
		const found = { ...FOUND, state: 'ended', note: 'status 1, cancelled', transactionHash: null } as const;
		for (const nowMs of [untilMs - 5_000, untilMs + 86_400_000])
			expect((await look({ found, untilMs, nowMs })).sight).toEqual({
				state: 'rejected',
				reason: 'withdrawal w-1 ended: status 1, cancelled',
			});
	});

	it.each<[string, Partial<ExchangeWithdrawal>]>([
		['is not sent', { state: 'pending', transactionHash: null }],
		['is sent and not confirmed', { state: 'pending' }],
		['is completed without a transaction', { transactionHash: null }],
	])('waits for what %s, however late it is', async (_case, changes) => {
		const found = { ...FOUND, note: 'status 4', ...changes };
		for (const nowMs of [untilMs, untilMs + LAG_MS, untilMs + 100 * 86_400_000]) {
			const { sight } = await look({ found, untilMs, nowMs });
			expect(sight).toMatchObject({ state: 'pending', note: 'withdrawal w-1 is not sent yet (status 4)' });
		}
		// About half of the promised 20 seconds at first, and by five minutes at last.
		expect((await look({ found, untilMs })).sight).toMatchObject({ lookAgainMs: 11_000 });
		expect((await look({ found, untilMs: null })).sight).toMatchObject({ lookAgainMs: 11_000 });
		expect((await look({ found, untilMs, nowMs: untilMs + 100 * 86_400_000 })).sight).toMatchObject({ lookAgainMs: 300_000 });
	});
});

describe('what is to arrive', () => {
	it('is what was asked for less the fee, and never less than nothing', () => {
		expect(netOf({ withdrawn: '100', withdrawFee: '0.1' })).toBe(999n * 10n ** 29n);
		expect(netOf({ withdrawn: '0.1', withdrawFee: '100' })).toBe(0n);
	});
});
