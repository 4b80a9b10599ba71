/** What one process knows of the markets' fills: the book, what the channel has left out, how far each market can be relied on, and what is not kept yet. */
import type { PublicClient } from 'viem';
import type { App } from '../../app.ts';
import { createClients } from '../../chain/clients.ts';
import { Gaps } from '../../channel/gaps.ts';
import type { Own } from '../../channel/messages.ts';
import type { MarketConfig } from '../../config/fills.ts';
import { FillBook } from '../../fills/book.ts';
import type { Block, Fill } from '../../fills/fill.ts';
import type { PositionBook } from '../../fills/position-book.ts';
import { type Gate, type GateSettings, newGate } from '../../health/gate.ts';
import { type ChainPosition, chainOf, type Position, positionKey, type VenueId } from '../../inventory/venue.ts';
import type { Amount } from '../../money/amount.ts';
import type { Db } from '../../store/db.ts';
import { readFills, readPositions } from '../../store/fills.ts';
import { ALL_MARKETS, readHealth } from '../../store/health.ts';
import { Counter } from './counter.ts';

/** For so long it is remembered what was dropped, failed or absorbed. */
export const REMEMBER_MS = 86_400_000;

type FeedPorts = Pick<App, 'config' | 'db' | 'log' | 'nowMs'>;

/** How the chain of the markets is asked. */
interface Endpoints {
	client(chain: VenueId): PublicClient;
	/** A second opinion about the same block; null where there is none. */
	second(chain: VenueId): PublicClient | null;
}

/** What an API has said of a token: base units, null when it does not know; Unix milliseconds. */
interface Said {
	readonly units: Amount | null;
	readonly atMs: number;
}

export interface Feed {
	/** Of the process. */
	readonly holder: string;
	readonly ports: FeedPorts;
	readonly endpoints: Endpoints;
	readonly own: Own;
	readonly book: FillBook;
	readonly gaps: Gaps;
	/** By market, and `ALL_MARKETS`. */
	readonly gates: Map<string, Gate>;
	/** The last block of each chain that was looked at. */
	readonly lasts: Map<VenueId, Block>;
	/** Positions that were not read when blocks were taken back: the first of these. */
	readonly missed: Map<string, bigint>;
	readonly said: Map<string, Said>;
	readonly counter: Counter;
	/** What is wrong now, by what it is about: told once, and once that it is over. */
	readonly troubles: Map<string, string>;
	/** Changed since they were last kept. */
	readonly unsaved: Set<Fill>;
	readonly recoveries: { readonly id: bigint; readonly market: string; readonly actor: string }[];
	/** Unix milliseconds: of the last word of the channel, or of when something was kept last; null before both. */
	heardMs: number | null;
}

interface FeedParts {
	readonly holder: string;
	readonly endpoints: Endpoints;
	readonly own: Own;
}

/** The endpoints of the chains, or the one that is set for the tokens, and the chain's own beside it. */
export function endpointsOf({ config, log, nowMs, client }: Pick<App, 'config' | 'log' | 'nowMs' | 'client'>): Endpoints {
	const { providerUrl, timeoutMs } = config.fills;
	if (providerUrl === null) return { client, second: () => null };
	const chains = [...positionsOf({ config }).keys()].flatMap((venue) => config.chains.get(venue) ?? []);
	const places = chains.map((chain) => ({ ...chain, rpcUrls: [providerUrl], quorum: 1, key: 'AQ_ONCHAIN_PROVIDER_URL' }));
	const provider = createClients(new Map(places.map((place) => [place.venue, place])), timeoutMs, { log, nowMs });
	// A second opinion that does not come in time is none; the look does not wait for it.
	const own = createClients(new Map(chains.map((chain) => [chain.venue, chain])), timeoutMs / 2, { log, nowMs });
	return { client: provider.client, second: own.client };
}

/** Orders are ours by the key that placed them, or by the account that holds what they trade. */
export function ownOf({ config: { fills } }: Pick<App, 'config'>, apiKey: string): Own {
	const holders = [...fills.markets.values()].flatMap(({ positions }) => positions.map(({ holder }) => holder));
	return { owner: apiKey, addresses: [...new Set([...holders, ...(fills.channel === null ? [] : [fills.channel.address])])] };
}

