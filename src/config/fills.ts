/** Markets whose fills a channel tells of: which tokens are in one, and how long and how far what is told may differ from the chain. */
import type { AdviceSettings } from '../health/advice.ts';
import type { GateSettings } from '../health/gate.ts';
import { type ChainPosition, chainOf } from '../inventory/venue.ts';
import { parseAmount } from '../money/units.ts';
import type { InventoryConfig } from './inventory.ts';
import type { Problem } from './problem.ts';
import { NOT_PLAIN, PLAIN_NAME } from './read-value.ts';
import type { ConfigFile, FillsEnv } from './schema.ts';

export interface MarketConfig {
	readonly name: string;
	/** At every holder that is watched. */
	readonly positions: readonly ChainPosition[];
	readonly gate: GateSettings;
}

export interface FillsConfig {
	readonly phase: ConfigFile['fills']['phase'];
	readonly discrepancy: ConfigFile['fills']['discrepancy'];
	/** Null: nothing is heard of fills, and the chain alone is looked at. */
	readonly channel: NonNullable<ConfigFile['fills']['channel']> | null;
	/** Null: the endpoints of the chain. */
	readonly providerUrl: string | null;
	readonly syncMs: number;
	readonly timeoutMs: number;
	readonly usesMulticall: boolean;
	/** When nothing was kept for so long, nobody keeps the book. */
	readonly silentMs: number;
	/** A fill that nobody has seen settle is dropped after so long. */
	readonly ttlMs: number;
	readonly markets: ReadonlyMap<string, MarketConfig>;
	/** All markets together: as far off as each of them may be. */
	readonly gate: GateSettings;
	readonly advice: AdviceSettings;
}

/** Shares have six decimals, as their collateral has. */
const SHARE_DECIMALS = 6;
/** Each as long as one may take, and as the next one is away. */
const SILENT_LOOKS = 3;
const SECOND_MS = 1_000;
/** Of what degrades: less than this share of it is little enough not to. */
const EXIT_SHARE = { numerator: 2n, denominator: 5n };
/** Half of the usual size, and one tick further from the middle: https://docs.polymarket.com counts prices in ticks. */
const ADVICE: AdviceSettings = { degradedSizeBps: 5_000, widenTicks: 1 };
const PATIENCE = { enterMs: 30_000, exitMs: 60_000, failedReads: 3, impossible: 2, goodLooks: 3, goodMs: 30_000 };

interface Known {
	readonly inventory: InventoryConfig;
	readonly env: FillsEnv;
	readonly problems: Problem[];
}

/** Reports markets and assets that nobody knows. */
export function resolveFills({ fills }: Pick<ConfigFile, 'fills'>, { inventory, env, problems }: Known): FillsConfig {
	const perMarket = env.AQ_ONCHAIN_DEGRADE_THRESHOLD_SHARES_PER_MARKET;
	for (const name of Object.keys(perMarket).filter((each) => !Object.hasOwn(fills.markets, each)))
		problems.push({ key: 'AQ_ONCHAIN_DEGRADE_THRESHOLD_SHARES_PER_MARKET', problem: `"${name}" is not a market under "fills.markets"` });
	const watched = [...inventory.positions.values()].flat().filter(({ token }) => token.kind === 'erc1155');
	const markets = new Map(
		Object.entries(fills.markets).map(([name, { assets }]): [string, MarketConfig] => {
			if (!PLAIN_NAME.test(name)) problems.push({ key: `fills.markets.${name}`, problem: NOT_PLAIN });
			const positions = assets.flatMap((asset, place) => {
				const found = watched.filter((each) => each.asset === asset);
				if (found.length === 0)
					problems.push({
						key: `fills.markets.${name}.assets.${place}`,
						problem: `"${asset}" is no erc1155 token under "inventory.watch"`,
					});
				return found;
			});
			for (const { asset, decimals } of positions.filter((each) => each.decimals !== SHARE_DECIMALS))
				problems.push({ key: `fills.markets.${name}`, problem: `"${asset}" has ${decimals} decimals, and shares have ${SHARE_DECIMALS}` });
			return [name, { name, positions, gate: gateOf(perMarket[name] ?? env.AQ_ONCHAIN_DEGRADE_THRESHOLD_SHARES, env) }];
		}),
	);
	if (fills.phase !== 'off' && markets.size === 0)
		problems.push({ key: 'fills.markets', problem: 'has no market, and "fills.phase" is not "off"' });
	const chains = new Set([...markets.values()].flatMap(({ positions }) => positions.map(({ venue }) => chainOf(venue))));
	if (env.AQ_ONCHAIN_PROVIDER_URL !== undefined && chains.size > 1)
		problems.push({ key: 'AQ_ONCHAIN_PROVIDER_URL', problem: `is one endpoint, and "fills.markets" are on ${[...chains].join(', ')}` });
	return {
		phase: fills.phase,
		discrepancy: fills.discrepancy,
		channel: fills.channel ?? null,
		providerUrl: env.AQ_ONCHAIN_PROVIDER_URL ?? null,
		syncMs: env.AQ_ONCHAIN_SYNC_INTERVAL_SECONDS * SECOND_MS,
		timeoutMs: env.AQ_ONCHAIN_SYNC_TIMEOUT_SECONDS * SECOND_MS,
		usesMulticall: env.AQ_ONCHAIN_MULTI_CALL_ENABLED === 'true',
		silentMs: SILENT_LOOKS * (env.AQ_ONCHAIN_SYNC_INTERVAL_SECONDS + env.AQ_ONCHAIN_SYNC_TIMEOUT_SECONDS) * SECOND_MS,
		ttlMs: env.AQ_PENDING_FILL_TTL_SECONDS * SECOND_MS,
		markets,
		gate: { ...gateOf('0', env), ...sumOf([...markets.values()]) },
		advice: ADVICE,
	};
}

function sumOf(markets: readonly MarketConfig[]): Pick<GateSettings, 'enter' | 'exit'> {
	const all = (part: (gate: GateSettings) => bigint) => markets.reduce((sum, { gate }) => sum + part(gate), 0n);
	return { enter: all(({ enter }) => enter), exit: all(({ exit }) => exit) };
}

function gateOf(shares: string, { AQ_ONCHAIN_HARD_HALT_SECONDS: halt }: FillsEnv): GateSettings {
	const enter: bigint = parseAmount(shares, SHARE_DECIMALS);
	return { enter, exit: (enter * EXIT_SHARE.numerator) / EXIT_SHARE.denominator, haltMs: halt * SECOND_MS, ...PATIENCE };
}
