/** A batch while it is being planned: what is asked, and what is decided so far. */
import { positionKey } from '../../inventory/venue.ts';
import type { Payment } from '../../invoice/payable.ts';
import { addTo, type Units, usedBy } from '../available.ts';
import type { Demand } from '../demand.ts';
import type { Network } from '../one/network.ts';
import type { Goal, Plan } from '../plan.ts';

export interface Batch {
	readonly network: Network;
	/** Oldest first. */
	readonly demands: readonly Demand[];
	readonly goal: Goal;
	/** All costs and amounts are whole numbers of `1 / moneyScale` tokens. */
	readonly moneyScale: bigint;
}

/** Who is paid, who has a plan; by demand. All together they use no more than there is. */
export interface Draft {
	readonly payments: ReadonlyMap<string, Payment>;
	readonly plans: ReadonlyMap<string, Plan>;
}

export function usedByPayment(demand: Demand, { venue, amount }: Payment): Units {
	return new Map([[positionKey({ venue, asset: demand.asset }), amount]]);
}

/** What a draft takes from where; a map of its own. */
export function usedByDraft({ demands }: Batch, { payments, plans }: Draft): Map<string, bigint> {
	const used = new Map<string, bigint>();
	for (const demand of demands) {
		const [payment, plan] = [payments.get(demand.id), plans.get(demand.id)];
		if (payment !== undefined) addTo(used, usedByPayment(demand, payment));
		if (plan !== undefined) addTo(used, usedBy(plan));
	}
	return used;
}

/** Where it matters to a demand what is left: its places, and the origins of all paths there. */
export function positionsOf(network: Network, { asset, destinations }: Demand): ReadonlySet<string> {
	const places = destinations.map(({ venue }) => positionKey({ venue, asset }));
	return new Set([...places, ...places.flatMap((place) => network.pathsTo(place).map((path) => path.originKey))]);
}
