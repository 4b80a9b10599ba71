/** What is held, and what of it may be spent: from the database alone, so it answers while stopped and while queues and chains are down. */
import { Command } from 'commander';
import { readEnv } from '../config/env.ts';
import { type AssetVenueConfig, type Config, loadConfig } from '../config/load.ts';
import { availableOf, type Holding } from '../inventory/available.ts';
import { chainOf, positionKey } from '../inventory/venue.ts';
import { type Amount, HUB_DECIMALS, ZERO } from '../money/amount.ts';
import { formatAmount } from '../money/units.ts';
import type { Db } from '../store/db.ts';
import { readHoldings } from '../store/holdings.ts';
import { type Owed, readOwed } from '../store/receivables.ts';
import { type ReserveOverride, readReserveOverrides, reservesInForce } from '../store/reserves.ts';
import { columns } from './columns.ts';
import { compare } from './inventory-compare.ts';
import { prove } from './inventory-prove.ts';
import { withStore } from './with-store.ts';

/** Amounts are token units as decimal text. What was never read is null: unknown, not zero. */
interface ShownPosition {
	readonly venue: string;
	readonly chain: string;
	readonly reserve: string;
	/** The override that makes the reserve what it is; null when it is as configured. */
	readonly override: (Pick<ReserveOverride, 'reasonCode' | 'reason' | 'actor' | 'expiresAt'> & { readonly configured: string }) | null;
	readonly reading: {
		readonly confirmed: string;
		readonly held: string;
		readonly inbound: string;
		readonly available: string;
		readonly ageSeconds: number;
		/** Too old to spend from: nobody does before it has been read again. */
		readonly stale: boolean;
	} | null;
}

interface ShownAsset {
	readonly asset: string;
	readonly positions: readonly ShownPosition[];
	/** By where our purchases were paid; never part of what is available. */
	readonly owed: readonly { readonly paidAt: string; readonly amount: string; readonly purchases: number; readonly since: string }[];
}

export function inventory(): Command {
	return (
		new Command('inventory')
			// So that `--json` behind a verb is that verb's.
			.enablePositionalOptions()
			.description('per asset and venue: confirmed, reserve, held, inbound, available, and what the hub owes')
			.option('--json', 'one JSON line')
			.addHelpText(
				'after',
				'\nExamples:\n  npm run -s ballast -- inventory\n  npm run -s ballast -- inventory prove\n  npm run -s ballast -- inventory compare --json',
			)
			.addCommand(prove())
			.addCommand(compare())
			.action(async ({ json }: { json?: boolean }) => {
				const config = loadConfig(readEnv());
				const assets = await withStore(({ db }) => readAssets(db, config));
				process.stdout.write(json === true ? `${JSON.stringify(assets)}\n` : `${assets.map(table).join('\n\n')}\n`);
			})
	);
}

/** One moment of the database, so that funds in motion are seen once. */
async function readAssets(db: Db, config: Config): Promise<ShownAsset[]> {
	return db.transaction(
		async (tx) => {
			const owed = await readOwed(tx);
			const assets: ShownAsset[] = [];
			for (const asset of shownAssets(config)) {
				const overrides = await readReserveOverrides(tx, asset.symbol);
				const holdings = await readHoldings(tx, asset.symbol, reservesInForce(asset.venues.values(), overrides));
				assets.push(shown(config, asset, { overrides, holdings, owed: owed.filter((each) => each.asset === asset.symbol) }));
			}
			return assets;
		},
		{ isolationLevel: 'repeatable read', accessMode: 'read only' },
	);
}

/** What is configured to be moved, and what is only watched beside it. */
function shownAssets({ assets, inventory }: Config): { symbol: string; venues: ReadonlyMap<string, Shown> }[] {
	const all = new Map<string, Map<string, Shown>>([...assets.values()].map(({ symbol, venues }) => [symbol, new Map(venues)]));
	for (const { asset, venue, decimals } of [...inventory.positions.values()].flat()) {
		const venues = all.get(asset) ?? new Map<string, Shown>();
		if (!venues.has(venue)) venues.set(venue, { venue, asset, decimals, reserve: ZERO });
		all.set(asset, venues);
	}
	return [...all].map(([symbol, venues]) => ({ symbol, venues }));
}

type Shown = Pick<AssetVenueConfig, 'venue' | 'asset' | 'decimals' | 'reserve'>;

interface Read {
	readonly overrides: ReadonlyMap<string, ReserveOverride>;
	readonly holdings: readonly Holding[];
	readonly owed: readonly Owed[];
}

function shown(
	config: Config,
	{ symbol, venues }: ReturnType<typeof shownAssets>[number],
	{ overrides, holdings, owed }: Read,
): ShownAsset {
	const positions = [...venues.values()].map((token) => {
		const holding = holdings.find((each) => each.venue === token.venue);
		return position(config, token, { holding, override: overrides.get(positionKey(token)) });
	});
	return {
		asset: symbol,
		positions,
		owed: owed.map(({ origin, amountHub, count, since }) => ({
			...{ paidAt: origin, amount: formatAmount(amountHub, HUB_DECIMALS), purchases: count, since },
		})),
	};
}

function position(
	config: Config,
	{ venue, decimals, reserve }: Shown,
	{ holding, override }: { holding: Holding | undefined; override: ReserveOverride | undefined },
): ShownPosition {
	const text = (units: Amount) => formatAmount(units, decimals);
	return {
		venue,
		chain: config.chains.get(chainOf(venue))?.name ?? '',
		reserve: text(override?.amount ?? reserve),
		override: override === undefined ? null : overridden(override, text(reserve)),
		reading:
			holding === undefined
				? null
				: {
						confirmed: text(holding.confirmed),
						held: text(holding.held),
						inbound: text(holding.inbound),
						available: text(availableOf(holding)),
						ageSeconds: Math.floor(holding.ageMs / 1_000),
						stale: holding.ageMs > config.planning.snapshotMaxAgeMs,
					},
	};
}

function overridden({ amount: _, ...who }: ReserveOverride, configured: string): ShownPosition['override'] {
	return { ...who, configured };
}

const HEADER = ['', 'confirmed', 'reserve', 'held', 'inbound', 'AVAILABLE', 'read'];

function table({ asset, positions, owed }: ShownAsset): string {
	const rows = positions.map(({ venue, chain, reserve, override, reading }) => [
		`${venue} ${chain}`,
		reading?.confirmed ?? '?',
		`${override === null ? '' : '*'}${reserve}`,
		reading?.held ?? '?',
		reading?.inbound ?? '?',
		reading?.available ?? '?',
		reading === null ? 'NEVER' : `${reading.ageSeconds} s ago${reading.stale ? ' STALE' : ''}`,
	]);
	const notes = positions.flatMap(({ venue, reserve, override }) => (override === null ? [] : [note(venue, reserve, override)]));
	const debts = owed.map(
		({ paidAt, amount, purchases, since }) =>
			`the hub owes ${amount} for ${purchases === 1 ? 'a purchase' : `${purchases} purchases`} paid at ${paidAt}, since ${since}`,
	);
	return [...columns([[asset, ...HEADER.slice(1)], ...rows]), ...notes, ...debts].join('\n');
}

function note(
	venue: string,
	reserve: string,
	{ configured, actor, reasonCode, reason, expiresAt }: NonNullable<ShownPosition['override']>,
) {
	const until = expiresAt === null ? 'until it is ended' : `until ${expiresAt}`;
	return `* reserve at ${venue}: ${reserve} instead of ${configured} ${until}, by ${actor}, ${reasonCode}: ${reason}`;
}
