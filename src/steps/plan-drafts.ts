/** From a plan to what is written and read: drafts of legs, and the plan in token units. */
import { type App, bridgeOf, endOf } from '../app.ts';
import type { LegDraft } from '../earmark/earmark.ts';
import { formatAmount } from '../money/units.ts';
import type { Plan, PlannedLeg } from '../plan/plan.ts';

/** Throws `RangeError` for a leg without hops, `PermanentError` when its bridge is not configured. */
export function legDraft(app: App, asset: string, leg: PlannedLeg): LegDraft {
	const [first] = leg.hops;
	if (first === undefined) throw new RangeError(`leg over ${leg.route} has no hop`);
	const order = {
		origin: endOf(app, asset, first.origin),
		destination: endOf(app, asset, first.destination),
		send: first.send,
		receive: first.receive,
		sender: app.config.wallet,
		recipient: app.config.wallet,
	};
	return {
		route: leg.route,
		origin: leg.origin,
		destination: leg.destination,
		send: leg.send,
		receive: leg.receive,
		spend: bridgeOf(app, first.bridge).spend(order),
		hops: leg.hops.map(({ bridge, origin, destination, send, receive }) => ({
			bridge,
			origin,
			destination,
			send,
			receive,
			seconds: leg.seconds,
		})),
	};
}

/** The plan in token units, for the row, the log and whoever reads them. */
export function readable(app: App, plan: Plan) {
	const text = (venue: string, units: Plan['amount']) => formatAmount(units, endOf(app, plan.asset, venue).decimals);
	return {
		venue: plan.destination,
		amount: text(plan.destination, plan.amount),
		local: text(plan.destination, plan.local),
		operations: plan.operations,
		seconds: plan.seconds,
		legs: plan.legs.map((leg) => ({ route: leg.route, send: text(leg.origin, leg.send), receive: text(leg.destination, leg.receive) })),
	};
}
