/** The configuration as the product uses it: every name resolved, every amount in base units, every reference checked. */
import { readFileSync } from 'node:fs';
import { type Address, type Hex, keccak256, stringToHex } from 'viem';
import { ConfigError, errorText } from '../errors.ts';
import type { VenueId } from '../inventory/venue.ts';
import type { Amount } from '../money/amount.ts';
import { parseBps, type Rate } from '../money/rate.ts';
import { parseAmount } from '../money/units.ts';
import { configError, type Problem } from './problem.ts';
import { parseConfigFile } from './read-file.ts';
import type { ConfigFile } from './schema.ts';

export interface ChainConfig {
	readonly venue: VenueId;
	readonly chainId: number;
	readonly name: string;
	readonly rpcUrls: readonly string[];
	readonly finalityBlocks: number;
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

export interface AssetConfig {
	readonly symbol: string;
	readonly tickerHash: Hex;
	readonly venues: ReadonlyMap<VenueId, AssetVenueConfig>;
}

export interface EverclearConfig {
	readonly apiUrl: string;
	/** The contract that our purchases call, per chain. */
	readonly spokes: ReadonlyMap<VenueId, Address>;
	readonly pollMs: number;
	readonly pageSize: number;
	/** The share of what is paid that a purchase must leave us of its discount; a negative one pays more than the discount brings. */
	readonly margin: Rate;
}

export interface RouteConfig {
	/** `<bridge>-<origin>-<destination>-<asset>`; unique, and safe inside a queue name or a job id. */
	readonly id: string;
	readonly asset: string;
	readonly origin: VenueId;
	readonly destination: VenueId;
	readonly bridge: string;
	/** Basis points of what is sent, as decimal text. */
	readonly toleranceBps: string;
	/** Base units at the origin; null leaves the bounds to the bridge. */
	readonly minimum: Amount | null;
	readonly maximum: Amount | null;
}

export interface Config {
	readonly wallet: Address;
	readonly chains: ReadonlyMap<VenueId, ChainConfig>;
	readonly assets: ReadonlyMap<string, AssetConfig>;
	readonly everclear: EverclearConfig;
	/** Settings per bridge, as written; each bridge checks its own. */
	readonly bridges: ReadonlyMap<string, unknown>;
	readonly routes: readonly RouteConfig[];
	readonly planning: Readonly<ConfigFile['planning']>;
	readonly web: Readonly<ConfigFile['web']>;
}

/** Reads, checks and resolves the file at `path`. Throws `ConfigError` naming every wrong key. */
export function loadConfig(path: string): Config {
	return resolveConfig(parseConfigFile(readText(path), path));
}

/** Throws `ConfigError` when the parts of a well-formed file do not fit together. */
export function resolveConfig(file: ConfigFile): Config {
	const problems: Problem[] = [];
	const config: Config = {
		wallet: file.wallet,
		chains: resolveChains(file, problems),
		assets: resolveAssets(file, problems),
		everclear: resolveEverclear(file, problems),
		bridges: new Map(Object.entries(file.bridges)),
		routes: resolveRoutes(file, problems),
		planning: file.planning,
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
	for (const { venue, chainId } of chains) {
		if (!Number.isSafeInteger(chainId)) problems.push({ key: `chains.${venue}`, problem: 'is too large for a chain id' });
	}
	return new Map(chains.map((chain) => [chain.venue, chain]));
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

function resolveRoutes(file: ConfigFile, problems: Problem[]): RouteConfig[] {
	const indexes = new Map<string, number>();
	return file.routes.map((route, index) => {
		const key = `routes.${index}`;
		const { bridge, origin, destination, asset, toleranceBps } = route;
		const id = `${bridge}-${origin}-${destination}-${asset}`;
		const earlier = indexes.get(id);
		if (earlier !== undefined) problems.push({ key, problem: `is the same route as routes.${earlier}: ${id}` });
		indexes.set(id, index);
		problems.push(...routeProblems(file, route).map(({ key: field, problem }) => ({ key: `${key}.${field}`, problem })));
		return { id, asset, origin, destination, bridge, toleranceBps, ...routeBounds({ file, route, key }, problems) };
	});
}

/** Keys are fields of the route. */
function routeProblems(file: ConfigFile, route: ConfigFile['routes'][number]): Problem[] {
	const problems: Problem[] = [];
	if (!PLAIN_NAME.test(route.bridge)) problems.push({ key: 'bridge', problem: NOT_PLAIN });
	if (!Object.hasOwn(file.bridges, route.bridge))
		problems.push({ key: 'bridge', problem: `"${route.bridge}" has no settings under "bridges"` });
	if (route.origin === route.destination) problems.push({ key: 'destination', problem: 'is the origin' });
	if (!Object.hasOwn(file.assets, route.asset)) {
		return [...problems, { key: 'asset', problem: `"${route.asset}" is not an asset under "assets"` }];
	}
	for (const end of ['origin', 'destination'] as const) {
		if (assetVenue(file, route.asset, route[end]) === undefined) {
			problems.push({ key: end, problem: `${route.asset} has no venue ${route[end]}` });
		}
	}
	return problems;
}

interface RouteAt {
	readonly file: ConfigFile;
	readonly route: ConfigFile['routes'][number];
	readonly key: string;
}

function routeBounds({ file, route, key }: RouteAt, problems: Problem[]): Pick<RouteConfig, 'minimum' | 'maximum'> {
	const decimals = assetVenue(file, route.asset, route.origin)?.decimals;
	// Without an origin there is no scale, and that is reported as a problem of its own.
	if (decimals === undefined) return { minimum: null, maximum: null };
	const bound = (field: 'minimum' | 'maximum'): Amount | null => {
		const text = route[field];
		return text === undefined ? null : tokenUnits({ text, decimals, key: `${key}.${field}` }, problems);
	};
	const bounds = { minimum: bound('minimum'), maximum: bound('maximum') };
	if (bounds.minimum !== null && bounds.maximum !== null && bounds.minimum > bounds.maximum) {
		problems.push({ key: `${key}.minimum`, problem: `${route.minimum} is above the maximum of ${route.maximum}` });
	}
	return bounds;
}

function assetVenue(file: ConfigFile, asset: string, venue: VenueId): { readonly decimals: number } | undefined {
	const venues = Object.hasOwn(file.assets, asset) ? file.assets[asset]?.venues : undefined;
	return venues !== undefined && Object.hasOwn(venues, venue) ? venues[venue] : undefined;
}

/** Base units, or null after reporting why the text has none at these decimals. */
function tokenUnits({ text, decimals, key }: { text: string; decimals: number; key: string }, problems: Problem[]): Amount | null {
	try {
		return parseAmount(text, decimals);
	} catch (error) {
		problems.push({ key, problem: errorText(error) });
		return null;
	}
}

/** Route ids stand in queue names and job ids, where a colon is refused. */
const PLAIN_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;
const NOT_PLAIN = 'is not a plain name of letters, digits, ".", "_" and "-"';
