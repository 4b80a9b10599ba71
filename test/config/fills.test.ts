import { describe, expect, it } from 'vitest';
import { readEnv } from '../../src/config/env.ts';
import { resolveFills } from '../../src/config/fills.ts';
import type { InventoryConfig } from '../../src/config/inventory.ts';
import { configError, type Problem } from '../../src/config/problem.ts';
import type { ConfigFile, FillsEnv } from '../../src/config/schema.ts';
import { ConfigError } from '../../src/errors.ts';
import type { ChainPosition } from '../../src/inventory/venue.ts';

const FUNDER = '0x1111111111111111111111111111111111111111';
const token = (asset: string, id: bigint): ChainPosition => ({
	...{ venue: '137/funder', asset, holder: FUNDER, decimals: 6 },
	token: { kind: 'erc1155', address: FUNDER, id },
});
const YES = token('YES', 1n);
const NO = token('NO', 2n);
const INVENTORY: InventoryConfig = {
	...{ pollMs: 1, syncMs: 1, positionsApiUrl: null },
	positions: new Map([['137', [YES, NO, { ...YES, asset: 'POL', token: { kind: 'native' } }]]]),
};
const FILLS = {
	phase: 'shadow' as const,
	discrepancy: 'unexplained' as const,
	markets: { btc: { assets: ['YES', 'NO'] }, eth: { assets: ['NO'] } },
};
/** Throws as the configuration does when something is wrong. */
function resolved(fills: ConfigFile['fills'], env: FillsEnv, inventory = INVENTORY) {
	const problems: Problem[] = [];
	const config = resolveFills({ fills }, { inventory, env, problems });
	if (problems.length > 0) throw configError(problems);
	return config;
}
const envWith = (variables: Record<string, string>) => readEnv({ DATABASE_URL: 'postgres://localhost/x', ...variables });

describe('the settings of fills', () => {
	it('are those of the requirement, unless something else is said', () => {
		expect(resolved(FILLS, envWith({}))).toEqual({
			...{ discrepancy: 'unexplained', channel: null, advice: { degradedSizeBps: 5_000, widenTicks: 1 } },
			gate: expect.objectContaining({ enter: 20_000_000n, exit: 8_000_000n, haltMs: 600_000 }),
			...{ phase: 'shadow', providerUrl: null, syncMs: 3_000, silentMs: 24_000, timeoutMs: 5_000, usesMulticall: true, ttlMs: 180_000 },
			markets: new Map([
				[
					'btc',
					{ name: 'btc', positions: [YES, NO], gate: expect.objectContaining({ enter: 10_000_000n, exit: 4_000_000n, haltMs: 600_000 }) },
				],
				['eth', { name: 'eth', positions: [NO], gate: expect.objectContaining({ enter: 10_000_000n }) }],
			]),
		});
	});

	it('are read under the names of the requirement, a market apart from the others', () => {
		const env = envWith({
			AQ_ONCHAIN_PROVIDER_URL: 'http://127.0.0.1:8545',
			AQ_ONCHAIN_SYNC_INTERVAL_SECONDS: '2.5',
			AQ_ONCHAIN_SYNC_TIMEOUT_SECONDS: '4',
			AQ_ONCHAIN_DEGRADE_THRESHOLD_SHARES: '20',
			AQ_ONCHAIN_DEGRADE_THRESHOLD_SHARES_PER_MARKET: 'eth = 2.5',
			AQ_ONCHAIN_HARD_HALT_SECONDS: '300',
			AQ_PENDING_FILL_TTL_SECONDS: '120',
			AQ_ONCHAIN_MULTI_CALL_ENABLED: 'false',
		});
		const { markets, ...others } = resolved(FILLS, env);
		expect(others).toMatchObject({
			gate: { enter: 22_500_000n, exit: 9_000_000n, haltMs: 300_000 },
			...{ phase: 'shadow', providerUrl: 'http://127.0.0.1:8545', syncMs: 2_500, timeoutMs: 4_000, usesMulticall: false, ttlMs: 120_000 },
		});
		expect([...markets.values()].map(({ gate }) => [gate.enter, gate.exit, gate.haltMs])).toEqual([
			[20_000_000n, 8_000_000n, 300_000],
			[2_500_000n, 1_000_000n, 300_000],
		]);
	});

	it('name a market and an asset that nobody knows', () => {
		const unknown = envWith({ AQ_ONCHAIN_DEGRADE_THRESHOLD_SHARES_PER_MARKET: 'doge=1' });
		expect(() => resolved(FILLS, unknown)).toThrow(/PER_MARKET: "doge" is not a market/);
		for (const asset of ['MAYBE', 'POL']) {
			const fills = { ...FILLS, markets: { btc: { assets: [asset] } } };
			expect(() => resolved(fills, envWith({}))).toThrow(`fills.markets.btc.assets.0: "${asset}" is no erc1155 token`);
		}
	});

	it('are refused without a market, and with one endpoint for markets on several chains', () => {
		expect(() => resolved({ ...FILLS, markets: {} }, envWith({}))).toThrow(/fills\.markets: has no market/);
		expect(resolved({ ...FILLS, phase: 'off', markets: {} }, envWith({})).markets.size).toBe(0);
		const both = { ...INVENTORY, positions: new Map([...INVENTORY.positions, ['10', [{ ...token('FAR', 3n), venue: '10' }]]]) };
		const far = { ...FILLS, markets: { ...FILLS.markets, far: { assets: ['FAR'] } } };
		const one = envWith({ AQ_ONCHAIN_PROVIDER_URL: 'http://127.0.0.1:8545' });
		expect(() => resolved(far, one, both)).toThrow(/AQ_ONCHAIN_PROVIDER_URL: is one endpoint, and "fills\.markets" are on 137, 10/);
	});

	it.each([
		['AQ_ONCHAIN_SYNC_INTERVAL_SECONDS', '0'],
		['AQ_ONCHAIN_DEGRADE_THRESHOLD_SHARES', '-1'],
		['AQ_ONCHAIN_DEGRADE_THRESHOLD_SHARES_PER_MARKET', 'btc'],
		['AQ_ONCHAIN_DEGRADE_THRESHOLD_SHARES_PER_MARKET', 'btc=many'],
		['AQ_ONCHAIN_HARD_HALT_SECONDS', 'never'],
		['AQ_PENDING_FILL_TTL_SECONDS', ''.padEnd(9, '9')],
		['AQ_ONCHAIN_MULTI_CALL_ENABLED', 'yes'],
		['AQ_ONCHAIN_PROVIDER_URL', 'ftp://x'],
	])('%s cannot be "%s"', (name, value) => {
		expect(() => envWith({ [name]: value })).toThrow(ConfigError);
		expect(() => envWith({ [name]: value })).toThrow(name);
	});
});
