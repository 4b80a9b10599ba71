/** The commitment to one demand: what a plan becomes when it commits. */
import type { VenueId } from '../inventory/venue.ts';
import type { Amount } from '../money/amount.ts';
import type { HopTerms } from '../plan/plan.ts';
import type { HoldState } from './hold-state.ts';
import type { Spend } from './spend.ts';
import type { EarmarkStatus } from './state.ts';

export interface Earmark {
	readonly id: string;
	readonly demandId: string;
	readonly asset: string;
	/** The destination where the demand will be paid. */
	readonly venue: VenueId;
	/** Base units at `venue`. */
	readonly amount: Amount;
	readonly status: EarmarkStatus;
	readonly generation: number;
	readonly reason: string | null;
	readonly createdAt: string;
}

export interface Hold {
	readonly id: string;
	readonly earmarkId: string;
	readonly legId: string | null;
	readonly venue: VenueId;
	readonly asset: string;
	readonly amount: Amount;
	readonly state: HoldState;
}

/** Everything that one planning transaction writes for one demand. */
export interface EarmarkDraft {
	readonly demandId: string;
	readonly asset: string;
	readonly venue: VenueId;
	readonly amount: Amount;
	/** Base units already at `venue` that the plan counts on. */
	readonly local: Amount;
	readonly legs: readonly LegDraft[];
	/** The plan as JSON for people: decimal text in token units. */
	readonly plan: unknown;
}

export interface LegDraft {
	readonly route: string;
	/** What leaves the origin. */
	readonly asset: string;
	readonly origin: VenueId;
	readonly destination: VenueId;
	readonly send: Amount;
	readonly receive: Amount;
	readonly hops: readonly HopDraft[];
	/** The allowance that the first hop's sending call will spend. */
	readonly spend: Spend | null;
}

export interface HopDraft extends HopTerms {
	/** The bridge's whole answer that the plan rests on, as decimal text; left out where there was none. */
	readonly promised?: Readonly<Record<string, string>>;
}
