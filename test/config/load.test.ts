import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { loadConfig, resolveConfig } from '../../src/config/load.ts';
import { parseConfigFile } from '../../src/config/read-file.ts';
import { fillsEnvSchema } from '../../src/config/schema.ts';
import { ConfigError } from '../../src/errors.ts';
import { formatAmount } from '../../src/money/units.ts';

const at = (path: string) => ({ ...fillsEnvSchema.parse({}), BALLAST_CONFIG: path });
const EXAMPLE = resolve(import.meta.dirname, '../../ballast.example.yaml');

/** A small valid file; each test changes one thing in it. */
const VALID = `
wallet: "0x1111111111111111111111111111111111111111"
chains:
  1: { name: One, rpcUrls: ["http://127.0.0.1:1"], finalityBlocks: 2 }
  10: { name: Ten, rpcUrls: ["http://127.0.0.1:10"], finalityBlocks: 2 }
  56: { name: Wide, rpcUrls: ["http://127.0.0.1:56"], finalityBlocks: 2 }
assets:
  USDC:
    venues:
      1: { address: "0x2222222222222222222222222222222222222222", decimals: 6, reserve: "1.5" }
      10: { address: "0x2222222222222222222222222222222222222222", decimals: 6 }
  USDT:
    venues:
      56: { address: "0x3333333333333333333333333333333333333333", decimals: 18 }
everclear: { apiUrl: "http://127.0.0.1:9", spokes: { 1: "0x4444444444444444444444444444444444444444" } }
bridges: { across: { apiUrl: "http://127.0.0.1:8" } }
routes:
  - { asset: USDC, origin: "1", destination: "10", bridge: across, minimum: "1", maximum: "2.000001" }
`;

const tree = z.record(z.string(), z.unknown());

/** The valid file with the value at `path` replaced, or deleted where `value` is undefined. */
function change(path: string, value: unknown): string {
	const file: unknown = parse(VALID);
	const steps = path.split('.');
	const last = steps.pop() ?? '';
	let node = file as Record<string, unknown>;
	for (const step of steps) node = node[step] as Record<string, unknown>;
	if (value === undefined) delete node[last];
	else node[last] = value;
	return stringify(tree.parse(file));
}

function refusal(text: string): ConfigError {
	try {
		resolveConfig(parseConfigFile(text, 'test.yaml'));
	} catch (error) {
		if (error instanceof ConfigError) return error;
		throw error;
	}
	throw new Error('the file was accepted');
}

