/** A leg and its hops, as the store knows them. */
import type { VenueId } from '../inventory/venue.ts';
import type { Amount } from '../money/amount.ts';
import type { HopTerms } from '../plan/plan.ts';
import type { LegStatus } from './state.ts';

/** What an adapter noted for its later steps; JSON of strings. */
export type Noted = Readonly<Record<string, string>>;

export interface Hop extends HopTerms {
	readonly id: string;
	readonly legId: string;
	readonly index: number;
	readonly delivered: Amount | null;
	readonly status: LegStatus;
	readonly evidence: Noted | null;
	readonly proof: Noted | null;
	/** When its status changed last, as ISO text. */
	readonly changedAt: string;
	/** When it was noticed to be later than promised; null as long as it is not. */
	readonly lateAt: string | null;
}

export interface Leg {
	readonly id: string;
	readonly earmarkId: string;
	/** What leaves the origin; its last hop says what arrives. */
	readonly asset: string;
	readonly origin: VenueId;
	readonly destination: VenueId;
	readonly route: string;
	readonly send: Amount;
	readonly receive: Amount;
	readonly delivered: Amount | null;
	readonly status: LegStatus;
	readonly reason: string | null;
	/** When it was noticed to take far longer than promised; null as long as it does not. */
	readonly overdueAt: string | null;
	/** The generation of the flow whose jobs serve it. */
	readonly generation: number;
	readonly hops: readonly Hop[];
}
