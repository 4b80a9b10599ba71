/** What the keeper of fills is told and asks, for real: a chain with outcome tokens, an order book's account, and an API of positions. Its clock is the test's. */
import { type Address, getAddress, pad, toHex } from 'viem';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { type LocalChain, mintUsdc, startChain } from '../../sandbox/chains/chain.ts';
import { type ConditionalTokens, deployConditionalTokens } from '../../sandbox/conditional-tokens/deploy.ts';
import { type Market, prepareMarket, split } from '../../sandbox/conditional-tokens/market.ts';
import { transfer } from '../../sandbox/conditional-tokens/tokens.ts';
import { type Polymarket, startPolymarket } from '../../sandbox/polymarket/polymarket.ts';
import { type NewTrade, tradeMessage, tradeOf } from '../../sandbox/polymarket/trade.ts';
import { type Positions, startPositions } from '../../sandbox/positions/positions.ts';
import { type Channel, openChannel } from '../../src/channel/connection.ts';
import { readTrades } from '../../src/channel/trades-api.ts';
import { resolveConfig } from '../../src/config/load.ts';
import { type FillsEnv, fileSchema, fillsEnvSchema } from '../../src/config/schema.ts';
import { createApp } from '../../src/create-app.ts';
import { createLog } from '../../src/observe/log.ts';
import { endpointsOf, type Feed, openFeed, ownOf } from '../../src/steps/fills/feed.ts';
import { Keeper } from '../../src/steps/fills/keeper.ts';
import { type Published, readPublished } from '../../src/steps/fills/published.ts';
import { openStore, type Store } from '../../src/store/db.ts';
import { keepOn } from '../../src/store/keeper.ts';
import { until } from '../product.ts';
import { testDatabase } from '../stack.ts';

export const SHARE = 10n ** 6n;
const NOBODY = getAddress(pad('0xb0b', { size: 20 }));
const MAKER = getAddress(pad('0xa11ce', { size: 20 }));
const START_MS = Date.UTC(2026, 0, 1);

interface Outside {
	readonly local: LocalChain;
	readonly tokens: ConditionalTokens;
	readonly market: Market;
	readonly polymarket: Polymarket;
	readonly positions: Positions;
}

interface FeedOptions {
	readonly phase?: 'off' | 'shadow' | 'authoritative' | 'degrade';
	readonly env?: Partial<FillsEnv>;
	readonly discrepancy?: 'unexplained' | 'effective';
	readonly rpcUrls?: readonly string[];
}

export type FeedStand = Awaited<ReturnType<typeof standOf>>;

/** One outside for all tests of a file; an account, a database and a clock for each. */
export function feedStandPerFile(): () => FeedStand {
	let outside: Outside | null = null;
	let stand: FeedStand | null = null;
	let account = 0xfeed00;
	beforeAll(async () => {
		const local = await startChain({ chainId: 10, name: 'optimism', decimals: 6, blockSeconds: 0 });
		const tokens = await deployConditionalTokens(local);
		const market = await prepareMarket(local, tokens, { questionId: `0x${'11'.repeat(32)}` });
		await mintUsdc(local, MAKER, 100_000n * SHARE);
		await split(local, market, { holder: MAKER, amount: 100_000n * SHARE });
		const [polymarket, positions] = await Promise.all([startPolymarket(), startPositions()]);
		outside = { local, tokens, market, polymarket, positions };
	});
	afterAll(async () => {
		await Promise.all([outside?.polymarket.stop(), outside?.positions.stop(), outside?.local.stop()]);
	});
	beforeEach(async () => {
		if (outside === null) throw new Error('the outside has not started');
		account += 1;
		outside.local.proxy.fault = () => 'pass';
		outside.polymarket.forget();
		outside.positions.forget();
		stand = await standOf(outside, getAddress(pad(toHex(account), { size: 20 })));
	});
	afterEach(() => stand?.end());
	return () => {
		if (stand === null) throw new Error('no test is running');
		return stand;
	};
}

