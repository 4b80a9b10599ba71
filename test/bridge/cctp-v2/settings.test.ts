import { describe, expect, it } from 'vitest';
import { contractsAt, pairOf, settings } from '../../../src/bridge/cctp-v2/settings.ts';
import { PermanentError } from '../../../src/errors.ts';
import { endOf, MESSENGERS, SETTINGS, TRANSMITTERS } from './burns.ts';

const [one, ten] = [endOf('1'), endOf('10')];

describe('a pair', () => {
	it('has the contracts of both its ends', () => {
		expect(pairOf(SETTINGS, { origin: one, destination: ten })).toMatchObject({
			from: { domain: 0, tokenMessenger: MESSENGERS[1], fastSeconds: 20 },
			to: { domain: 2, messageTransmitter: TRANSMITTERS[10], standardSeconds: 900 },
		});
	});

	it.each([
		['an origin that is not configured', { origin: { ...one, venue: '56' }, destination: ten }, /bridges\.cctp-v2\.chains\.56/],
		['a destination that is not configured', { origin: one, destination: { ...ten, venue: 'toString' } }, /chains\.toString/],
		['one chain twice', { origin: one, destination: one }, /from 1 to 1: nothing is sent from a chain to itself/],
		[
			'different decimals',
			{ origin: one, destination: { ...ten, decimals: 18 } },
			/from 1 to 10: the token has 6 decimals here and 18 there/,
		],
	])('is refused for %s', (_case, ends, problem) => {
		expect(() => pairOf(SETTINGS, ends)).toThrow(PermanentError);
		expect(() => pairOf(SETTINGS, ends)).toThrow(problem);
	});
});

describe('the settings', () => {
	it('ask for 35 requests a second of USDC unless told otherwise', () => {
		expect(SETTINGS).toMatchObject({ requestsPerSecond: 35, symbol: 'USDC' });
	});

	it('name the contracts that may be called, and none elsewhere', () => {
		expect(contractsAt(SETTINGS, '10')).toEqual([MESSENGERS[10], TRANSMITTERS[10]]);
		expect(contractsAt(SETTINGS, '56')).toEqual([]);
		expect(contractsAt(SETTINGS, 'constructor')).toEqual([]);
	});

	it.each<[string, Record<string, unknown>, string, RegExp]>([
		['a URL of another kind', { apiUrl: 'ftp://iris.test' }, 'apiUrl', /http/],
		['no requests at all', { requestsPerSecond: 0 }, 'requestsPerSecond', /./],
		['a symbol that is a path', { symbol: '../x' }, 'symbol', /token symbol/],
		['an unknown key', { domains: {} }, '', /domains/],
		[
			'two chains of one domain',
			{ chains: { ...SETTINGS.chains, 137: SETTINGS.chains[1] } },
			'chains.137.domain',
			/is 0, and so is that of 1/,
		],
		['a chain that is no id', { chains: { eth: SETTINGS.chains[1] } }, 'chains.eth', /./],
		['a wrong address', { chains: { 1: { ...SETTINGS.chains[1], tokenMessenger: '0x1' } } }, 'chains.1.tokenMessenger', /address/],
		['seconds that are none', { chains: { 1: { ...SETTINGS.chains[1], standardSeconds: 0 } } }, 'chains.1.standardSeconds', /./],
		[
			'a chain without its seconds',
			{ chains: { 1: { ...SETTINGS.chains[1], standardSeconds: undefined } } },
			'chains.1.standardSeconds',
			/./,
		],
		['a domain that is none', { chains: { 1: { ...SETTINGS.chains[1], domain: -1 } } }, 'chains.1.domain', /./],
	])('refuse %s, naming the key', (_case, changes, key, problem) => {
		const { error } = settings.safeParse({ ...SETTINGS, ...changes });
		expect(error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)).toContainEqual(expect.stringMatching(problem));
		expect(error?.issues.map(({ path }) => path.join('.'))).toContain(key);
	});
});
