/**
 * The one `available` of everybody who spends: what a snapshot confirms, less the reserve, less the holds on confirmed funds.
 */
import { type Amount, amount, subtractToZero } from '../money/amount.ts';
import type { Position } from './venue.ts';

/** What one position holds, in base units of the asset at the venue. */
export interface Holding extends Position {
	readonly confirmed: Amount;
	readonly reserve: Amount;
	/** Holds on confirmed funds only. */
	readonly held: Amount;
	/** On its way; reported, never counted. */
	readonly inbound: Amount;
	readonly blockNumber: bigint;
	/** Milliseconds since the snapshot was taken. */
	readonly ageMs: number;
}

/** Never below zero: a venue that owes more than it has offers nothing. */
export function availableOf(holding: Pick<Holding, 'confirmed' | 'reserve' | 'held'>): Amount {
	return subtractToZero(holding.confirmed, amount(holding.reserve + holding.held));
}
