/** What else could have been done for a demand: plain data with amounts in token units, to be stored and shown as it is. */
import type { VenueId } from '../../inventory/venue.ts';
import type { Drawback } from '../one/compare-plans.ts';
import type { RouteProblem } from '../one/route-problem.ts';
import type { RefusalReason } from '../plan.ts';

/** A plan that was not chosen. */
export interface Way {
	readonly destination: VenueId;
	readonly local: string;
	readonly legs: readonly { readonly route: string; readonly send: string; readonly receive: string }[];
	readonly operations: number;
	readonly cost: string;
	readonly seconds: number;
}

/** `OTHERS_FIRST`: better, but only with funds that others get. `TIME_BUDGET`: better, and the search ended before it was found. */
type WayCode = Drawback | 'OTHERS_FIRST' | 'TIME_BUDGET';

/**
 * `destination`: the best at that venue. `without`: the best without that route, alone and as a hop. Both on what the rest of
 * the result leaves; refused with a reason, and how much is missing where the demand comes nearest. `alone`: what it would have
 * got if nothing were planned for others. `route`: it leads to one of the destinations, and can carry nothing.
 */
export type Alternative =
	| { readonly kind: 'destination' | 'without' | 'alone'; readonly name: string; readonly code: WayCode; readonly way: Way }
	| { readonly kind: 'destination' | 'without'; readonly name: string; readonly code: RefusalReason; readonly short: string }
	| { readonly kind: 'route'; readonly name: string; readonly code: RouteProblem };