const route = { asset: 'USDC', origin: '1', destination: '10', bridge: 'across' };
const usdcOn1 = 'assets.USDC.venues.1';
const WRONG: readonly (readonly [what: string, path: string, value: unknown, key: string, says: RegExp])[] = [
	['a missing wallet', 'wallet', undefined, 'wallet', /is missing/],
	['a short wallet', 'wallet', '0x12', 'wallet', /20-byte/],
	['an unknown key at the top', 'asets', {}, 'asets', /did you mean "assets"/],
	['an unknown key deep inside', 'chains.1.rpcUrl', 'x', 'chains.1.rpcUrl', /did you mean "rpcUrls"/],
	['an unknown key in a list', 'routes.0.tolerance', '5', 'routes.0.tolerance', /not a known key/],
	['an unknown key like none', 'zzzzzzzzzz', 1, 'zzzzzzzzzz', /not a known key$/],
	['an unknown key in defaults', 'planning', { quoteTimeoutMS: 5 }, 'planning.quoteTimeoutMS', /did you mean "quoteTimeoutMs"/],
	['a chain that is no id', 'chains.optimism', {}, 'chains.optimism', /chain id/],
	['a chain id with a leading zero', 'chains.010', {}, 'chains.010', /chain id/],
	[
		'a chain id beyond exact numbers',
		'chains.9999999999999999',
		{ name: 'x', rpcUrls: ['http://a.example'], finalityBlocks: 1 },
		'chains.9999999999999999',
		/too large/,
	],
	['no RPC', 'chains.1.rpcUrls', [], 'chains.1.rpcUrls', /./],
	['an RPC that is no URL', 'chains.1.rpcUrls', ['ws://a'], 'chains.1.rpcUrls.0', /http\(s\) URL/],
	['missing finality', 'chains.1.finalityBlocks', undefined, 'chains.1.finalityBlocks', /is missing/],
	['finality as text', 'chains.1.finalityBlocks', '2', 'chains.1.finalityBlocks', /neither a number of blocks .* nor a list/],
	['finality without a last tier', 'chains.1.finalityBlocks', [{ below: '5', blocks: 2 }], 'chains.1.finalityBlocks', /nor a list/],
	[
		'finality that falls',
		'chains.1.finalityBlocks',
		[{ below: '5', blocks: 3 }, { blocks: 2 }],
		'chains.1.finalityBlocks',
		/never final sooner/,
	],
	[
		'a tier finer than a token there',
		'chains.1.finalityBlocks',
		[{ below: '0.0000001', blocks: 2 }, { blocks: 3 }],
		'chains.1.finalityBlocks.0.below',
		/finer than 6 decimals/,
	],
	[
		'a tier below the one before it',
		'chains.1.finalityBlocks',
		[{ below: '5', blocks: 2 }, { below: '5.0', blocks: 2 }, { blocks: 3 }],
		'chains.1.finalityBlocks.1.below',
		/not above the tier before it/,
	],
	['a fee cap as a number', 'chains.1.fees', { maxFeePerGas: 500 }, 'chains.1.fees.maxFeePerGas', /quotes/],
	['a fee cap finer than wei', 'chains.1.fees', { maxFeePerGas: '0.0000000001' }, 'chains.1.fees.maxFeePerGas', /finer than 9 decimals/],
	['missing decimals', `${usdcOn1}.decimals`, undefined, `${usdcOn1}.decimals`, /is missing/],
	['decimals as text', `${usdcOn1}.decimals`, '6', `${usdcOn1}.decimals`, /expected (number|int)/i],
	['negative decimals', `${usdcOn1}.decimals`, -1, `${usdcOn1}.decimals`, /./],
	['broken decimals', `${usdcOn1}.decimals`, 6.5, `${usdcOn1}.decimals`, /./],
	['a reserve finer than the decimals', `${usdcOn1}.reserve`, '0.0000001', `${usdcOn1}.reserve`, /finer than 6 decimals/],
	['a reserve as a number', `${usdcOn1}.reserve`, 500, `${usdcOn1}.reserve`, /quotes/],
	['a negative reserve', `${usdcOn1}.reserve`, '-1', `${usdcOn1}.reserve`, /decimal number/],
	['a reserve with an exponent', `${usdcOn1}.reserve`, '1e6', `${usdcOn1}.reserve`, /decimal number/],
	['a reserve above uint256', `${usdcOn1}.reserve`, '9'.repeat(78), `${usdcOn1}.reserve`, /uint256/],
	[
		'an asset on an unknown chain',
		'assets.USDC.venues.99',
		{ address: `0x${'2'.repeat(40)}`, decimals: 6 },
		'assets.USDC.venues.99',
		/not a chain/,
	],
	['an asset name with a colon', 'assets.a:b', { venues: {} }, 'assets.a:b', /plain name/],
	[
		'two assets of one ticker',
		'assets.USDT.tickerHash',
		`0xD6ACA1BE9729C13D677335161321649CCCAE6A591554772516700F986F942EAA`,
		'assets.USDT.tickerHash',
		/USDC/,
	],
	['a spoke on an unknown chain', 'everclear.spokes.99', `0x${'4'.repeat(40)}`, 'everclear.spokes.99', /not a chain/],
	['a route of an unknown asset', 'routes.0.asset', 'DAI', 'routes.0.asset', /"DAI" is not an asset/],
	['a route of an asset called like a built-in', 'routes.0.asset', 'constructor', 'routes.0.asset', /not an asset/],
	['a route from where the asset is not', 'routes.0.origin', '56', 'routes.0.origin', /USDC has no venue 56/],
	['a route to where the asset is not', 'routes.0.destination', '56', 'routes.0.destination', /USDC has no venue 56/],
	['a route in a circle', 'routes.0.destination', '1', 'routes.0.destination', /is the origin/],
	['a route over an unknown bridge', 'routes.0.bridge', 'cctp', 'routes.0.bridge', /"cctp" has no settings/],
	['two routes alike', 'routes', [route, route], 'routes.1', /same route as routes.0: across-1-10-USDC/],
	['a minimum finer than the origin', 'routes.0.minimum', '0.0000001', 'routes.0.minimum', /finer than 6/],
	['a minimum above the maximum', 'routes.0.minimum', '2.000002', 'routes.0.minimum', /above the maximum of 2.000001/],
	['a route to an unknown asset', 'routes.0.toAsset', 'DAI', 'routes.0.toAsset', /"DAI" is not an asset/],
	['a route to where the asset that arrives is not', 'routes.0.toAsset', 'USDT', 'routes.0.destination', /USDT has no venue 10/],
	['a row of one', 'via', [['across-1-10-USDC']], 'via.0', /2/],
	['a row of an unknown route', 'via', [['across-1-10-USDC', 'across-10-56-USDC']], 'via.0.1', /"across-10-56-USDC" is no route/],
	['a row that does not join', 'via', [['across-1-10-USDC', 'across-1-10-USDC']], 'via.0.1', /takes USDC at 1, and .* brings USDC at 10/],
	['a tolerance as a number', 'routes.0.toleranceBps', 5, 'routes.0.toleranceBps', /quotes/],
	['a margin as a number', 'everclear.marginBps', 5, 'everclear.marginBps', /quotes/],
	['a margin that is a word', 'everclear.marginBps', 'some', 'everclear.marginBps', /basis points from -10000 to 10000/],
	['a margin with a plus', 'everclear.marginBps', '+5', 'everclear.marginBps', /basis points/],
	['a margin of more than everything', 'everclear.marginBps', '10000.5', 'everclear.marginBps', /basis points/],
	['a margin of less than everything', 'everclear.marginBps', '-10001', 'everclear.marginBps', /basis points/],
	['a port that is none', 'web', { port: 70_000 }, 'web.port', /./],
];

