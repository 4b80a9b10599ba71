/** A need for an amount of an asset at one of some destinations, as the store knows it. */
import type { VenueId } from '../inventory/venue.ts';
import type { Amount } from '../money/amount.ts';
import type { Rate } from '../money/rate.ts';
import type { DemandStatus } from './demand-state.ts';

export interface Destination {
	readonly venue: VenueId;
	/** Base units at `venue` that would cover the whole demand. */
	readonly amount: Amount;
}

export interface Demand {
	readonly id: string;
	/** What the source calls it: an invoice's intent id. */
	readonly externalId: string;
	readonly asset: string;
	readonly status: DemandStatus;
	readonly destinations: readonly Destination[];
	/** The most that a plan for it may cost, in token units; null when nothing says what it is worth. */
	readonly maxCost: Rate | null;
	/** Unix seconds. */
	readonly enqueuedAt: number;
	readonly reason: string | null;
	readonly reasonDetail: string | null;
	readonly evaluated: boolean;
}

/** Why an open demand waits. The detail beside it is a sentence for a person. */
const WAITING_REASONS = [
	'NOT_EVALUATED',
	'API_UNAVAILABLE',
	'MALFORMED',
	'NO_DESTINATION',
	'NEEDS_FUNDS',
	'BALANCE_UNKNOWN',
	'QUOTE_UNAVAILABLE',
	'ROUTE_OFF',
	'NO_ROUTE',
	'TIME_BUDGET',
	'UNPROFITABLE',
	'RESERVE',
	'ABOVE_MAXIMUM',
	'BELOW_MINIMUM',
	'SLIPPAGE',
	'INSUFFICIENT_FUNDS',
] as const;
export type WaitingReason = (typeof WAITING_REASONS)[number];
