import { describe, expect, it } from 'vitest';
import { SOLVER } from '../../../sandbox/chains/accounts.ts';
import { nonsense, when } from '../../../sandbox/http/misbehave.ts';
import { BusyError, PermanentError, TransientError } from '../../../src/errors.ts';
import { openAccount, useBinance } from './account.ts';

const DEPOSITS = 'GET /sapi/v1/capital/deposit/hisrec';
const COINS = 'GET /sapi/v1/capital/config/getall';
const ADDRESS = 'GET /sapi/v1/capital/deposit/address';

const binance = useBinance();

describe('the clock', () => {
	it('is the exchange’s, compared with ours once in five minutes', async () => {
		binance.stand.frozenMs = 1_800_000_000_000;
		binance.stand.exchange.settings.skewMs = 75_000;
		expect(await binance.account.exchange.nowMs()).toBe(1_800_000_075_000);
		binance.stand.exchange.settings.skewMs = -4_000;
		binance.stand.aheadMs = 299_999;
		expect(await binance.account.exchange.nowMs()).toBe(1_800_000_374_999);
		binance.stand.aheadMs = 300_000;
		expect(await binance.account.exchange.nowMs()).toBe(1_800_000_296_000);
		expect(binance.account.charged).toEqual(['ip 1', 'ip 1']);
	});

	it('takes half of the way there and back into account, and not what our own budget made it wait', async () => {
		const server = 5_000_000;
		let local = 1_000_000;
		await binance.stand.exchange.poller.pause();
		binance.stand.exchange.settings.nowMs = () => {
			// One way takes four tenths of a second, the other one none.
			local += 400;
			return server;
		};
		const late = openAccount({ ...binance.stand.exchange, nowMs: () => local });
		late.entering = () => {
			local += 10_000;
		};
		// The exchange asks for the time twice: for its weights and for its answer.
		expect(await late.exchange.nowMs()).toBe(server + 400);
		binance.stand.exchange.poller.resume();
	});

	it('is compared anew after a refused timestamp, which is no word about the account', async () => {
		await binance.account.exchange.balance('USDC');
		binance.stand.exchange.settings.skewMs = 60_000;
		const refused = binance.account.exchange.balance('USDC');
		await expect(refused).rejects.toThrow('-1021');
		await expect(refused).rejects.toBeInstanceOf(TransientError);
		expect(await binance.account.exchange.balance('XRP')).toEqual({ free: '0', locked: '0' });
		expect(binance.account.charged).toEqual(['ip 1', 'ip 20', 'ip 20', 'ip 1', 'ip 20']);
	});

	it('is not ours when the exchange’s cannot be read', async () => {
		binance.stand.exchange.api.fault = when('GET', /time$/, nonsense({ serverTime: '12' }));
		await expect(binance.account.exchange.nowMs()).rejects.toThrow(TransientError);
		await expect(binance.account.exchange.balance('USDC')).rejects.toThrow('serverTime');
		binance.stand.exchange.api.fault = () => undefined;
		expect(await binance.account.exchange.balance('XRP')).toEqual({ free: '0', locked: '0' });
	});
});

