/** Uniswap V3 on the local chains: an exchange on each, with a deep pool of USDC and USDT at a price of 1. */
import type { LocalChain } from '../chains/chain.ts';
import { deployExchange, type Exchange, LOWEST_FEE } from './deploy.ts';
import { drain, type Opening, openPool, type Trade, trade } from './pool.ts';

/** Of each side, so that 100,000 move the price by about one hundredth of a percent. */
const POOL_TOKENS = '50000000';

export interface Uniswap {
	/** By chain id as decimal text. */
	readonly exchanges: ReadonlyMap<string, Exchange>;
	/** Throws when there is no such chain. */
	at(venue: string): Exchange;
	/** Another pool, or more liquidity in one that is there. */
	openPool(venue: string, opening: Opening): Promise<void>;
	/** Somebody else trades, in the pool of the lowest fee unless told otherwise: the price moves against those who sell the same. */
	trade(venue: string, trade: Omit<Trade, 'fee'> & Partial<Trade>): Promise<void>;
	/** Takes all liquidity out of the pool of the lowest fee, or of another one. */
	drain(venue: string, fee?: number): Promise<void>;
}

/** All that it does is on the chains, so it is taken back with them, and there is nothing to stop. */
export async function startUniswap(chains: ReadonlyMap<string, LocalChain>): Promise<Uniswap> {
	const started = await Promise.all([...chains.values()].map(startOn));
	const exchanges = new Map(started.map((each) => [each.chain.id, each]));
	const at = (venue: string): Exchange => {
		const found = exchanges.get(venue);
		if (found === undefined) throw new Error(`there is no exchange on chain ${venue}: only on ${[...exchanges.keys()].join(', ')}`);
		return found;
	};
	return {
		exchanges,
		at,
		openPool: (venue, opening) => openPool(at(venue), opening),
		trade: (venue, wanted) => trade(at(venue), { fee: LOWEST_FEE, ...wanted }),
		drain: (venue, fee = LOWEST_FEE) => drain(at(venue), fee),
	};
}

async function startOn(chain: LocalChain): Promise<Exchange> {
	const exchange = await deployExchange(chain);
	await openPool(exchange, { fee: LOWEST_FEE, tokenUnits: POOL_TOKENS });
	return exchange;
}