describe('a configuration file is refused, naming the key, for', () => {
	test.each(WRONG)('%s', (_what, ...[path, value, key, says]) => {
		const error = refusal(change(path, value));
		expect(error.key).toBe(key);
		expect(error.message).toContain(`configuration: ${key}: `);
		expect(error.message).toMatch(says);
	});

	test('a key that stands there twice', () => {
		expect(refusal('wallet: a\nwallet: b\n').message).toMatch(/test\.yaml.*unique/s);
	});

	test('a chain that stands there twice, with and without quotes', () => {
		expect(refusal(VALID.replace('  56: {', '  "10": {')).message).toMatch(/test\.yaml.*unique/s);
	});

	test('being empty, or a list', () => {
		for (const text of ['', '- 1', 'text'])
			expect(refusal(text).message).toMatch(/^configuration: test\.yaml: holds no settings: .*ballast\.example\.yaml/);
	});

	test('being no YAML, naming the line and not repeating it', () => {
		const { message } = refusal('wallet: "0x11"\nrpcUrls: ["https://node/key-of-ours"');
		expect(message).toMatch(/^configuration: test\.yaml: is no YAML: .* at line 2, column \d+$/);
		expect(message).not.toContain('key-of-ours');
	});
});

test('all problems are named at once, the first one as the key', () => {
	const broken = change('routes.0', { ...route, bridge: 'cctp', destination: '56' })
		.replace('"1.5"', '"0.0000001"')
		.replace('1.5', '0.0000001');
	const error = refusal(broken);
	expect(error.key).toBe('assets.USDC.venues.1.reserve');
	expect(error.message.split('\n')).toHaveLength(3);
	expect(error.message).toContain('\nconfiguration: routes.0.bridge: ');
	expect(error.message).toContain('\nconfiguration: routes.0.destination: ');
});

describe('routes in a row', () => {
	const routes = [route, { ...route, origin: '10', destination: '1' }];
	const withVia = (...via: string[][]) => change('routes', routes).concat(stringify({ via }));

	test('may not come back to where they have been', () => {
		expect(refusal(withVia(['across-1-10-USDC', 'across-10-1-USDC'])).message).toContain('via.0: passes USDC at 1 twice');
	});

	test('are refused when they stand there twice', () => {
		const row = ['across-1-10-USDC', 'across-10-1-USDC'];
		expect(refusal(withVia(row, row)).message).toContain(`via.1: is there twice: ${row.join('+')}`);
	});
});

