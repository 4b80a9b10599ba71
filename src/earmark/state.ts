/**
 * The life of an earmark. This map is the only place that says which step may follow which: the database's CHECK and every
 * compare-and-set are made from it.
 */
import { isTerminal, statesBefore, statesOf } from '../transitions.ts';

export const EARMARK_TRANSITIONS = {
	planned: ['moving', 'settling', 'cancelled'],
	moving: ['settling', 'compensating'],
	settling: ['settled', 'moving', 'compensating'],
	compensating: ['cancelled'],
	settled: [],
	cancelled: [],
} as const satisfies Record<string, readonly string[]>;

export type EarmarkStatus = keyof typeof EARMARK_TRANSITIONS;

export const EARMARK_STATUSES = statesOf(EARMARK_TRANSITIONS);
export const EARMARK_TERMINAL: readonly EarmarkStatus[] = ['settled', 'cancelled'];
export const EARMARK_ACTIVE: readonly EarmarkStatus[] = ['planned', 'moving', 'settling', 'compensating'];
/** Their demand may still change them: more funds, less, or none. */
export const EARMARK_GROWING: readonly EarmarkStatus[] = ['planned', 'moving', 'settling'];

/** The states from which `to` may be reached: what a compare-and-set asks for. */
export function earmarkStatesBefore(to: EarmarkStatus): EarmarkStatus[] {
	return statesBefore(EARMARK_TRANSITIONS, to);
}

export function isEarmarkTerminal(status: EarmarkStatus): boolean {
	return isTerminal(EARMARK_TRANSITIONS, status);
}