/** Goes on from what was kept. */
export async function openFeed(ports: FeedPorts, { holder, endpoints, own }: FeedParts): Promise<Feed> {
	const { config, db, nowMs } = ports;
	const feed: Feed = {
		...{ holder, ports, endpoints, own },
		book: new FillBook({ ttlMs: config.fills.ttlMs, rememberMs: REMEMBER_MS }),
		gaps: new Gaps(),
		gates: new Map([ALL_MARKETS, ...config.fills.markets.keys()].map((name) => [name, newGate(nowMs())])),
		...{
			lasts: new Map(),
			missed: new Map(),
			said: new Map(),
			troubles: new Map(),
			counter: new Counter(),
			unsaved: new Set<Fill>(),
			recoveries: [],
		},
		heardMs: null,
	};
	await load(feed, db);
	return feed;
}

async function load(feed: Feed, db: Db): Promise<void> {
	const { book, gates, gaps, lasts, said } = feed;
	const { config, nowMs } = feed.ports;
	const [fills, positions, health] = await Promise.all([readFills(db), readPositions(db), readHealth(db)]);
	book.load(fills);
	for (const { position, trade, order, bucket, amount, side, tradedMs, channel } of fills)
		gaps.hearFill({ position, trade, order, bucket, amount, side, tradedMs, status: channel, transactionHash: null });
	const watched = new Set([...config.fills.markets.values()].flatMap((market) => market.positions.map(positionKey)));
	for (const kept of positions.filter((each) => watched.has(positionKey(each)))) {
		const at = book.at({ venue: kept.venue, asset: kept.asset });
		const { confirmed, block, strangers, lateCount, api, apiAtMs } = kept;
		Object.assign(at, { confirmed, block, strangers: [...strangers], lateCount } satisfies Partial<PositionBook>);
		const last = lasts.get(chainOf(kept.venue));
		if (block !== null && (last === undefined || last.number < block.number)) lasts.set(chainOf(kept.venue), block);
		feed.heardMs = Math.max(feed.heardMs ?? 0, nowMs() - kept.ageMs);
		if (apiAtMs !== null) said.set(positionKey(kept), { units: api, atMs: apiAtMs });
	}
	for (const { market, gate } of health) if (gates.has(market)) gates.set(market, gate);
}

/** Null: it is well. */
export function tell({ troubles, ports: { log } }: Feed, ids: Readonly<Record<string, string>>, problem: string | null): void {
	const about = JSON.stringify(ids);
	const before = troubles.get(about);
	if (problem === null) troubles.delete(about);
	else troubles.set(about, problem);
	if (problem !== null && before === undefined) log.warn({ ...ids, problem }, 'not read');
	if (problem === null && before !== undefined) log.info({ ...ids, was: before }, 'read again');
}

/** Every token of every market once, by chain. */
export function positionsOf({ config }: Pick<FeedPorts, 'config'>): ReadonlyMap<VenueId, readonly ChainPosition[]> {
	const all = [...config.fills.markets.values()].flatMap(({ positions }) => positions);
	const byChain = new Map<VenueId, ChainPosition[]>();
	for (const each of new Map(all.map((position) => [positionKey(position), position])).values()) {
		const chain = chainOf(each.venue);
		byChain.set(chain, [...(byChain.get(chain) ?? []), each]);
	}
	return byChain;
}

export interface Judged {
	readonly name: string;
	readonly positions: readonly Position[];
	readonly settings: GateSettings;
}

/** Every market, and all of them together. */
export function judgedOf({ config: { fills } }: Pick<FeedPorts, 'config'>): Judged[] {
	const markets = [...fills.markets.values()];
	const one = ({ name, positions, gate }: MarketConfig): Judged => ({ name, positions, settings: gate });
	return [...markets.map(one), { name: ALL_MARKETS, positions: markets.flatMap(({ positions }) => positions), settings: fills.gate }];
}
