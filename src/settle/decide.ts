/** Whether an earmark's demand is paid now, topped up, or its funds are given back. Facts in, decision out. */
import { isLegTerminal, type LegStatus } from '../leg/state.ts';
import type { Amount } from '../money/amount.ts';

/** What the demand asks for at the earmark's venue, read afresh. */
export type FreshNeed =
	| { readonly kind: 'amount'; readonly amount: Amount }
	/** Proven gone: filled by somebody else. */
	| { readonly kind: 'gone' }
	/** Still there, but this venue cannot pay it any more, or need not. */
	| { readonly kind: 'not-here' };

type Settlement =
	| { readonly kind: 'wait'; readonly reason: string }
	| { readonly kind: 'pay'; readonly amount: Amount }
	/** Everything has ended, and `need` is more than is held: the rest has to be brought, or all is given back. */
	| { readonly kind: 'short'; readonly need: Amount }
	| { readonly kind: 'give-back'; readonly reason: 'FILLED_EXTERNALLY' | 'DESTINATION_CLOSED' };

/**
 * All or nothing: acts only when every leg has ended, and pays only what `held`, the confirmed funds that the earmark holds at
 * its venue, covers whole.
 */
export function decideSettlement({ legs, held, need }: { legs: readonly LegStatus[]; held: Amount; need: FreshNeed }): Settlement {
	if (!legs.every(isLegTerminal)) return { kind: 'wait', reason: 'legs are under way' };
	if (need.kind === 'gone') return { kind: 'give-back', reason: 'FILLED_EXTERNALLY' };
	if (need.kind === 'not-here') return { kind: 'give-back', reason: 'DESTINATION_CLOSED' };
	if (held < need.amount) return { kind: 'short', need: need.amount };
	return { kind: 'pay', amount: need.amount };
}
