/** From a plan to what is written and read: drafts of legs, and the plan in token units. */
import { type App, bridgeOf, endOf, orderOf } from '../../app.ts';
import type { HopDraft, LegDraft } from '../../earmark/earmark.ts';
import { formatAmount } from '../../money/units.ts';
import { formatExact } from '../../plan/exact.ts';
import type { Plan, PlannedLeg } from '../../plan/plan.ts';
import { promisedBy, type Quoted, type QuotedRoutes } from './quoted.ts';

/** Throws `RangeError` for a leg without hops, or without the quotes that it rests on, `PermanentError` when its bridge is not configured. */
export function legDraft(app: App, leg: PlannedLeg, { quotes }: QuotedRoutes): LegDraft {
	const [first] = leg.hops;
	if (first === undefined) throw new RangeError(`leg over ${leg.route} has no hop`);
	const { route, asset, origin, destination, send, receive } = leg;
	const spend = bridgeOf(app, first.bridge).spend(orderOf(app, first));
	return { route, asset, origin, destination, send, receive, spend, hops: leg.hops.map((hop) => hopDraft(hop, quotes.get(hop.route))) };
}

function hopDraft(hop: PlannedLeg['hops'][number], quoted: Quoted | undefined): HopDraft {
	const { route, bridge, origin, destination, asset, toAsset, send, receive, seconds } = hop;
	if (quoted === undefined) throw new RangeError(`hop over ${route} rests on no quote`);
	return { bridge, origin, destination, asset, toAsset, send, receive, seconds, promised: promisedBy(quoted) };
}

/** The plan in token units, for the row, the log and whoever reads them. */
export function readable(app: App, plan: Plan) {
	const text = (venue: string, units: Plan['amount'], asset = plan.asset) => formatAmount(units, endOf(app, asset, venue).decimals);
	return {
		venue: plan.destination,
		amount: text(plan.destination, plan.amount),
		local: text(plan.destination, plan.local),
		operations: plan.operations,
		cost: formatExact(plan.cost),
		seconds: plan.seconds,
		legs: plan.legs.map(({ route, origin, destination, asset, hops, send, receive }) => ({
			...{ route, origin, asset, over: hops.map((hop) => hop.bridge) },
			...{ send: text(origin, send, asset), receive: text(destination, receive) },
		})),
	};
}
