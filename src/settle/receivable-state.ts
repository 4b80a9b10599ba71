/** The life of what the hub owes us for a purchase. `invoiced`: ours has arrived second, and is an invoice that others may buy. */
import { statesBefore, statesOf } from '../transitions.ts';

export const RECEIVABLE_TRANSITIONS = {
	pending: ['invoiced', 'settled'],
	settled: [],
	invoiced: ['settled'],
} as const satisfies Record<string, readonly string[]>;

export type ReceivableStatus = keyof typeof RECEIVABLE_TRANSITIONS;

export const RECEIVABLE_STATUSES = statesOf(RECEIVABLE_TRANSITIONS);

/** The states from which `to` may be reached. */
export function receivableStatesBefore(to: ReceivableStatus): ReceivableStatus[] {
	return statesBefore(RECEIVABLE_TRANSITIONS, to);
}
