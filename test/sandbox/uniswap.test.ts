import { getContractAddress } from 'viem';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { RIVAL } from '../../sandbox/chains/accounts.ts';
import { factoryAbi, routerAbi } from '../../sandbox/uniswap/abi.ts';
import { MARKET_MAKER } from '../../sandbox/uniswap/deploy.ts';
import { startWorld, type World } from '../../sandbox/world.ts';
import { quoterAbi } from '../../src/bridge/swap/abi.ts';
import { resolveConfig } from '../../src/config/load.ts';
import { fileSchema } from '../../src/config/schema.ts';
import { parseAmount } from '../../src/money/units.ts';

let world: World;
beforeAll(async () => {
	world = await startWorld({ blockSeconds: 0, balances: {} });
});
afterAll(() => world.stop());
beforeEach(() => world.reset());

/** Base units of USDC for so many token units of USDT, without any trade. */
async function offered(venue: string, tokens: string, fee = 100): Promise<bigint> {
	const { client, usdc, decimals } = world.chain(venue);
	const { quoter, usdt } = world.uniswap.at(venue);
	const { result } = await client.simulateContract({
		address: quoter,
		abi: quoterAbi,
		functionName: 'quoteExactInputSingle',
		args: [{ tokenIn: usdt, tokenOut: usdc, amountIn: parseAmount(tokens, decimals), fee, sqrtPriceLimitX96: 0n }],
	});
	return result[0];
}

describe('the exchange', () => {
	it('stands on every chain, at addresses that are the same in every run and differ from chain to chain', async () => {
		for (const [venue, { factory, router, usdt, chain }] of world.uniswap.exchanges) {
			const { client, usdc, chainId } = chain;
			expect(router).toBe(getContractAddress({ from: MARKET_MAKER, nonce: BigInt(chainId * 100 + 3) }));
			expect(await client.readContract({ address: router, abi: routerAbi, functionName: 'factory' })).toBe(factory);
			const pool = await client.readContract({ address: factory, abi: factoryAbi, functionName: 'getPool', args: [usdt, usdc, 100] });
			expect(BigInt(pool)).not.toBe(0n);
			expect(world.uniswap.at(venue).usdt).not.toBe(usdc);
		}
		const addresses = [...world.uniswap.exchanges.values()].flatMap(({ router, quoter, usdt }) => [router, quoter, usdt]);
		expect(new Set(addresses).size).toBe(9);
		expect(() => world.uniswap.at('137')).toThrow(/no exchange on chain 137/);
	});

	it.each(['1', '10', '56'])(
		'on %s trades USDT for USDC one for one, less its fee and a hundredth of a percent of 100,000',
		async (venue) => {
			const { decimals } = world.chain(venue);
			const out = await offered(venue, '100000');
			expect(out < parseAmount('99990', decimals)).toBe(true);
			expect(out > parseAmount('99980', decimals)).toBe(true);
		},
	);

	it('moves its price against those who sell the same, and back', async () => {
		const before = await offered('1', '1000');
		await world.uniswap.trade('1', { sell: 'USDT', tokenUnits: '1000000' });
		const lower = await offered('1', '1000');
		expect(lower < before).toBe(true);
		await world.uniswap.trade('1', { sell: 'USDC', tokenUnits: '3000000' });
		expect((await offered('1', '1000')) > before).toBe(true);
		expect(await offered('10', '1000')).toBe(before);
	});

	it('opens further pools, and is empty where it was drained', async () => {
		await expect(offered('1', '1000', 500)).rejects.toThrow();
		await world.uniswap.openPool('1', { fee: 500, tokenUnits: '1000000' });
		expect((await offered('1', '1000', 500)) > 999_000_000n).toBe(true);
		await world.uniswap.drain('1');
		await expect(offered('1', '1000')).rejects.toThrow();
		expect((await offered('1', '1000', 500)) > 999_000_000n).toBe(true);
		await world.uniswap.drain('1', 500);
		await expect(offered('1', '1000', 500)).rejects.toThrow();
	});

	it("is taken back with the chains: its price, its pools and everybody's USDT", async () => {
		const before = await offered('1', '1000');
		await world.fundUsdt('1', '12.5');
		await world.fundUsdt('56', '1', RIVAL.address);
		expect(await world.usdtBalanceOf('1', world.wallet)).toBe(12_500_000n);
		expect(await world.usdtBalanceOf('56', RIVAL.address)).toBe(10n ** 18n);
		await world.uniswap.trade('1', { sell: 'USDT', tokenUnits: '1000000' });
		await world.uniswap.drain('10');
		await world.reset();
		expect(await offered('1', '1000')).toBe(before);
		expect(await offered('10', '1000')).toBe(before);
		expect(await world.usdtBalanceOf('1', world.wallet)).toBe(0n);
	});
});

describe('the configuration', () => {
	it('knows USDT and the swaps only when they are asked for', () => {
		const config = resolveConfig(fileSchema.parse(world.config({ bridges: ['across', 'swap'] })));
		expect(config.routes.filter(({ bridge }) => bridge === 'swap').map(({ id }) => id)).toEqual([
			'swap-1-1-USDT-USDC',
			'swap-10-10-USDT-USDC',
			'swap-56-56-USDT-USDC',
		]);
		expect(config.assets.get('USDT')?.venues.get('56')).toMatchObject({ decimals: 18, address: world.uniswap.at('56').usdt });
		const without = resolveConfig(fileSchema.parse(world.config()));
		expect([...without.assets.keys(), ...without.bridges.keys()]).toEqual(['USDC', 'across']);
	});
});
