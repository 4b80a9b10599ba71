/** The life of a demand. `open` waits with a reason that an operator can read; `gone` is only for what is proven to be gone. */
import { statesBefore, statesOf } from '../transitions.ts';

export const DEMAND_TRANSITIONS = {
	open: ['earmarked', 'gone'],
	earmarked: ['open', 'settled', 'gone'],
	settled: [],
	gone: ['open'],
} as const satisfies Record<string, readonly string[]>;

export type DemandStatus = keyof typeof DEMAND_TRANSITIONS;

export const DEMAND_STATUSES = statesOf(DEMAND_TRANSITIONS);
/** `rebuild`: funds found under way after the database was lost, whatever they were meant for. */
export const DEMAND_KINDS = ['invoice', 'imbalance', 'surplus', 'reserve', 'rebuild'] as const;

/** The states from which `to` may be reached. */
export function demandStatesBefore(to: DemandStatus): DemandStatus[] {
	return statesBefore(DEMAND_TRANSITIONS, to);
}
