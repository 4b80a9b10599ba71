import { describe, expect, it } from 'vitest';
import { createBridges } from '../../src/bridge/registry.ts';
import { ConfigError } from '../../src/errors.ts';

const ports = {
	client: () => {
		throw new Error('no chain is asked while bridges are created');
	},
	fetch,
	nowMs: () => 0,
	finalityBlocks: () => 1,
};
const POOL = '0x5555555555555555555555555555555555555555';
const fine = { apiUrl: 'https://across.test/api', spokePools: { 10: POOL } };

describe('the registry', () => {
	it('creates the configured bridges, which know their contracts', () => {
		const bridges = createBridges(new Map([['across', fine]]), ports);
		expect([...bridges.keys()]).toEqual(['across']);
		expect(bridges.get('across')?.contracts('10')).toEqual([POOL]);
		expect(bridges.get('across')?.contracts('1')).toEqual([]);
	});

	it.each([
		['an unknown bridge', 'accros', fine, 'bridges.accros', /known: .*across/],
		['no settings', 'across', undefined, 'bridges.across', /./],
		['a wrong URL', 'across', { ...fine, apiUrl: 'ftp://x' }, 'bridges.across.apiUrl', /http/],
		['a wrong address', 'across', { ...fine, spokePools: { 10: '0x1' } }, 'bridges.across.spokePools.10', /address/],
		['an unknown key', 'across', { ...fine, apiURL: 'x' }, 'bridges.across', /apiURL/],
	])('names the key of %s', (_name, bridge, settings, key, problem) => {
		const create = () => createBridges(new Map<string, unknown>([[bridge, settings]]), ports);
		expect(create).toThrow(ConfigError);
		expect(create).toThrow(problem);
		expect(create).toThrow(expect.objectContaining({ key }));
	});
});
