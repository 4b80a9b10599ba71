import { describe, expect, it } from 'vitest';
import { coinOf, depositsAt, networkAt, pairOf, settings } from '../../../src/bridge/binance/settings.ts';
import { PermanentError } from '../../../src/errors.ts';
import { DEPOSITS, endAt, GIVEN, SETTINGS } from './account.ts';

const { networks } = GIVEN;

describe('the settings', () => {
	it('lose no more than a percent of a withdrawal, and let a minute pass, unless told otherwise', () => {
		expect(SETTINGS).toMatchObject({ historyLagSeconds: 60, uidWeightPerMinute: 180_000, ipWeightPerMinute: 12_000, coins: {} });
		const { numerator, denominator } = SETTINGS.maximumFeeBps;
		expect(numerator * 100n).toBe(denominator);
	});

	it.each<[string, Record<string, unknown>, string, RegExp]>([
		['a URL of another kind', { apiUrl: 'ftp://exchange.test' }, 'apiUrl', /http/],
		[
			'two venues of one network',
			{ networks: { ...networks, 137: networks[10] } },
			'networks.137.network',
			/is OPTIMISM, and so is that of 10/,
		],
		['a venue that is no id', { networks: { eth: networks[1] } }, 'networks.eth', /./],
		['a wrong deposit address', { networks: { 1: { ...networks[1], depositAddress: '0x1' } } }, 'networks.1.depositAddress', /address/],
		['no deposit address', { networks: { 1: { ...networks[1], depositAddress: undefined } } }, 'networks.1.depositAddress', /./],
		['seconds that are none', { networks: { 1: { ...networks[1], depositSeconds: 0 } } }, 'networks.1.depositSeconds', /./],
		[
			'a withdrawal that takes parts of a second',
			{ networks: { 1: { ...networks[1], withdrawSeconds: 0.5 } } },
			'networks.1.withdrawSeconds',
			/./,
		],
		[
			'a network that would be more than a name',
			{ networks: { 1: { ...networks[1], network: 'ETH&amount=1' } } },
			'networks.1.network',
			/name/,
		],
		['a coin that is a path', { coins: { USDC: '../x' } }, 'coins.USDC', /name/],
		['a fee share that is a number', { maximumFeeBps: 100 }, 'maximumFeeBps', /string/],
		['a fee share that is no number', { maximumFeeBps: '-1' }, 'maximumFeeBps', /basis points/],
		['a fee share of nothing', { maximumFeeBps: '0' }, 'maximumFeeBps', /between 0 and 10000/],
		['a fee share of everything', { maximumFeeBps: '10000' }, 'maximumFeeBps', /between 0 and 10000/],
		['no time for the history', { historyLagSeconds: 0 }, 'historyLagSeconds', /./],
		['an account that may not read its history once', { uidWeightPerMinute: 17_999 }, 'uidWeightPerMinute', /./],
		['an unknown key', { apiKey: 'x' }, '', /apiKey/],
	])('refuse %s, naming the key', (_case, changes, key, problem) => {
		const { error } = settings.safeParse({ ...GIVEN, ...changes });
		const told = error?.issues.map(({ path, message }) => [path.join('.'), message]) ?? [];
		expect(told.map(([path]) => path)).toContain(key);
		expect(told.map(([, message]) => message)).toContainEqual(expect.stringMatching(problem));
	});
});

describe('a pair', () => {
	const [one, ten] = [endAt('1'), endAt('10')];

	it('is named as the exchange names it', () => {
		expect(pairOf(SETTINGS, { origin: one, destination: ten })).toMatchObject({
			coin: 'USDC',
			from: { network: 'ETH', depositAddress: DEPOSITS[1] },
			to: { network: 'OPTIMISM', withdrawSeconds: 20 },
		});
		expect(coinOf(settings.parse({ ...GIVEN, coins: { WETH: 'ETH' } }), 'WETH')).toBe('ETH');
		expect(coinOf(SETTINGS, 'constructor')).toBe('constructor');
	});

	it.each([
		['an origin that is not configured', { origin: { ...one, venue: '137' }, destination: ten }, /bridges\.binance\.networks\.137/],
		['a destination that is not configured', { origin: one, destination: { ...ten, venue: 'toString' } }, /networks\.toString/],
		['one chain twice', { origin: one, destination: one }, /from 1 to itself/],
		['two assets', { origin: one, destination: { ...ten, asset: 'USDT' } }, /move USDC, not to make USDT/],
	])('is refused for %s', (_case, ends, problem) => {
		expect(() => pairOf(SETTINGS, ends)).toThrow(PermanentError);
		expect(() => pairOf(SETTINGS, ends)).toThrow(problem);
	});

	it('has deposits where it is configured, and nowhere else', () => {
		expect(networkAt(SETTINGS, '56').network).toBe('BSC');
		expect(depositsAt(SETTINGS, '56')).toEqual([DEPOSITS[56]]);
		expect(depositsAt(SETTINGS, '137')).toEqual([]);
		expect(depositsAt(SETTINGS, 'constructor')).toEqual([]);
	});
});
