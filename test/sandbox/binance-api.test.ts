import { AuthenticationError, DDoSProtection, ExchangeNotAvailable, InvalidNonce, OnMaintenance, OperationFailed } from 'ccxt';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Asked, type BinanceStand, clientOf, openBinance } from './binance-stand.ts';

const ACCOUNT = '/api/v3/account';
const COINS = '/sapi/v1/capital/config/getall';
const HISTORY = '/sapi/v1/capital/withdraw/history';
const APPLY = '/sapi/v1/capital/withdraw/apply';
const STATUS = '/sapi/v1/system/status';
const MINUTE_MS = 60_000;

let stand: BinanceStand;
beforeAll(async () => {
	stand = await openBinance();
});
afterAll(() => stand.stop());
beforeEach(() => stand.reset());

describe('a request', () => {
	const code = async (request: Asked) => {
		const { status, body } = await stand.ask(request);
		return [status, body.code];
	};
	it('is refused without the key, with another one, or with none that could be one', async () => {
		expect(await code({ path: ACCOUNT, apiKey: null })).toEqual([401, -2014]);
		expect(await code({ path: ACCOUNT, apiKey: 'short' })).toEqual([401, -2014]);
		expect(await code({ path: ACCOUNT, apiKey: 'A'.repeat(64) })).toEqual([401, -2015]);
		expect((await stand.ask({ path: ACCOUNT, apiKey: null })).body).toEqual({ code: -2014, msg: 'API-key format invalid.' });
		const stranger = clientOf({ ...stand.exchange, apiKey: 'A'.repeat(64) });
		await expect(stranger.fetchBalance()).rejects.toThrow(AuthenticationError);
	});

	it('is refused when its signature is not that of its text', async () => {
		expect(await code({ path: ACCOUNT, signature: null })).toEqual([400, -1102]);
		expect(await code({ path: ACCOUNT, signature: '00' })).toEqual([400, -1022]);
		const stranger = clientOf({ ...stand.exchange, secret: 'other' });
		await expect(stranger.fetchBalance()).rejects.toThrow(AuthenticationError);
		expect((await stand.ask({ path: ACCOUNT })).status).toBe(200);
	});

	it('is signed over its query and its body with nothing between them, wherever a parameter stands', async () => {
		stand.exchange.credit('USDC', '10');
		const withdrawal = { coin: 'USDC', network: 'ETH', address: stand.exchange.hotWallet };
		const parameters = { ...withdrawal, amount: 5 };
		expect((await stand.ask({ path: APPLY, method: 'POST', parameters })).body).toEqual({ id: stand.withdrawal().id });
		expect((await stand.ask({ path: APPLY, method: 'POST', parameters: withdrawal, form: { amount: 5 } })).status).toBe(200);
		expect(stand.exchange.withdrawals()).toHaveLength(2);
	});

	it('is refused when it is stale, from the future, or without a time', async () => {
		expect(await code({ path: ACCOUNT, timestamp: null })).toEqual([400, -1102]);
		expect(await code({ path: ACCOUNT, timestamp: stand.nowMs() - 5_500 })).toEqual([400, -1021]);
		expect(await code({ path: ACCOUNT, timestamp: stand.nowMs() - 5_500, parameters: { recvWindow: 20_000 } })).toEqual([200, undefined]);
		expect(await code({ path: ACCOUNT, timestamp: stand.nowMs() + 1_500 })).toEqual([400, -1021]);
		expect(await code({ path: ACCOUNT, parameters: { recvWindow: 60_001 } })).toEqual([400, -1131]);
	});

	it('is refused when the exchange’s clock runs away from ours, until ours is set by it', async () => {
		const { client, exchange } = stand;
		exchange.settings.skewMs = 30_000;
		await expect(client.fetchBalance()).rejects.toThrow(InvalidNonce);
		expect(Math.abs(Number(await client.fetchTime()) - stand.nowMs() - 30_000)).toBeLessThan(2_000);
		const punctual = clientOf(exchange, () => stand.nowMs() + 30_000);
		expect(await punctual.fetchBalance()).toMatchObject({ USDC: { free: '0.00000000' } });
	});

	it('for what there is not is a 404', async () => {
		expect(await stand.ask({ path: '/sapi/v1/capital/nothing' })).toMatchObject({ status: 404, body: { error: 'Not Found' } });
		expect((await stand.ask({ path: APPLY })).status).toBe(404);
	});
});

