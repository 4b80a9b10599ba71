/** The configuration as the product uses it: every name resolved, every amount in base units, every reference checked. */
import { readFileSync } from 'node:fs';
import { type Address, type Hex, keccak256, stringToHex } from 'viem';
import type { FeeRules } from '../chain/fees.ts';
import type { Finality } from '../chain/finality.ts';
import { ConfigError, errorText } from '../errors.ts';
import type { VenueId } from '../inventory/venue.ts';
import type { Amount } from '../money/amount.ts';
import { parseBps, type Rate } from '../money/rate.ts';
import { resolveFees, resolveFinality } from './chain-rules.ts';
import { type FillsConfig, resolveFills } from './fills.ts';
import { type InventoryConfig, resolveInventory } from './inventory.ts';
import { configError, type Problem } from './problem.ts';
import { parseConfigFile } from './read-file.ts';
import { NOT_PLAIN, PLAIN_NAME, tokenUnits } from './read-value.ts';
import { type RouteConfig, resolveRoutes, resolveVia, type ViaConfig } from './routes.ts';
import { type ConfigFile, type Env, type FillsEnv, fillsEnvSchema } from './schema.ts';

export interface ChainConfig {
	readonly venue: VenueId;
	readonly chainId: number;
	readonly name: string;
	readonly rpcUrls: readonly string[];
	/** So many of them must agree; the majority when left out. */
	readonly quorum?: number | undefined;
	/** The deepest of its tiers. */
	readonly finalityBlocks: number;
	readonly finality: Finality;
	/** So many blocks below the head balances count as settled, or at the block that nodes call so. */
	readonly settled: number | 'safe' | 'finalized';
	readonly fees: FeeRules;
	readonly pollMs: number;
	readonly multicall3: Address;
}

export interface AssetVenueConfig {
	readonly venue: VenueId;
	readonly asset: string;
	readonly address: Address;
	readonly decimals: number;
	/** Base units that are never spent here. */
	readonly reserve: Amount;
}

interface AssetConfig {
	readonly symbol: string;
	readonly tickerHash: Hex;
	readonly venues: ReadonlyMap<VenueId, AssetVenueConfig>;
}

interface EverclearConfig {
	readonly apiUrl: string;
	/** The contract that our purchases call, per chain. */
	readonly spokes: ReadonlyMap<VenueId, Address>;
	readonly pollMs: number;
	readonly pageSize: number;
	/** The share of what is paid that a purchase must leave us of its discount; a negative one pays more than the discount brings. */
	readonly margin: Rate;
}

export interface Config {
	readonly wallet: Address;
	readonly chains: ReadonlyMap<VenueId, ChainConfig>;
	readonly assets: ReadonlyMap<string, AssetConfig>;
	readonly everclear: EverclearConfig;
	/** Settings per bridge, as written; each bridge checks its own. */
	readonly bridges: ReadonlyMap<string, unknown>;
	readonly routes: readonly RouteConfig[];
	readonly via: readonly ViaConfig[];
	readonly planning: Readonly<ConfigFile['planning']>;
	readonly inventory: InventoryConfig;
	readonly fills: FillsConfig;
	readonly web: Readonly<ConfigFile['web']>;
}

/** Reads, checks and resolves the file. Throws `ConfigError` naming every wrong key. */
export function loadConfig({ BALLAST_CONFIG: path, ...env }: Pick<Env, 'BALLAST_CONFIG'> & FillsEnv): Config {
	return resolveConfig(parseConfigFile(readText(path), path), env);
}

/** Throws `ConfigError` when the parts of a well-formed file do not fit together. */
export function resolveConfig(file: ConfigFile, env: FillsEnv = fillsEnvSchema.parse({})): Config {
	const problems: Problem[] = [];
	const places = {
		chains: resolveChains(file, problems),
		assets: resolveAssets(file, problems),
		everclear: resolveEverclear(file, problems),
	};
	const routes = resolveRoutes(file, problems);
	const inventory = resolveInventory(file, problems);
	const config: Config = {
		...places,
		wallet: file.wallet,
		bridges: new Map(Object.entries(file.bridges)),
		routes,
		via: resolveVia(file, { routes, problems }),
		planning: file.planning,
		inventory,
		fills: resolveFills(file, { inventory, env, problems }),
		web: file.web,
	};
	if (problems.length > 0) throw configError(problems);
	return config;
}

