/** The exchange on two local chains, 1 with 6 decimals and 56 with 18, and ccxt as a client of it. */
import { createHmac } from 'node:crypto';
import { binance } from 'ccxt';
import { type Address, encodeFunctionData, erc20Abi, type Hash, type Hex } from 'viem';
import { type Binance, startBinance } from '../../sandbox/binance/binance.ts';
import type { Deposit, Withdrawal } from '../../sandbox/binance/book.ts';
import { SOLVER } from '../../sandbox/chains/accounts.ts';
import { type LocalChain, mintUsdc, startChain, tokenBalance } from '../../sandbox/chains/chain.ts';
import { unitsOf } from '../../sandbox/scale.ts';
import { startUniswap } from '../../sandbox/uniswap/uniswap.ts';
import { eventually } from './eventually.ts';

export interface BinanceStand {
	readonly exchange: Binance;
	/** A new one after every reset: ccxt remembers for ever that it could not load its markets. */
	readonly client: binance;
	/** Where the clock of the exchange and its client stands still, in Unix milliseconds; null lets it run with the machine's. */
	frozenMs: number | null;
	/** How far that clock is ahead. */
	aheadMs: number;
	nowMs(): number;
	at(venue: string): LocalChain;
	token(venue: string, coin?: string): Address;
	/** From the wallet, in units of the token; to the network's deposit address unless told otherwise. */
	send(venue: string, units: bigint, to?: Address): Promise<Hash>;
	balanceOf(venue: string, owner: Address): Promise<bigint>;
	/** The request as it is, signed unless it says otherwise. */
	ask(request: Asked): Promise<Answer>;
	/** Waits until the exchange has looked again. */
	looksAround(): Promise<void>;
	deposit(): Readonly<Deposit>;
	/** The latest. */
	withdrawal(): Readonly<Withdrawal>;
	/** As a world does it. */
	reset(): Promise<void>;
	stop(): Promise<void>;
}

export interface Asked {
	readonly path: string;
	readonly method?: 'GET' | 'POST';
	readonly parameters?: Readonly<Record<string, string | number>>;
	/** Parameters that a POST sends in its body. */
	readonly form?: Readonly<Record<string, string | number>>;
	readonly apiKey?: string | null;
	/** Null sends none. */
	readonly signature?: string | null;
	/** Null sends none. */
	readonly timestamp?: number | null;
}

interface Answer {
	readonly status: number;
	readonly body: Record<string, unknown>;
	readonly headers: Headers;
}

const FUNDS = 10_000n;

export async function openBinance(): Promise<BinanceStand> {
	const chains = await Promise.all([
		startChain({ chainId: 1, name: 'ethereum', decimals: 6, blockSeconds: 0 }),
		startChain({ chainId: 56, name: 'bsc', decimals: 18, blockSeconds: 0 }),
	]);
	const byVenue = new Map(chains.map((chain) => [chain.id, chain]));
	const uniswap = await startUniswap(byVenue);
	const coins = { USDC: ({ usdc }: LocalChain) => usdc, USDT: ({ id }: LocalChain) => uniswap.at(id).usdt };
	const exchange = await startBinance(byVenue, coins);
	for (const chain of chains) await mintUsdc(chain, SOLVER.address, unitsOf(`${FUNDS}`, chain.decimals));
	const snapshots = new Map<LocalChain, Hex>();
	for (const chain of chains) snapshots.set(chain, await chain.client.snapshot());
	const at = (venue: string): LocalChain => {
		const chain = byVenue.get(venue);
		if (chain === undefined) throw new Error(`no chain ${venue}`);
		return chain;
	};
	const nowMs = () => (stand.frozenMs ?? Date.now()) + stand.aheadMs;
	let client = clientOf(exchange, nowMs);
	const stand: BinanceStand = {
		exchange,
		get client() {
			return client;
		},
		frozenMs: null,
		aheadMs: 0,
		nowMs,
		at,
		token: (venue, coin = 'USDC') => (coin === 'USDC' ? at(venue).usdc : uniswap.at(venue).usdt),
		async send(venue, units, to = depositAddressAt(exchange, venue)) {
			const data = encodeFunctionData({ abi: erc20Abi, functionName: 'transfer', args: [to, units] });
			return (await at(venue).client.execute({ from: SOLVER.address, to: at(venue).usdc, data })).transactionHash;
		},
		balanceOf: (venue, owner) => tokenBalance(at(venue), { token: at(venue).usdc, owner }),
		ask: (request) => ask(exchange, request, nowMs()),
		async looksAround() {
			let looks = 0;
			exchange.settings.nowMs = () => {
				looks += 1;
				return nowMs();
			};
			// Each look asks for the time once, and the second one begins when the first has ended.
			await eventually('the exchange looks again', async () => looks > 1);
		},
		deposit: () => last(exchange.deposits()),
		withdrawal: () => last(exchange.withdrawals()),
		async reset() {
			await exchange.poller.pause();
			for (const [chain, id] of snapshots) {
				await chain.client.revert({ id });
				snapshots.set(chain, await chain.client.snapshot());
			}
			await exchange.forget();
			exchange.poller.resume();
			Object.assign(stand, { frozenMs: null, aheadMs: 0 });
			exchange.settings.nowMs = nowMs;
			client = clientOf(exchange, nowMs);
		},
		async stop() {
			await exchange.stop();
			await Promise.all(chains.map((chain) => chain.stop()));
		},
	};
	return stand;
}

const depositAddressAt = (exchange: Binance, venue: string) => exchange.depositAddress(venue === '1' ? 'ETH' : 'BSC');

function last<Entry>(entries: readonly Entry[]): Entry {
	const entry = entries.at(-1);
	if (entry === undefined) throw new Error('there is none');
	return entry;
}

/** With amounts as text, as everybody has to use it who does not want to lose digits. */
export function clientOf({ apiUrl, apiKey, secret }: Pick<Binance, 'apiUrl' | 'apiKey' | 'secret'>, nowMs = Date.now): binance {
	const options = { fetchMargins: false, fetchMarkets: { types: ['spot'] } };
	const client = new binance({ apiKey, secret, options, enableRateLimit: false, timeout: 2_000 });
	client.number = String as unknown as typeof client.number;
	client.nonce = nowMs;
	const urls = client.urls.api as Record<string, string>;
	for (const [name, url] of Object.entries(urls)) urls[name] = url.replace(/^https:\/\/[^/]+/, apiUrl);
	return client;
}

async function ask(exchange: Binance, asked: Asked, nowMs: number): Promise<Answer> {
	const { path, method = 'GET', parameters = {}, form = {}, apiKey = exchange.apiKey, timestamp = nowMs } = asked;
	const text = (entries: Readonly<Record<string, string | number>>) =>
		new URLSearchParams(Object.entries(entries).map(([name, value]): [string, string] => [name, `${value}`])).toString();
	const query = text({ ...parameters, ...(timestamp !== null && { timestamp }) });
	const body = text(form);
	const { signature = createHmac('sha256', exchange.secret).update(`${query}${body}`).digest('hex') } = asked;
	const url = `${exchange.apiUrl}${path}?${query}${signature === null ? '' : `&signature=${signature}`}`;
	const headers = { ...(apiKey !== null && { 'x-mbx-apikey': apiKey }), 'content-type': 'application/x-www-form-urlencoded' };
	const response = await fetch(url, { method, headers, ...(body !== '' && { body }) });
	return { status: response.status, body: (await response.json()) as Record<string, unknown>, headers: response.headers };
}
