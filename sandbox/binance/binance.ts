/** Binance on the local chains: an account with its deposits and withdrawals, the wallets behind it, and the API in front of it. */
import { randomBytes } from 'node:crypto';
import type { Address } from 'viem';
import type { LocalChain } from '../chains/chain.ts';
import type { ApiFace } from '../http/api-server.ts';
import { type Poller, startPoller } from '../poller.ts';
import { unitsOf } from '../scale.ts';
import { EXCHANGE_DECIMALS } from './amount.ts';
import { binanceApi } from './api.ts';
import { balanceTextOf, type Deposit, duplicatesIn, openBook, type Withdrawal } from './book.ts';
import { watchDeposits } from './deposits.ts';
import type { Desk } from './desk.ts';
import { fundHotWallet, HOT_WALLET } from './hot-wallet.ts';
import { type Coins, type Listing, listingsOf, resetTerms, type Terms } from './networks.ts';
import { startFormApi } from './server.ts';
import { type BinanceSettings, USUAL } from './settings.ts';
import { createWeights, type Weights } from './weights.ts';
import { payWithdrawals } from './withdrawals.ts';

const LOOK_EVERY_MS = 150;

export interface Binance {
	readonly apiUrl: string;
	readonly apiKey: string;
	readonly secret: string;
	/** What the API does instead of answering, and its requests per "GET /path". */
	readonly api: ApiFace;
	readonly settings: BinanceSettings;
	readonly weights: Omit<Weights, 'charge' | 'clear'>;
	/** Looks at deposits and withdrawals. */
	readonly poller: Poller;
	/** From where every withdrawal is paid. */
	readonly hotWallet: Address;
	/** Of every amount in its book. */
	readonly decimals: number;
	/** Every coin on every network. */
	readonly listings: readonly Listing[];
	/** Withdrawals beyond the first of each client id, whatever became of them. */
	readonly duplicates: number;
	/** By the exchange's name of the network; throws when it has none of that name. */
	depositAddress(network: string): Address;
	/** Changes what the exchange asks for a coin on a network; what is left out stays. Throws when that is not listed. */
	setTerms(coin: string, network: string, terms: Partial<Terms>): void;
	/** In token units. */
	balance(coin: string): { readonly free: string; readonly locked: string };
	/** Token units that the account has without any deposit. */
	credit(coin: string, tokenUnits: string): void;
	deposits(): readonly Readonly<Deposit>[];
	/** As they were accepted. */
	withdrawals(): readonly Readonly<Withdrawal>[];
	/** The chains were taken back: forgets deposits, withdrawals, balances and counts, and behaves as usual again. */
	forget(): Promise<void>;
	stop(): Promise<void>;
}

/** The hot wallet's funds are on the chains when it returns, and belong into their snapshot. */
export async function startBinance(chains: ReadonlyMap<string, LocalChain>, coins: Coins): Promise<Binance> {
	const listings = listingsOf(chains.values(), coins);
	const settings: BinanceSettings = { ...USUAL };
	const desk: Desk = { book: openBook(), settings, listings };
	const keys = { apiKey: randomBytes(32).toString('hex'), secret: randomBytes(32).toString('hex') };
	const weights = createWeights(settings);
	const listed = [...new Set(listings.map(({ chain }) => chain))];
	const watchers = (await Promise.all(listed.map((chain) => open(desk, chain)))).flat();
	const api = await startFormApi(binanceApi({ desk, keys, weights }));
	const poller = startPoller(LOOK_EVERY_MS, async () => {
		const now = settings.nowMs();
		// All of them to their end, so that no look is still under way when the next one begins, or when the poller stands still.
		const looks = await Promise.allSettled(watchers.map((each) => each.look(now)));
		for (const look of looks) if (look.status === 'rejected') throw look.reason;
	});
	const { book } = desk;
	return {
		...{ apiUrl: api.url, ...keys, api, settings, weights, poller, hotWallet: HOT_WALLET, decimals: EXCHANGE_DECIMALS, listings },
		get duplicates() {
			return duplicatesIn(book);
		},
		...lookups(listings),
		balance: (coin) => balanceTextOf(book, coin),
		credit: (coin, tokenUnits) => void book.credits.set(coin, (book.credits.get(coin) ?? 0n) + unitsOf(tokenUnits, EXCHANGE_DECIMALS)),
		deposits: () => [...book.deposits.values()],
		withdrawals: () => book.withdrawals,
		async forget() {
			book.deposits.clear();
			book.withdrawals.length = 0;
			book.credits.clear();
			api.counts.clear();
			api.fault = () => undefined;
			weights.clear();
			Object.assign(settings, USUAL);
			resetTerms(listings);
			await Promise.all(watchers.map((each) => each.rewind()));
		},
		stop: async () => void (await Promise.all([api.stop(), poller.stop()])),
	};
}

async function open(desk: Desk, chain: LocalChain) {
	const tokens = desk.listings.filter((each) => each.chain === chain).map(({ token }) => token);
	await fundHotWallet(chain, tokens);
	return Promise.all([watchDeposits(desk, chain), payWithdrawals(desk, chain)]);
}

function lookups(listings: readonly Listing[]): Pick<Binance, 'depositAddress' | 'setTerms'> {
	const find = (what: string, is: (listing: Listing) => boolean): Listing => {
		const found = listings.find(is);
		if (found === undefined) throw new Error(`the exchange does not list ${what}`);
		return found;
	};
	return {
		depositAddress: (network) => find(network, (each) => each.network === network).depositAddress,
		setTerms(coin, network, terms) {
			Object.assign(find(`${coin} on ${network}`, (each) => each.coin === coin && each.network === network).terms, terms);
		},
	};
}
