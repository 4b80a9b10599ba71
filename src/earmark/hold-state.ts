/**
 * The life of a hold: an amount taken out of what is available. `inbound` is on its way to the venue; `confirmed` stands against
 * confirmed funds; `pending_out` has a nonce and will leave; it ends when a snapshot has absorbed the movement, or when it is let go.
 */
import { statesBefore, statesOf } from '../transitions.ts';

export const HOLD_TRANSITIONS = {
	inbound: ['confirmed', 'released'],
	confirmed: ['pending_out', 'released'],
	pending_out: ['released', 'confirmed'],
	released: [],
} as const satisfies Record<string, readonly string[]>;

export type HoldState = keyof typeof HOLD_TRANSITIONS;

export const HOLD_STATES = statesOf(HOLD_TRANSITIONS);
/** These stand against what a snapshot confirms at the venue. */
export const HOLDS_ON_CONFIRMED: readonly HoldState[] = ['confirmed', 'pending_out'];

/** The states from which `to` may be reached. */
export function holdStatesBefore(to: HoldState): HoldState[] {
	return statesBefore(HOLD_TRANSITIONS, to);
}
