/** What the keeper of the book has found out, for those who quote and those who operate: from the database alone. Amounts are token units as decimal text. */
import type { App } from '../../app.ts';
import type { FillsConfig, MarketConfig } from '../../config/fills.ts';
import { adviceOf, type QuoteAdvice } from '../../health/advice.ts';
import { type Obeyed, obeyed, worseOf } from '../../health/obeyed.ts';
import { type ChainPosition, positionKey } from '../../inventory/venue.ts';
import { formatSigned } from '../../money/units.ts';
import { type KeptPosition, readPositions } from '../../store/fills.ts';
import { ALL_MARKETS, type MarketHealth, readHealth } from '../../store/health.ts';

/** What is not known is null: unknown, not zero. */
interface PublishedToken {
	readonly venue: string;
	readonly asset: string;
	/** By the chain, in this block. */
	readonly confirmed: string | null;
	readonly block: string | null;
	readonly pendingBuy: string | null;
	readonly pendingSell: string | null;
	/** With everything that is pending. */
	readonly effective: string | null;
	/** What a limit on buys is to count, less the buys that are open, and what may be sold, less the sells that are open. */
	readonly bought: string | null;
	readonly sellable: string | null;
	/** Where `size` is from: what is effective by the chain, or what the API says. */
	readonly source: 'chain' | 'api';
	readonly size: string | null;
	readonly api: string | null;
	readonly apiAt: string | null;
	/** Fills that settled after they had been dropped or had failed. */
	readonly late: number;
	readonly ageSeconds: number | null;
	/** For quotes of this token. */
	readonly advice: QuoteAdvice;
}

export interface PublishedHealth {
	readonly state: Obeyed['state'];
	readonly reason: string;
	readonly since: string | null;
}

interface PublishedMarket extends PublishedHealth {
	readonly market: string;
	readonly tokens: readonly PublishedToken[];
}

export interface Published {
	/** Nothing follows from the states before `degrade`, and all advice is that of `normal`. */
	readonly phase: FillsConfig['phase'];
	/** All markets together: what planner and triggers obey. */
	readonly all: PublishedHealth;
	readonly markets: readonly PublishedMarket[];
}

const NOT_LOOKED_AT: Obeyed = { state: 'normal', reason: 'fills.phase is "off"', sinceMs: null };

export async function readPublished({ config, db }: Pick<App, 'config' | 'db'>): Promise<Published> {
	const { fills } = config;
	const [positions, health] = await Promise.all([readPositions(db), readHealth(db)]);
	const kept = new Map(positions.map((each) => [positionKey(each), each]));
	const all = fills.phase === 'off' ? NOT_LOOKED_AT : stateOf(fills, { name: ALL_MARKETS, gate: fills.gate }, health);
	const markets = [...fills.markets.values()].map((market) => {
		const state = fills.phase === 'off' ? all : worseOf(stateOf(fills, market, health), all);
		const tokens = market.positions.map((each) => tokenOf(each, kept.get(positionKey(each)), adviceBy(fills, state)));
		return { market: market.name, ...publishedHealth(state), tokens };
	});
	return { phase: fills.phase, all: publishedHealth(all), markets };
}

function stateOf({ silentMs }: FillsConfig, { name, gate }: Pick<MarketConfig, 'name' | 'gate'>, health: readonly MarketHealth[]): Obeyed {
	return obeyed(health.find(({ market }) => market === name) ?? null, { haltMs: gate.haltMs, silentMs });
}

function publishedHealth({ state, reason, sinceMs }: Obeyed): PublishedHealth {
	return { state, reason, since: sinceMs === null ? null : new Date(sinceMs).toISOString() };
}

/** By what is held. */
type Advise = (held: bigint | null) => QuoteAdvice;

function adviceBy({ phase, advice }: FillsConfig, { state }: Obeyed): Advise {
	return (held) => adviceOf(phase === 'degrade' ? state : 'normal', held, advice);
}

type Kept = KeptPosition & { readonly ageMs: number };

function tokenOf({ venue, asset, decimals }: ChainPosition, kept: Kept | undefined, advise: Advise): PublishedToken {
	const text = (units: bigint | null) => (units === null ? null : formatSigned(units, decimals));
	if (kept === undefined)
		return {
			...{ venue, asset, confirmed: null, block: null, pendingBuy: null, pendingSell: null, effective: null, bought: null, sellable: null },
			...{ source: 'chain', size: null, api: null, apiAt: null, late: 0, ageSeconds: null, advice: advise(null) },
		};
	const { confirmed, block, pendingBuy, pendingSell, bought, sellable, api, apiAtMs, source, lateCount, ageMs } = kept;
	const effective = confirmed === null ? null : confirmed + pendingBuy - pendingSell;
	const size = source === 'api' ? api : effective;
	return {
		...{ venue, asset, confirmed: text(confirmed), block: block === null ? null : `${block.number}` },
		...{ pendingBuy: text(pendingBuy), pendingSell: text(pendingSell), effective: text(effective), bought: text(bought) },
		...{
			sellable: text(sellable),
			source,
			size: text(size),
			api: text(api),
			apiAt: apiAtMs === null ? null : new Date(apiAtMs).toISOString(),
		},
		...{ late: lateCount, ageSeconds: Math.floor(ageMs / 1_000), advice: advise(size) },
	};
}