describe('a limit', () => {
	beforeEach(() => {
		// At the beginning of a minute, and standing still.
		stand.frozenMs = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS;
	});
	const ask = (path: string) => stand.ask({ path });
	const statuses = async (path: string, count: number) => {
		const found: number[] = [];
		for (let asked = 0; asked < count; asked += 1) found.push((await ask(path)).status);
		return found;
	};

	it('counts the weight of each endpoint by itself, and says so in headers', async () => {
		await ask(COINS);
		const { headers } = await ask(COINS);
		expect(headers.get('x-sapi-used-ip-weight-1m')).toBe('20');
		expect(headers.get('x-sapi-used-uid-weight-1m')).toBeNull();
		expect((await ask('/sapi/v1/capital/deposit/hisrec')).headers.get('x-sapi-used-ip-weight-1m')).toBe('1');
		const history = await ask(HISTORY);
		expect(history.headers.get('x-sapi-used-uid-weight-1m')).toBe('18000');
		expect(history.headers.get('x-sapi-used-uid-weight-1s')).toBe('18000');
		expect((await ask(ACCOUNT)).headers.get('x-mbx-used-weight-1m')).toBe('20');
		expect((await ask('/api/v3/time')).headers.get('x-mbx-used-weight-1m')).toBe('21');
		stand.aheadMs = MINUTE_MS;
		expect((await ask(COINS)).headers.get('x-sapi-used-ip-weight-1m')).toBe('10');
		expect(stand.exchange.weights.peaks.get(`GET ${COINS}`)).toBe(20);
		expect(stand.exchange.api.counts.get(`GET ${COINS}`)).toBe(3);
	});

	it('lets ten histories of withdrawals through in a minute, and the eleventh is told when to come back', async () => {
		expect(await statuses(HISTORY, 10)).toEqual(Array.from({ length: 10 }, () => 200));
		stand.aheadMs = 15_000;
		const eleventh = await ask(HISTORY);
		expect(eleventh).toMatchObject({ status: 429, body: { code: -1003 } });
		expect([eleventh.headers.get('retry-after'), eleventh.headers.get('x-sapi-used-uid-weight-1m')]).toEqual(['45', '198000']);
		expect((await ask(COINS)).status).toBe(200);
		stand.aheadMs = MINUTE_MS;
		expect(await statuses(HISTORY, 1)).toEqual([200]);
		expect(stand.exchange.weights.peaks.get(`GET ${HISTORY}`)).toBe(11 * 18_000);
	});

	it('bans from everything who does not wait, and only for as long as it says', async () => {
		await statuses(HISTORY, 10);
		expect(await statuses(HISTORY, 4)).toEqual([429, 429, 429, 418]);
		const banned = await ask(COINS);
		expect(banned).toMatchObject({ status: 418, body: { code: -1003 } });
		expect(banned.headers.get('retry-after')).toBe('120');
		expect(String(banned.body.msg)).toContain(`IP banned until ${stand.exchange.weights.bannedUntilMs}`);
		await expect(stand.client.fetchBalance()).rejects.toThrow(DDoSProtection);
		stand.aheadMs = 119_999;
		expect(await statuses(COINS, 1)).toEqual([418]);
		stand.aheadMs = 120_000;
		expect(await statuses(HISTORY, 2)).toEqual([200, 200]);
	});

	it('lets ten histories through in a second', async () => {
		stand.exchange.settings.uidPerMinute = 1_800_000;
		expect(await statuses(HISTORY, 11)).toEqual([...Array.from({ length: 10 }, () => 200), 429]);
		stand.aheadMs = 1_000;
		expect(await statuses(HISTORY, 1)).toEqual([200]);
		expect(stand.exchange.weights.mostHistoriesPerSecond).toBe(11);
	});

	it('of addresses, and of all that is traded, ends as well', async () => {
		Object.assign(stand.exchange.settings, { ipPerMinute: 30, apiPerMinute: 25 });
		expect(await statuses(COINS, 4)).toEqual([200, 200, 200, 429]);
		expect(await statuses('/api/v3/time', 5)).toEqual([200, 200, 200, 200, 200]);
		expect(await statuses(ACCOUNT, 2)).toEqual([200, 429]);
	});

	it('is only counted when it is not enforced', async () => {
		stand.exchange.settings.enforceLimits = false;
		expect(new Set(await statuses(HISTORY, 15))).toEqual(new Set([200]));
		expect(stand.exchange.weights.peaks.get(`GET ${HISTORY}`)).toBe(15 * 18_000);
	});
});