describe('the terms', () => {
	it('are the exchange’s own words, by its names of the networks', async () => {
		binance.stand.exchange.setTerms('USDC', 'BSC', { depositEnable: false, withdrawFee: '0.29', withdrawIntegerMultiple: '0.00000001' });
		const terms = await binance.account.exchange.networks('USDC');
		expect([...terms.keys()].sort()).toEqual(['BSC', 'ETH']);
		expect(terms.get('BSC')).toEqual({
			depositEnabled: false,
			withdrawEnabled: true,
			withdrawFee: '0.29',
			withdrawMinimum: '0.2',
			withdrawMaximum: '1000000',
			withdrawStep: '0.00000001',
			depositMinimum: '0.00000001',
		});
	});

	it('are asked for once by all who ask at the same time or shortly after, and anew after that', async () => {
		binance.stand.frozenMs = 1_800_000_000_000;
		const both = () => Promise.all(['USDC', 'USDT', 'USDC'].map((coin) => binance.account.exchange.networks(coin)));
		await both();
		binance.stand.aheadMs = 2_999;
		await both();
		expect(binance.asked(COINS)).toBe(1);
		binance.stand.exchange.setTerms('USDC', 'ETH', { withdrawFee: '3' });
		binance.stand.aheadMs = 3_000;
		expect((await binance.account.exchange.networks('USDC')).get('ETH')?.withdrawFee).toBe('3');
		expect(binance.asked(COINS)).toBe(2);
	});

	it('that could not be read are not remembered', async () => {
		binance.stand.frozenMs = 1_800_000_000_000;
		binance.stand.exchange.api.fault = when('GET', /getall$/, nonsense([]));
		await expect(binance.account.exchange.networks('USDC')).rejects.toThrow(TransientError);
		binance.stand.exchange.api.fault = () => undefined;
		expect((await binance.account.exchange.networks('USDC')).size).toBe(2);
	});

	it('of a coin that is not listed are refused', async () => {
		await expect(binance.account.exchange.networks('XRP')).rejects.toThrow(PermanentError);
	});

	it('do not depend on what is odd about another coin, and are not believed when they are odd themselves', async () => {
		const rows = (fee: unknown) => [
			{ coin: 'ODD', networkList: 'none' },
			{
				coin: 'USDC',
				networkList: [
					{
						...{ network: 'ETH', depositEnable: true, withdrawEnable: true, withdrawFee: fee },
						...{ withdrawMin: '2', withdrawMax: '9', withdrawIntegerMultiple: '0.1' },
					},
				],
			},
		];
		binance.stand.frozenMs = 1_800_000_000_000;
		binance.stand.exchange.api.fault = when('GET', /getall$/, nonsense(rows('1')));
		expect((await binance.account.exchange.networks('USDC')).get('ETH')).toMatchObject({ withdrawFee: '1', depositMinimum: null });
		for (const [at, fee] of [0.1, '1e-7', '-1', '', null].entries()) {
			binance.stand.aheadMs = (at + 1) * 10_000;
			binance.stand.exchange.api.fault = when('GET', /getall$/, nonsense(rows(fee)));
			await expect(binance.account.exchange.networks('USDC')).rejects.toThrow('networkList.0.withdrawFee');
		}
	});
});

describe('our address', () => {
	it('is told by coin and network, once for all who ask at the same time', async () => {
		const address = (network: string) => binance.account.exchange.depositAddress({ coin: 'USDC', network });
		const [eth, bsc] = await Promise.all([address('ETH'), address('BSC'), address('ETH')]);
		expect(eth).toEqual({ address: binance.stand.exchange.depositAddress('ETH'), tag: null });
		expect(bsc.address).toBe(binance.stand.exchange.depositAddress('BSC'));
		expect(binance.asked(ADDRESS)).toBe(2);
		await expect(address('TRX')).rejects.toThrow(PermanentError);
	});

	it('comes with the tag that a deposit needs, and never for another coin', async () => {
		const told = (body: object) => {
			binance.stand.exchange.api.fault = when('GET', /address$/, nonsense(body));
			return openAccount({ ...binance.stand.exchange, nowMs: binance.stand.nowMs }).exchange.depositAddress({
				coin: 'USDC',
				network: 'ETH',
			});
		};
		expect(await told({ coin: 'USDC', address: '0x1', tag: '77' })).toEqual({ address: '0x1', tag: '77' });
		expect(await told({ coin: 'USDC', address: '0x1' })).toEqual({ address: '0x1', tag: null });
		await expect(told({ coin: 'USDT', address: '0x1', tag: '' })).rejects.toThrow(TransientError);
		await expect(told({ coin: 'USDC', address: '' })).rejects.toThrow('address');
	});
});

describe('the balance', () => {
	it('is exact, and nothing of a coin that the account does not list', async () => {
		binance.stand.exchange.credit('USDC', '123456789012345678.12345678');
		expect(await binance.account.exchange.balance('USDC')).toEqual({ free: '123456789012345678.12345678', locked: '0.00000000' });
		expect(await binance.account.exchange.balance('XRP')).toEqual({ free: '0', locked: '0' });
		expect(binance.account.charged).toEqual(['ip 1', 'ip 20', 'ip 20']);
	});

	it('is not believed as a JSON number, which may have lost digits on its way', async () => {
		const body = '{"balances":[{"asset":"USDC","free":12345678901234.12345678,"locked":"0"}]}';
		binance.stand.exchange.api.fault = when('GET', /account$/, nonsense(body));
		await expect(binance.account.exchange.balance('USDC')).rejects.toThrow(TransientError);
	});
});

