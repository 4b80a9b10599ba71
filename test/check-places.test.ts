/** Decimals and gas of the configuration against what real chains say. */
import type { Address } from 'viem';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startWorld, type World } from '../sandbox/world.ts';
import { createClients } from '../src/chain/clients.ts';
import { checkPlaces } from '../src/check-places.ts';
import { type Config, resolveConfig } from '../src/config/load.ts';
import { fileSchema } from '../src/config/schema.ts';
import { ConfigError } from '../src/errors.ts';

let world: World;
beforeAll(async () => {
	world = await startWorld();
});
afterAll(() => world.stop());

const EMPTY: Address = '0x00000000000000000000000000000000000000AA';

const check = (config: Config, silent: { key: string; problem: string }[] = []) =>
	checkPlaces(config, createClients(config.chains).client, silent);

interface Written {
	wallet: string;
	chains: Record<string, { multicall3?: string; rpcUrls: string[] }>;
	assets: Record<string, { venues: Record<string, { address: string; decimals: number }> }>;
	everclear: { spokes: Record<string, string> };
}

function changed(change: (config: Written) => void = () => {}): Config {
	const copy = structuredClone(world.config()) as unknown as Written;
	change(copy);
	return resolveConfig(fileSchema.parse(copy));
}

const tokenOf = ({ assets }: Written, venue: string) => Object.values(assets)[0]?.venues[venue] ?? { address: '', decimals: 0 };

describe('the places of the configuration', () => {
	it('that are as it says are nothing to speak of', async () => {
		expect(await check(changed())).toEqual([]);
	});

	it('are refused when a token says other decimals, and when there is no token, naming each key', async () => {
		const config = changed((written) => {
			tokenOf(written, '1').decimals = 18;
			tokenOf(written, '10').address = EMPTY;
			tokenOf(written, '56').address = written.everclear.spokes['56'] ?? '';
		});
		const failed = await check(config).catch((error: unknown) => error);
		expect(failed).toBeInstanceOf(ConfigError);
		const { message } = failed as ConfigError;
		expect(message).toMatch(/assets\.USDC\.venues\.1\.decimals: is 18, and the token 0x\w{40} itself says 6/);
		expect(message).toContain(`assets.USDC.venues.10.address: there is no contract at ${EMPTY} on this chain`);
		expect(message).toMatch(/assets\.USDC\.venues\.56\.address: the contract at 0x\w{40} has no decimals\(\)/);
	});

	it('are refused when a token that is only watched says other decimals', async () => {
		const usdc = world.chain('56').usdc;
		const config = changed((written) => {
			const watch = [{ token: 'erc20', asset: 'USDC', address: usdc, chain: '56', decimals: 6, holders: ['safe'] }];
			Object.assign(written, { inventory: { holders: { safe: EMPTY }, watch } });
		});
		await expect(check(config)).rejects.toThrow(
			/inventory\.watch, USDC at 56\/safe\.decimals: is 6, and the token 0x\w{40} itself says 18/,
		);
	});

	it('are refused where there is no multicall contract', async () => {
		const config = changed(({ chains }) => {
			const chain = chains['10'];
			if (chain !== undefined) chain.multicall3 = EMPTY;
		});
		await expect(check(config)).rejects.toThrow(`chains.10.multicall3: there is no contract at ${EMPTY}`);
	});

	it('where the wallet has no gas are told, with what is safe', async () => {
		const config = changed((written) => {
			written.wallet = EMPTY;
		});
		const told = await check(config);
		expect(told.map(({ key }) => key).sort()).toEqual(['chains.1', 'chains.10', 'chains.56']);
		expect(told[0]?.problem).toMatch(/has no coins for gas on \w+: nothing can be sent from there, and nothing is lost/);
	});

	it('that do not answer are told and never refused, and are not asked again when they were silent before', async () => {
		const config = changed(({ chains }) => {
			const chain = chains['10'];
			if (chain !== undefined) chain.rpcUrls = ['http://127.0.0.1:1/key-of-ours'];
		});
		const told = await check(config);
		expect(told).toEqual([{ key: 'chains.10', problem: expect.stringMatching(/could not be looked at/) }]);
		expect(told[0]?.problem).not.toContain('key-of-ours');
		expect(await check(config, [{ key: 'chains.10.rpcUrls[0]', problem: 'silent' }])).toEqual([]);
	});
});
