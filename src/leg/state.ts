/**
 * The life of a leg, and of each of its hops. "failed" is only for what is proven never to have left; what comes back is "returned".
 */
import { isTerminal, statesBefore, statesOf } from '../transitions.ts';

export const LEG_TRANSITIONS = {
	planned: ['sending', 'cancelled'],
	sending: ['in_flight', 'failed'],
	in_flight: ['delivered', 'returned'],
	delivered: [],
	returned: [],
	failed: [],
	cancelled: [],
} as const satisfies Record<string, readonly string[]>;

export type LegStatus = keyof typeof LEG_TRANSITIONS;

export const LEG_STATUSES = statesOf(LEG_TRANSITIONS);
export const LEG_ACTIVE: readonly LegStatus[] = ['planned', 'sending', 'in_flight'];

/** The states from which `to` may be reached. */
export function legStatesBefore(to: LegStatus): LegStatus[] {
	return statesBefore(LEG_TRANSITIONS, to);
}

export function isLegTerminal(status: LegStatus): boolean {
	return isTerminal(LEG_TRANSITIONS, status);
}
