/** Whether and how one demand can be covered: fast if any fast way does it, else any. */

import type { Demand } from '../demand.ts';
import { bestChoice, type Choice } from './best.ts';
import type { Budget } from './budget.ts';
import { fieldOf } from './explore.ts';
import { marketsOf, type Network, type Outlook } from './network.ts';

/** The best choice, or with `anyWill` any; null when there is none. Throws `RangeError` for a demand that can be paid at once. */
export function coverDemand(outlook: Outlook, demand: Demand, how: { budget: Budget; anyWill: boolean }): Choice | null {
	const fast = coverWith(outlook, demand, { ...how, fastOnly: true });
	if (fast !== null || !hasSlowPath(outlook.network)) return fast;
	return coverWith(outlook, demand, { ...how, fastOnly: false });
}

function coverWith(outlook: Outlook, demand: Demand, how: { budget: Budget; anyWill: boolean; fastOnly: boolean }): Choice | null {
	const markets = marketsOf(outlook, demand, how.fastOnly).map(({ market }) => market);
	const ready = markets.find((market) => market.need.units <= 0n);
	if (ready !== undefined) throw new RangeError(`demand ${demand.id} can be paid at once at venue ${ready.need.venue}`);
	const [first] = markets;
	if (first === undefined) throw new RangeError(`demand ${demand.id} has no destination`);
	return bestChoice({
		fields: markets.map(fieldOf),
		moneyScale: first.moneyScale,
		maxCost: demand.maxCost === null ? null : (demand.maxCost.numerator * first.moneyScale) / demand.maxCost.denominator,
		anyWill: how.anyWill,
		budget: how.budget,
	});
}

function hasSlowPath({ paths, input }: Network): boolean {
	return paths().some((path) => path.seconds > input.fastWindowSeconds);
}
