import { getAddress } from 'viem';
import { describe, expect, it } from 'vitest';
import { type Config, resolveConfig } from '../../src/config/load.ts';
import { parseConfigFile } from '../../src/config/read-file.ts';
import { ConfigError } from '../../src/errors.ts';

const address = (digit: string) => getAddress(`0x${digit.repeat(40)}`);
const [WALLET, FUNDER, USDC, SHARES] = [address('1'), address('5'), address('2'), address('6')];
const MOST = 2n ** 256n - 1n;

interface Changes {
	readonly inventory?: object;
	readonly chain?: object;
}

/** A small file with one asset on two chains and what is watched besides; YAML reads JSON. */
function configOf({ inventory = {}, chain = {} }: Changes): Config {
	const chainOf = (id: number) => ({ name: `chain ${id}`, rpcUrls: [`http://127.0.0.1:${id}`], finalityBlocks: 2 });
	const file = {
		wallet: WALLET,
		chains: { 1: { ...chainOf(1), ...chain }, 10: chainOf(10) },
		assets: { USDC: { venues: { 1: { address: USDC, decimals: 6 }, 10: { address: USDC, decimals: 6 } } } },
		everclear: { apiUrl: 'http://127.0.0.1:9', spokes: {} },
		inventory,
	};
	return resolveConfig(parseConfigFile(JSON.stringify(file), 'test.yaml'));
}

function refusal(changes: Changes): ConfigError {
	try {
		configOf(changes);
	} catch (error) {
		if (error instanceof ConfigError) return error;
		throw error;
	}
	throw new Error('the file was accepted');
}

const holders = { funder: FUNDER };
const coin = { asset: 'ETH', token: 'native', chain: '1', decimals: 18, holders: ['wallet'] };
const share = { asset: 'YES', token: 'erc1155', address: SHARES, id: '7', chain: '10', decimals: 6, holders: ['funder'] };
const usdc = { asset: 'USDC', token: 'erc20', address: USDC, chain: '10', decimals: 6, holders: ['funder'] };
const watching = (...watch: object[]): Changes => ({ inventory: { holders, watch } });

const WRONG: readonly (readonly [what: string, changes: Changes, key: string, says: RegExp])[] = [
	[
		'an account that nobody knows',
		watching({ ...coin, holders: ['wallet', 'safe'] }),
		'inventory.watch.0.holders.1',
		/is not one of wallet, funder$/,
	],
	['an account called like a built-in', watching({ ...coin, holders: ['constructor'] }), 'inventory.watch.0.holders.0', /is not one of/],
	['no account', watching({ ...coin, holders: [] }), 'inventory.watch.0.holders', /./],
	['a chain that nobody knows', watching(share, { ...coin, chain: '56' }), 'inventory.watch.1.chain', /is not a chain under "chains"/],
	['a position twice', watching(share, coin, { ...share, id: '8' }), 'inventory.watch.2.holders.0', /is YES at 10\/funder again/],
	[
		'an account twice in one row',
		watching({ ...share, holders: ['funder', 'funder'] }),
		'inventory.watch.0.holders.1',
		/is YES at 10\/funder again/,
	],
	[
		'an asset of the wallet once more',
		watching({ ...usdc, holders: ['funder', 'wallet'] }),
		'inventory.watch.0.holders.1',
		/is USDC at 10 again/,
	],
	['an account called wallet', { inventory: { holders: { wallet: FUNDER } } }, 'inventory.holders.wallet', /the account that signs/],
	['an account with a slash', { inventory: { holders: { 'a/b': FUNDER } } }, 'inventory.holders.a/b', /plain name/],
	['an account of no address', { inventory: { holders: { funder: '0x12' } } }, 'inventory.holders.funder', /20-byte/],
	['an asset with an @', watching({ ...coin, asset: 'ETH@1' }), 'inventory.watch.0.asset', /plain name/],
	['an id above uint256', watching({ ...share, id: `${MOST + 1n}` }), 'inventory.watch.0.id', /more than a uint256/],
	['a hexadecimal id of 65 digits', watching({ ...share, id: `0x1${'0'.repeat(64)}` }), 'inventory.watch.0.id', /not a token id/],
	['an id as a number, which YAML may round', watching({ ...share, id: 7 }), 'inventory.watch.0.id', /./],
	['an id with an exponent', watching({ ...share, id: '1e5' }), 'inventory.watch.0.id', /not a token id/],
	['an id below zero', watching({ ...share, id: '-1' }), 'inventory.watch.0.id', /not a token id/],
	['an id of nothing', watching({ ...share, id: '0x' }), 'inventory.watch.0.id', /not a token id/],
	['a share without its id', watching({ ...share, id: undefined }), 'inventory.watch.0.id', /./],
	['a coin with an address', watching({ ...coin, address: USDC }), 'inventory.watch.0.address', /not a known key/],
	['a kind of token that nobody knows', watching({ ...coin, token: 'erc721' }), 'inventory.watch.0.token', /./],
	['settled by an unknown word', { chain: { settled: 'latest' } }, 'chains.1.settled', /neither "safe", "finalized" nor a number/],
	['settled above the head', { chain: { settled: -1 } }, 'chains.1.settled', /[Tt]oo small/],
	['settled by a number as text', { chain: { settled: '2' } }, 'chains.1.settled', /neither/],
	['looks without a pause', { inventory: { pollMs: 0 } }, 'inventory.pollMs', /./],
	['a second opinion that is no URL', { inventory: { positionsApiUrl: 'data' } }, 'inventory.positionsApiUrl', /http\(s\) URL/],
];

