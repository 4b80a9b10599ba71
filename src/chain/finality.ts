/** How deep a transaction must lie before it counts as final: deeper the more it moves. */
import type { Address } from 'viem';
import type { Effect } from '../leg/effect.ts';
import type { Amount } from '../money/amount.ts';

export interface FinalityTier {
	/** In base units of one token; null is whatever no tier before it takes. */
	readonly below: Amount | null;
	readonly blocks: number;
}

export interface Finality {
	/** For what spends nothing. */
	readonly lowest: number;
	/** For what nobody can measure. */
	readonly deepest: number;
	/** Per token the tiers by amount, in the order in which they are tried; empty where one depth serves all. */
	readonly tiers: ReadonlyMap<Address, readonly FinalityTier[]>;
}

/** Blocks on top of the effect's own before its verdict counts. A spending call whose amount is not known takes the deepest. */
export function finalityOf({ lowest, deepest, tiers }: Finality, { kind, spend }: Pick<Effect, 'kind' | 'spend'>): number {
	if (kind === 'claim' || kind === 'reset') return lowest;
	if (spend === null) return deepest;
	return tiers.get(spend.token)?.find(({ below }) => below === null || spend.amount < below)?.blocks ?? deepest;
}