describe('a valid file', () => {
	const config = resolveConfig(parseConfigFile(VALID, 'test.yaml'));

	test('has its amounts in base units of their venue', () => {
		expect(config.assets.get('USDC')?.venues.get('1')?.reserve).toBe(1_500_000n);
		expect(config.assets.get('USDC')?.venues.get('10')?.reserve).toBe(0n);
		expect(config.routes[0]).toMatchObject({ minimum: 1_000_000n, maximum: 2_000_001n, id: 'across-1-10-USDC', toleranceBps: '100' });
	});

	test('has the keccak256 of the symbol as its ticker hash', () => {
		expect(config.assets.get('USDC')?.tickerHash).toBe('0xd6aca1be9729c13d677335161321649cccae6a591554772516700f986f942eaa');
	});

	test('fills in what has a default', () => {
		expect(config.chains.get('10')).toMatchObject({ venue: '10', chainId: 10, pollMs: 1_000 });
		expect(config.web).toEqual({ host: '127.0.0.1', port: 3_000, user: 'operator' });
		expect(config.everclear.spokes.get('1')).toBe('0x4444444444444444444444444444444444444444');
	});

	test('has its fees in wei, and one depth of finality for all unless it has tiers', () => {
		const fees = { maxFeePerGas: 500_000_000_000n, replaceAfterMs: 60_000 };
		expect(config.chains.get('1')).toMatchObject({ finalityBlocks: 2, finality: { lowest: 2, deepest: 2, tiers: new Map() }, fees });
	});

	test('has its tiers of finality in base units of each token, and is as deep as the deepest for whoever asks for one number', () => {
		const tiers = [{ below: '1000.5', blocks: 3 }, { blocks: 12 }];
		const chain = resolveConfig(parseConfigFile(change('chains.1.finalityBlocks', tiers), 'test.yaml')).chains.get('1');
		expect(chain).toMatchObject({ finalityBlocks: 12, finality: { lowest: 3, deepest: 12 } });
		const [[token, resolved] = []] = chain?.finality.tiers ?? [];
		expect(token).toBe(config.assets.get('USDC')?.venues.get('1')?.address);
		expect(resolved).toEqual([
			{ below: 1_000_500_000n, blocks: 3 },
			{ below: null, blocks: 12 },
		]);
	});

	test.each([
		[undefined, 0n, 10_000n],
		['2.5', 25n, 100_000n],
		['-10', -10n, 10_000n],
		['-0.25', -25n, 1_000_000n],
		['-10000', -10_000n, 10_000n],
	])('with the margin %s keeps that exact share of what is paid', (text, numerator, denominator) => {
		const { margin } = resolveConfig(parseConfigFile(change('everclear.marginBps', text), 'test.yaml')).everclear;
		expect(margin).toEqual({ numerator, denominator });
	});

	test('may leave addresses without quotes', () => {
		expect(resolveConfig(parseConfigFile(VALID.replaceAll(/"(0x[0-9]+)"/g, '$1'), 'test.yaml'))).toEqual(config);
	});

	test('keeps every amount to the last unit, whatever the decimals', () => {
		const cases = fc.integer({ min: 0, max: 30 }).chain((decimals) => fc.tuple(fc.constant(decimals), fc.bigInt(0n, 2n ** 128n)));
		fc.assert(
			fc.property(cases, ([decimals, units]) => {
				const reserve = formatAmount(units as never, decimals);
				const text = change('assets.USDC.venues.10', { address: `0x${'2'.repeat(40)}`, decimals, reserve });
				const resolved = resolveConfig(parseConfigFile(text, 'test.yaml'));
				expect(resolved.assets.get('USDC')?.venues.get('10')).toMatchObject({ decimals, reserve: units });
			}),
			{ numRuns: 50 },
		);
	});
});

describe('the file on disk', () => {
	test('that is the example resolves', () => {
		const config = loadConfig(at(EXAMPLE));
		expect(config.routes.map(({ id }) => id)).toEqual([
			'across-1-10-USDC',
			'across-10-1-USDC',
			'across-56-10-USDC',
			'cctp-v2-10-1-USDC',
			'binance-1-56-USDC',
			'swap-10-10-USDT-USDC',
		]);
		expect(config.via.map(({ id, hops }) => [id, hops.length])).toEqual([['swap-10-10-USDT-USDC+cctp-v2-10-1-USDC', 2]]);
		expect(config.assets.get('USDC')?.venues.get('10')?.reserve).toBe(2_500_500_000n);
	});

	test('that does not exist is a configuration error with its path', () => {
		expect(() => loadConfig(at('/nowhere/ballast.yaml'))).toThrow(/BALLAST_CONFIG.*\/nowhere\/ballast\.yaml/);
	});

	test('that is wrong is named', () => {
		const path = join(mkdtempSync(join(tmpdir(), 'ballast-config-')), 'broken.yaml');
		writeFileSync(path, 'wallet: [');
		expect(() => loadConfig(at(path))).toThrow(/broken\.yaml/);
		rmSync(dirname(path), { recursive: true });
	});
});
