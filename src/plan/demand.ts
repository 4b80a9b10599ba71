/** A need for an amount of an asset at one of some destinations, as the planner sees it. */
import type { PayableDemand } from '../invoice/payable.ts';
import type { Exact } from './exact.ts';

export interface Demand extends PayableDemand {
	/** The most that its plan may cost, in token units; null when any cost is worth it. */
	readonly maxCost: Exact | null;
}