describe('maintenance', () => {
	it.each([
		['closed', OnMaintenance],
		['unknown', OperationFailed],
		['unavailable', ExchangeNotAvailable],
	] as const)('that says "%s" carries nothing out, and the status tells of it', async (maintenance, refusal) => {
		const { client, exchange } = stand;
		exchange.credit('USDC', '100');
		await client.fetchBalance();
		exchange.settings.maintenance = maintenance;
		expect(await client.fetchStatus()).toMatchObject({ status: 'maintenance' });
		await expect(client.fetchBalance()).rejects.toThrow(refusal);
		await expect(client.withdraw('USDC', 10, exchange.hotWallet, undefined, { network: 'ETH' })).rejects.toThrow(refusal);
		expect(exchange.withdrawals()).toEqual([]);
		exchange.settings.maintenance = null;
		expect(await client.fetchStatus()).toMatchObject({ status: 'ok' });
		expect(await client.fetchBalance()).toMatchObject({ USDC: { free: '100.00000000' } });
	});

	it('that is only announced keeps nobody from anything', async () => {
		stand.exchange.settings.maintenance = 'announced';
		expect((await stand.ask({ path: STATUS })).body).toEqual({ status: 1, msg: 'system_maintenance' });
		expect(await stand.client.fetchBalance()).toMatchObject({ USDC: { free: '0.00000000' } });
	});
});

describe('the coins', () => {
	it('are told with every network’s terms, as decimal text, and with what a test makes of them', async () => {
		const { client, exchange } = stand;
		exchange.setTerms('USDC', 'BSC', { withdrawFee: '0.29', busy: true, withdrawEnable: false });
		const { USDC, USDT } = await client.fetchCurrencies();
		expect(Object.keys(USDC?.networks ?? {})).toEqual(['ERC20', 'BEP20']);
		expect(USDC?.networks.ERC20).toMatchObject({
			...{ id: 'ETH', fee: '1', precision: '0.000001', deposit: true, withdraw: true },
			limits: { withdraw: { min: '2', max: '1000000' } },
		});
		expect(USDC?.networks.BEP20).toMatchObject({
			id: 'BSC',
			fee: '0.29',
			withdraw: false,
			info: { busy: true, minConfirm: 1, unLockConfirm: 3 },
		});
		expect(USDT?.networks.BEP20).toMatchObject({ fee: '0.1', withdraw: true, info: { contractAddress: stand.token('56', 'USDT') } });
		expect(() => exchange.setTerms('USDC', 'TRX', {})).toThrow('does not list USDC on TRX');
	});

	it('have one deposit address on each network', async () => {
		const { client, exchange } = stand;
		const addresses = await Promise.all(
			['ETH', 'BSC'].map(async (network) => (await client.fetchDepositAddress('USDC', { network })).address),
		);
		expect(addresses).toEqual([exchange.depositAddress('ETH'), exchange.depositAddress('BSC')]);
		expect(new Set([...addresses, exchange.hotWallet]).size).toBe(3);
		const { body } = await stand.ask({ path: '/sapi/v1/capital/deposit/address', parameters: { coin: 'USDC' } });
		expect(body).toEqual({ coin: 'USDC', address: addresses[0], tag: '', url: `https://etherscan.io/address/${addresses[0]}` });
		expect(() => exchange.depositAddress('TRX')).toThrow('does not list TRX');
	});

	it('keep every digit of a balance', async () => {
		stand.exchange.credit('USDC', '12345678901234.12345678');
		stand.exchange.credit('USDT', '0.00000001');
		expect(await stand.client.fetchBalance()).toMatchObject({
			USDC: { free: '12345678901234.12345678', total: '12345678901234.12345678' },
			USDT: { free: '0.00000001' },
		});
	});
});