describe('what is watched is refused, naming the key, for', () => {
	it.each(WRONG)('%s', (_what, changes, key, says) => {
		const error = refusal(changes);
		expect([error.key, error.message]).toEqual([key, expect.stringContaining(`configuration: ${key}: `)]);
		expect(error.message.split('\n')[0]).toMatch(says);
	});
});

describe('what is watched', () => {
	it('is every asset in the wallet, and besides it what is listed, at every account of its row', () => {
		const { inventory } = configOf(watching({ ...share, holders: ['wallet', 'funder'] }, coin, usdc));
		const wallet = { asset: 'USDC', holder: WALLET, decimals: 6, token: { kind: 'erc20', address: USDC } };
		const shares = { asset: 'YES', decimals: 6, token: { kind: 'erc1155', address: SHARES, id: 7n } };
		expect(inventory.positions).toEqual(
			new Map([
				[
					'1',
					[
						{ venue: '1', ...wallet },
						{ venue: '1', asset: 'ETH', holder: WALLET, decimals: 18, token: { kind: 'native' } },
					],
				],
				[
					'10',
					[
						{ venue: '10', ...wallet },
						{ venue: '10', holder: WALLET, ...shares },
						{ venue: '10/funder', holder: FUNDER, ...shares },
						{ venue: '10/funder', ...wallet, holder: FUNDER },
					],
				],
			]),
		);
	});

	it('has whole ids, as decimal text or as hexadecimals', () => {
		const ids = [0n, 1n, 2n ** 53n + 1n, 2n ** 255n + 1n, MOST];
		const texts = ids.flatMap((id) => [`${id}`, `0x${id.toString(16)}`, `0x${id.toString(16).toUpperCase().padStart(64, '0')}`]);
		const { inventory } = configOf(watching(...texts.map((id, index) => ({ ...share, asset: `T${index}`, id }))));
		const tokens = inventory.positions.get('10')?.flatMap(({ token }) => (token.kind === 'erc1155' ? token.id : [])) ?? [];
		expect(tokens).toEqual(ids.flatMap((id) => [id, id, id]));
	});

	it('counts as settled as deep as anything is final, unless told otherwise', () => {
		const settledOf = (chain: object) => configOf({ chain }).chains.get('1')?.settled;
		expect(settledOf({})).toBe(2);
		expect(settledOf({ finalityBlocks: [{ below: '5', blocks: 1 }, { blocks: 9 }] })).toBe(9);
		for (const settled of [0, 3, 'safe', 'finalized']) expect(settledOf({ settled })).toBe(settled);
	});
});
