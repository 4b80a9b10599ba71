/** What a state means for whoever quotes: data, which a quoter reads and Ballast publishes. */
import { type Amount, amount } from '../money/amount.ts';
import type { GateState } from './gate.ts';

export interface AdviceSettings {
	/** Of the usual size while degraded, in basis points. */
	readonly degradedSizeBps: number;
	/** Added to each side's offset while degraded. */
	readonly widenTicks: number;
}

export interface QuoteAdvice {
	readonly state: GateState;
	/** Of the usual size, in basis points. */
	readonly sizeBps: number;
	/** Sides that may be quoted. */
	readonly sides: 'both' | 'sell' | 'none';
	readonly widenTicks: number;
}

const WHOLE_BPS = 10_000;

/** `effective` in base units; null when it is not known, and then nothing is known to reduce it. */
export function adviceOf(state: GateState, effective: bigint | null, { degradedSizeBps, widenTicks }: AdviceSettings): QuoteAdvice {
	if (state === 'normal') return { state, sizeBps: WHOLE_BPS, sides: 'both', widenTicks: 0 };
	if (state === 'halted') return { state, sizeBps: 0, sides: 'none', widenTicks: 0 };
	// Shares are never owed, so that selling is the only way to hold less.
	return { state, sizeBps: degradedSizeBps, sides: effective !== null && effective > 0n ? 'sell' : 'none', widenTicks };
}

/** Base units of what is available that may be used; rounded down. */
export function usableOf(available: Amount, state: GateState, { degradedSizeBps }: Pick<AdviceSettings, 'degradedSizeBps'>): Amount {
	const share = { normal: WHOLE_BPS, degraded: degradedSizeBps, halted: 0 }[state];
	return amount((available * BigInt(share)) / BigInt(WHOLE_BPS));
}
