/** ConditionalTokens on the local chains: one contract on each, and what anybody does with its tokens, by venue. */
import type { TransactionReceipt } from 'viem';
import type { LocalChain } from '../chains/chain.ts';
import { type ConditionalTokens, deployConditionalTokens } from './deploy.ts';
import { type Market, merge, prepareMarket, type Question, redeem, reportPayouts, type Stake, split } from './market.ts';
import { type BatchTransfer, type Holding, type Transfer, tokenBalances, transfer, transferBatch } from './tokens.ts';

/** One venue's contract: the functions of `market.ts` and `tokens.ts`, on this chain. */
export interface OutcomeTokens extends ConditionalTokens {
	readonly chain: LocalChain;
	prepareMarket(question: Question): Promise<Market>;
	split(market: Market, stake: Stake): Promise<TransactionReceipt>;
	merge(market: Market, stake: Stake): Promise<TransactionReceipt>;
	reportPayouts(market: Market, payouts: readonly [bigint, bigint]): Promise<TransactionReceipt>;
	redeem(market: Market, holder: Stake['holder']): Promise<TransactionReceipt>;
	transfer(transfer: Transfer): Promise<TransactionReceipt>;
	transferBatch(transfer: BatchTransfer): Promise<TransactionReceipt>;
	balances(holdings: readonly Holding[]): Promise<readonly bigint[]>;
}

/** By chain id as decimal text. All that they do is on the chains, so it is taken back with them, and there is nothing to stop. */
export async function startConditionalTokens(chains: ReadonlyMap<string, LocalChain>): Promise<ReadonlyMap<string, OutcomeTokens>> {
	const started = await Promise.all([...chains.values()].map(startOn));
	return new Map(started.map((each) => [each.chain.id, each]));
}

async function startOn(chain: LocalChain): Promise<OutcomeTokens> {
	const tokens = await deployConditionalTokens(chain);
	return {
		...tokens,
		chain,
		prepareMarket: (question) => prepareMarket(chain, tokens, question),
		split: (market, stake) => split(chain, market, stake),
		merge: (market, stake) => merge(chain, market, stake),
		reportPayouts: (market, payouts) => reportPayouts(chain, market, payouts),
		redeem: (market, holder) => redeem(chain, market, holder),
		transfer: (wanted) => transfer(chain, tokens, wanted),
		transferBatch: (wanted) => transferBatch(chain, tokens, wanted),
		balances: (holdings) => tokenBalances(chain, tokens, holdings),
	};
}
