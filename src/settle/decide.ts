/** Whether an earmark's demand is paid now, or its funds are given back. Facts in, decision out. */
import { isLegTerminal, type LegStatus } from '../leg/state.ts';
import type { Amount } from '../money/amount.ts';

/** What the demand asks for at the earmark's venue, read afresh. */
export type FreshNeed =
	| { readonly kind: 'amount'; readonly amount: Amount }
	/** Proven gone: filled by somebody else. */
	| { readonly kind: 'gone' }
	/** Still there, but this venue cannot pay it any more. */
	| { readonly kind: 'not-here' };

export type Settlement =
	| { readonly kind: 'wait'; readonly reason: string }
	| { readonly kind: 'pay'; readonly amount: Amount }
	| { readonly kind: 'give-back'; readonly reason: 'FILLED_EXTERNALLY' | 'DESTINATION_CLOSED' | 'SHORT_AFTER_DELIVERY' };

/**
 * All or nothing: acts only when every leg has ended, and pays only what `held`, the confirmed funds that the earmark holds at
 * its venue, covers whole.
 */
export function decideSettlement({ legs, held, need }: { legs: readonly LegStatus[]; held: Amount; need: FreshNeed }): Settlement {
	if (!legs.every(isLegTerminal)) return { kind: 'wait', reason: 'legs are under way' };
	if (need.kind === 'gone') return { kind: 'give-back', reason: 'FILLED_EXTERNALLY' };
	if (need.kind === 'not-here') return { kind: 'give-back', reason: 'DESTINATION_CLOSED' };
	if (held < need.amount) return { kind: 'give-back', reason: 'SHORT_AFTER_DELIVERY' };
	return { kind: 'pay', amount: need.amount };
}
