import { describe, expect, it } from 'vitest';
import { createBridges } from '../../../src/bridge/registry.ts';
import { ConfigError } from '../../../src/errors.ts';
import { idlePorts } from '../uncounted.ts';

const ROUTER = '0x1111111111111111111111111111111111111111';
const QUOTER = '0x2222222222222222222222222222222222222222';
const exchange = { router: ROUTER, quoter: QUOTER, fees: [100] };

const create = (settings: unknown) => createBridges(new Map([['swap', settings]]), idlePorts);

describe('the settings of a swap', () => {
	it('need no more than the contracts and the pools of a venue', () => {
		expect(
			create({ venues: { 1: exchange } })
				.get('swap')
				?.contracts('1'),
		).toEqual([ROUTER]);
	});

	it.each([
		['slippageBps', { slippageBps: '-1' }],
		['slippageBps', { slippageBps: 10 }],
		['slippageBps', { slippageBps: '10000' }],
		['slippage', { slippage: '10' }],
		['venues', { venues: undefined }],
		['venues.ethereum', { venues: { ethereum: exchange } }],
		['venues.1.router', { venues: { 1: { ...exchange, router: '0x1' } } }],
		['venues.1.quoter', { venues: { 1: { ...exchange, quoter: undefined } } }],
		['venues.1.fees', { venues: { 1: { ...exchange, fees: [] } } }],
		['venues.1.fees.0', { venues: { 1: { ...exchange, fees: [1_000_000] } } }],
		['venues.1.fees.1', { venues: { 1: { ...exchange, fees: [100, '500'] } } }],
		['venues.1.seconds', { venues: { 1: { ...exchange, seconds: 0 } } }],
		['venues.1', { venues: { 1: { ...exchange, factory: ROUTER } } }],
	])('are refused with the key that is wrong: %s', (key, settings) => {
		const made = () => create({ venues: { 1: exchange }, ...settings });
		expect(made).toThrow(ConfigError);
		// An unknown key is named in the text, by the place where it stands.
		expect(made).toThrow(key === 'slippage' ? /bridges\.swap: .*slippage/ : expect.objectContaining({ key: `bridges.swap.${key}` }));
	});
});