async function standOf(outside: Outside, funder: Address) {
	const { local, tokens, market, polymarket, positions } = outside;
	const databaseUrl = await testDatabase();
	const stores: Store[] = [];
	const channels: Channel[] = [];
	const said: Record<string, unknown>[] = [];
	const clock = { nowMs: START_MS };
	/** By the steady clock: when the channel was last there, and when a chain was last begun to be looked at. */
	const moments = { connectedMs: 0, lookedMs: 0 };
	const bytecode = (await local.client.getCode({ address: market.address })) ?? '0x';
	const idOf = (of: 'YES' | 'NO') => market.positionIds[of === 'YES' ? 0 : 1];

	function fileOf({ phase = 'degrade', discrepancy = 'unexplained', rpcUrls = [local.url] }: FeedOptions) {
		const shares = { token: 'erc1155', address: market.address, chain: '10', decimals: 6, holders: ['funder'] };
		return {
			wallet: MAKER,
			chains: { 10: { name: 'Ten', rpcUrls, finalityBlocks: 2, pollMs: 50 } },
			assets: { USDC: { venues: { 10: { address: local.usdc, decimals: 6 } } } },
			everclear: { apiUrl: 'http://127.0.0.1:9', spokes: {} },
			inventory: {
				holders: { funder },
				positionsApiUrl: positions.url,
				watch: [
					{ asset: 'YES', id: `${idOf('YES')}`, ...shares },
					{ asset: 'NO', id: `${idOf('NO')}`, ...shares },
				],
			},
			fills: {
				...{ phase, discrepancy, markets: { btc: { assets: ['YES', 'NO'] } } },
				channel: { url: polymarket.channelUrl, apiUrl: polymarket.apiUrl, address: polymarket.auth.address },
			},
		};
	}

	function configOf({ env = {}, ...options }: FeedOptions) {
		return resolveConfig(fileSchema.parse(fileOf(options)), { ...fillsEnvSchema.parse({}), ...env });
	}

	/** The product's parts, as a process of their own has them. */
	function appOf(options: FeedOptions = {}) {
		const store = openStore({ databaseUrl, pool: 4 });
		stores.push(store);
		const log = createLog('debug', 'feed', { write: (line) => void said.push(JSON.parse(line)) });
		return createApp({ config: configOf(options), db: store.db, log, signerKey: undefined, nowMs: () => clock.nowMs });
	}

	async function open(options: FeedOptions = {}, holder = 'one') {
		const app = appOf(options);
		const isOurs = await keepOn(app.db, { holder, forMs: 600_000 });
		if (!isOurs) throw new Error('somebody else keeps the book');
		const chains = endpointsOf(app);
		const client: typeof chains.client = (chain) => {
			moments.lookedMs = performance.now();
			return chains.client(chain);
		};
		const feed: Feed = await openFeed(app, { holder, endpoints: { ...chains, client }, own: ownOf(app, polymarket.auth.apiKey) });
		const api = { apiUrl: polymarket.apiUrl, auth: polymarket.auth, nowMs: Date.now };
		const keeper = new Keeper(feed, (afterMs) => readTrades(api, { afterMs }));
		const published = (): Promise<Published> => readPublished(app);
		return {
			app,
			feed,
			keeper,
			published,
			token: async (of: 'YES' | 'NO' = 'YES') => (await published()).markets[0]?.tokens[of === 'YES' ? 0 : 1],
		};
	}

	/** What the channel says of one order of ours, which is a taker's. */
	function bought(size: string, more: Partial<Pick<NewTrade, 'status' | 'hash' | 'id' | 'order' | 'side'>> = {}): string {
		return polymarket.trade({ market: market.conditionId, asset: idOf('YES'), side: 'BUY', size, matchedMs: clock.nowMs, ...more });
	}

	/** The same as a text. */
	function textOf(size: string, more: { readonly id: string } & Pick<NewTrade, 'status'>): string {
		const made = { market: market.conditionId, asset: idOf('YES'), side: 'BUY', size, matchedMs: clock.nowMs, ...more } as const;
		const trade = tradeOf(made, { owner: polymarket.auth.apiKey, address: polymarket.auth.address });
		return JSON.stringify(tradeMessage(trade, clock.nowMs));
	}

	/** Connects the keeper as a process does; resolves when it has done what it does then. */
	function connect(keeper: Keeper): Promise<void> {
		let done = () => {};
		const isDone = new Promise<void>((resolve) => {
			done = resolve;
		});
		const log = createLog('silent', 'channel');
		channels.push(
			openChannel({
				...{ url: polymarket.channelUrl, auth: polymarket.auth, conditions: [], log },
				onText: (text) => keeper.hear(text),
				onState: (state) => {
					if (state.kind !== 'connected') return undefined;
					moments.connectedMs = performance.now();
					return keeper.connected(state.lostMs).finally(done);
				},
			}),
		);
		return isDone;
	}

	/** A keeper that hears the channel, after its first look. */
	async function listening(options: FeedOptions = {}) {
		const opened = await open(options);
		await opened.keeper.sync();
		await connect(opened.keeper);
		await until('the channel is there', async () => (polymarket.channel.lines === 1 ? true : null));
		return opened;
	}

	return {
		...{ bought, listening, textOf, moments, fileOf },
		...{ local, market, polymarket, positions, funder, clock, said, databaseUrl, open, appOf, idOf, bytecode },
		/** Positive shares come to the account, negative ones go. */
		async move(of: 'YES' | 'NO', shares: bigint) {
			const ends = shares > 0n ? { from: MAKER, to: funder } : { from: funder, to: NOBODY };
			const value = (shares > 0n ? shares : -shares) * SHARE;
			const { transactionHash } = await transfer(local, tokens, { ...ends, id: idOf(of), value });
			return transactionHash;
		},
		pass(seconds: number): void {
			clock.nowMs += seconds * 1_000;
		},
		/** Lines of the log with this text. */
		told: (text: string) => said.filter(({ msg }) => msg === text),
		async end() {
			for (const each of channels) each.close();
			await Promise.all(stores.map((each) => each.close()));
		},
	};
}
