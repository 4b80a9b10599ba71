import { describe, expect, it } from 'vitest';
import { resolveConfig } from '../../src/config/load.ts';
import { parseConfigFile } from '../../src/config/read-file.ts';

const URLS = ['https://a.example', 'https://b.example', 'https://c.example'];

function load(chain: Readonly<Record<string, unknown>>) {
	const file = {
		wallet: '0x1111111111111111111111111111111111111111',
		chains: { 10: { name: 'Ten', finalityBlocks: 2, rpcUrls: URLS, ...chain } },
		assets: {},
		everclear: { apiUrl: 'https://everclear.example', spokes: {} },
	};
	return resolveConfig(parseConfigFile(JSON.stringify(file), 'test.yaml'));
}

describe('the quorum of a chain', () => {
	it('is what is written, or left to the majority', () => {
		expect(load({ quorum: 3 }).chains.get('10')?.quorum).toBe(3);
		expect(load({}).chains.get('10')?.quorum).toBeUndefined();
	});

	it('is never more than there are endpoints, and never none', () => {
		expect(() => load({ quorum: 4 })).toThrow('chains.10.quorum: is more than the 3 endpoints under "rpcUrls"');
		expect(() => load({ quorum: 0 })).toThrow('chains.10.quorum');
		expect(() => load({ quorum: 1.5 })).toThrow('chains.10.quorum');
	});

	it('counts no endpoint twice', () => {
		expect(() => load({ rpcUrls: [...URLS, 'https://a.example'] })).toThrow('chains.10.rpcUrls.3: is that of 0 again');
	});
});