function readText(path: string): string {
	try {
		return readFileSync(path, 'utf8');
	} catch (error) {
		throw new ConfigError('BALLAST_CONFIG', `the file ${path} cannot be read: ${errorText(error)}`);
	}
}

function resolveChains(file: ConfigFile, problems: Problem[]): ReadonlyMap<VenueId, ChainConfig> {
	const chains = Object.entries(file.chains).map(([venue, chain]) => ({ ...chain, venue, chainId: Number(venue) }));
	for (const { venue, chainId, rpcUrls, quorum = 1 } of chains) {
		if (!Number.isSafeInteger(chainId)) problems.push({ key: `chains.${venue}`, problem: 'is too large for a chain id' });
		if (quorum > rpcUrls.length)
			problems.push({ key: `chains.${venue}.quorum`, problem: `is more than the ${rpcUrls.length} endpoints under "rpcUrls"` });
		for (const [index, url] of rpcUrls.entries()) {
			const first = rpcUrls.indexOf(url);
			if (first < index)
				problems.push({
					key: `chains.${venue}.rpcUrls.${index}`,
					problem: `is that of ${first} again, which would only agree with itself`,
				});
		}
	}
	return new Map(
		chains.map((chain) => {
			const finality = resolveFinality(file, chain.venue, problems);
			const fees = resolveFees(file, chain.venue, problems);
			const settled = chain.settled ?? finality.deepest;
			return [chain.venue, { ...chain, fees, finality, finalityBlocks: finality.deepest, settled }];
		}),
	);
}

function resolveAssets(file: ConfigFile, problems: Problem[]): ReadonlyMap<string, AssetConfig> {
	const assets = new Map<string, AssetConfig>();
	const owners = new Map<string, string>();
	for (const [symbol, asset] of Object.entries(file.assets)) {
		const key = `assets.${symbol}`;
		if (!PLAIN_NAME.test(symbol)) problems.push({ key, problem: NOT_PLAIN });
		const tickerHash = (asset.tickerHash ?? keccak256(stringToHex(symbol))).toLowerCase() as Hex;
		const owner = owners.get(tickerHash);
		if (owner !== undefined) problems.push({ key: `${key}.tickerHash`, problem: `is that of ${owner} as well` });
		owners.set(tickerHash, symbol);
		const venues = new Map<VenueId, AssetVenueConfig>();
		for (const [venue, { address, decimals, reserve }] of Object.entries(asset.venues)) {
			const at = `${key}.venues.${venue}`;
			if (!Object.hasOwn(file.chains, venue)) problems.push({ key: at, problem: `is not a chain under "chains"` });
			const units = tokenUnits({ text: reserve, decimals, key: `${at}.reserve` }, problems);
			if (units !== null) venues.set(venue, { venue, asset: symbol, address, decimals, reserve: units });
		}
		assets.set(symbol, { symbol, tickerHash, venues });
	}
	return assets;
}

function resolveEverclear(file: ConfigFile, problems: Problem[]): EverclearConfig {
	const { apiUrl, pollMs, pageSize, marginBps } = file.everclear;
	const { numerator, denominator } = parseBps(marginBps.replace('-', ''));
	const margin = { numerator: marginBps.startsWith('-') ? -numerator : numerator, denominator };
	return { apiUrl, pollMs, pageSize, margin, spokes: resolveSpokes(file, problems) };
}

function resolveSpokes(file: ConfigFile, problems: Problem[]): ReadonlyMap<VenueId, Address> {
	for (const venue of Object.keys(file.everclear.spokes)) {
		if (!Object.hasOwn(file.chains, venue)) {
			problems.push({ key: `everclear.spokes.${venue}`, problem: 'is not a chain under "chains"' });
		}
	}
	return new Map(Object.entries(file.everclear.spokes));
}
