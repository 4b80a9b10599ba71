/** What a campaign adds up to, the same for every layer. */
export interface Figures {
	readonly layer: 'sim' | 'process';
	readonly runs: number;
	readonly seed: number;
	/** Runs in which an invariant was broken. */
	readonly violations: number;
	/** Runs that did not come to rest within the bound once faults had stopped. */
	readonly stuck: number;
	/** Something happened, or was brought or posted, more than once: runs of a simulation, acts of real processes. */
	readonly duplicateEffects: number;
	/** Requests that a service was seen to take twice under one key; only where one is in play. */
	readonly providerDuplicates?: number;
	/** Runs in which chains and books do not add up. */
	readonly lostFunds: number;
	readonly runsPerMinute: number;
	/** Averages. */
	readonly perRun: { readonly invoices: number; readonly legs: number; readonly faults: number; readonly events: number };
	/** Points at which a process has died in this call, of all that there are. */
	readonly crashPoints: { readonly hit: number; readonly known: number };
}

/** Seeds go round at the end of their range. */
export const SEEDS = 2 ** 32;

/** Whether all held: nothing broken, nothing stuck. */
export function allHold({ violations, stuck, duplicateEffects, providerDuplicates = 0, lostFunds }: Figures): boolean {
	return violations + stuck + duplicateEffects + providerDuplicates + lostFunds === 0;
}