describe('the budgets', () => {
	it('are those of the account and of the address, a second’s share of the minute', () => {
		expect(Object.fromEntries(binance.account.rates)).toEqual({
			'binance uid history': 3_000,
			'binance uid withdraw': 3_000,
			'binance ip': 200,
		});
	});

	it('are charged before a call, with what it weighs', async () => {
		await binance.account.exchange.networks('USDC');
		await binance.account.exchange.depositAddress({ coin: 'USDC', network: 'ETH' });
		await binance.account.exchange.findDeposit({ coin: 'USDC', network: 'ETH', transactionHash: '0x1' });
		await binance.account.exchange.findWithdrawal({ key: 'k', sinceMs: binance.stand.nowMs() });
		expect(binance.account.charged).toEqual(['ip 1', 'ip 10', 'ip 10', 'ip 1', 'ip 1', 'ip 1', 'ip 1', 'uid history 18000']);
		binance.account.refusal = new BusyError('not now', 5_000);
		const before = binance.asked(DEPOSITS);
		await expect(binance.account.exchange.findDeposit({ coin: 'USDC', network: 'ETH', transactionHash: '0x2' })).rejects.toBe(
			binance.account.refusal,
		);
		expect(binance.asked(DEPOSITS)).toBe(before);
	});

	it('are paused for as long as the exchange says, and the caller is told', async () => {
		binance.stand.frozenMs = 1_800_000_000_000 + 20_000;
		binance.stand.exchange.settings.uidPerMinute = 18_000;
		const look = () => binance.account.exchange.findWithdrawal({ key: 'k', sinceMs: binance.stand.nowMs() });
		await look();
		const busy = look();
		await expect(busy).rejects.toBeInstanceOf(BusyError);
		await expect(busy).rejects.toMatchObject({ retryAfterMs: 40_000 });
		expect(binance.account.pauses).toEqual(['uid history 40000']);
		// Whoever does not listen is banned, and then nothing is asked at all.
		await expect(look()).rejects.toThrow('429');
		await expect(look()).rejects.toThrow('429');
		const banned = look();
		await expect(banned).rejects.toMatchObject({ name: 'BusyError', retryAfterMs: 120_000 });
		expect(binance.account.pauses.slice(-3)).toEqual(['uid history 120000', 'uid withdraw 120000', 'ip 120000']);
	});
});

describe('maintenance', () => {
	it.each(['closed', 'unknown', 'unavailable'] as const)('“%s” says nothing about anything', async (maintenance) => {
		binance.stand.exchange.credit('USDC', '100');
		await binance.account.exchange.nowMs();
		binance.stand.exchange.settings.maintenance = maintenance;
		const { exchange } = binance.account;
		const place = { coin: 'USDC', network: 'ETH' };
		const atMs = binance.stand.nowMs();
		for (const call of [
			() => exchange.networks('USDC'),
			() => exchange.depositAddress(place),
			() => exchange.balance('USDC'),
			() => exchange.findDeposit({ ...place, transactionHash: '0x1' }),
			() => exchange.findWithdrawal({ key: 'k', sinceMs: atMs }),
			() => exchange.withdraw({ ...place, key: 'k', address: SOLVER.address, amount: '10', atMs, untilMs: atMs + 5_000 }),
		]) {
			const failing = call();
			await expect(failing).rejects.toBeInstanceOf(TransientError);
			await expect(failing).rejects.not.toBeInstanceOf(BusyError);
		}
		expect([binance.stand.exchange.withdrawals(), binance.account.pauses]).toEqual([[], []]);
	});

	it('that is only announced changes nothing', async () => {
		binance.stand.exchange.settings.maintenance = 'announced';
		expect((await binance.account.exchange.networks('USDC')).size).toBe(2);
	});
});
