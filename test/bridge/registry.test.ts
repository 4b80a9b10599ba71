import { describe, expect, it } from 'vitest';
import { createBridges } from '../../src/bridge/registry.ts';
import { ConfigError } from '../../src/errors.ts';
import { idlePorts } from './uncounted.ts';

const POOL = '0x5555555555555555555555555555555555555555';
const fine = { apiUrl: 'https://across.test/api', spokePools: { 10: POOL } };
const chain = { domain: 2, tokenMessenger: POOL, messageTransmitter: POOL.replace('0x55', '0x66'), standardSeconds: 900 };
const cctp = { apiUrl: 'https://iris.test', chains: { 10: chain } };

describe('the registry', () => {
	it('creates the configured bridges, which know their contracts', () => {
		const bridges = createBridges(new Map<string, unknown>(Object.entries({ across: fine, 'cctp-v2': cctp })), idlePorts);
		expect([...bridges.keys()]).toEqual(['across', 'cctp-v2']);
		expect(bridges.get('across')?.contracts('10')).toEqual([POOL]);
		expect(bridges.get('cctp-v2')?.contracts('10')).toEqual([POOL, chain.messageTransmitter]);
		for (const each of bridges.values()) expect(each.contracts('1')).toEqual([]);
	});

	it.each([
		['an unknown bridge', 'accros', fine, 'bridges.accros', /known: .*across/],
		['no settings', 'across', undefined, 'bridges.across', /./],
		['a wrong URL', 'across', { ...fine, apiUrl: 'ftp://x' }, 'bridges.across.apiUrl', /http/],
		['a wrong address', 'across', { ...fine, spokePools: { 10: '0x1' } }, 'bridges.across.spokePools.10', /address/],
		['an unknown key', 'across', { ...fine, apiURL: 'x' }, 'bridges.across', /apiURL/],
		[
			'a missing address',
			'cctp-v2',
			{ ...cctp, chains: { 10: { ...chain, tokenMessenger: undefined } } },
			'bridges.cctp-v2.chains.10.tokenMessenger',
			/./,
		],
		['a domain used twice', 'cctp-v2', { ...cctp, chains: { 10: chain, 137: chain } }, 'bridges.cctp-v2.chains.137.domain', /of 10/],
	])('names the key of %s', (_name, bridge, settings, key, problem) => {
		const create = () => createBridges(new Map<string, unknown>([[bridge, settings]]), idlePorts);
		expect(create).toThrow(ConfigError);
		expect(create).toThrow(problem);
		expect(create).toThrow(expect.objectContaining({ key }));
	});
});
