/** Records what the destination chain says has arrived, and what the next hop sends of it. */
import { type App, bridgeOf, endOf, orderOf } from '../../app.ts';
import { crashPoint } from '../../crash-point.ts';
import type { MinedCall } from '../../leg/call.ts';
import { handOver } from '../../leg/hand-over.ts';
import type { Evidence } from '../../leg/order.ts';
import type { Amount } from '../../money/amount.ts';
import { done, type Outcome } from '../../outcome.ts';
import { inTransaction } from '../../store/db.ts';
import { deliverHop, type NextHop, returnHop } from '../../store/leg-events.ts';
import { tellRoutes } from '../plan/route-health.ts';
import type { Part } from './part.ts';

interface Arrival {
	readonly state: 'proven' | 'returned';
	readonly proof: Evidence;
	/** Our own claiming call; null when there was none. */
	readonly claimed: MinedCall | null;
}

export async function deliver(app: App, part: Part, { state, proof, claimed }: Arrival): Promise<Outcome> {
	const { leg, hop } = part;
	const order = orderOf(app, hop);
	const delivery = await bridgeOf(app, hop.bridge).verify(order, proof, claimed);
	const decimals = { origin: order.origin.decimals, destination: order.destination.decimals };
	const arrival = { leg, hop, proof, delivery, decimals };
	const arrived = state === 'proven';
	const cause = {
		actor: `bridge ${hop.bridge}`,
		reason: `${arrived ? 'delivered' : 'came back to the origin'} in ${delivery.transactionHash}`,
	};
	const news = await inTransaction(app.db, cause, (tx) =>
		arrived ? deliverHop(tx, { ...arrival, next: nextHop(app, part, delivery.amount), signer: app.config.wallet }) : returnHop(tx, arrival),
	);
	crashPoint('delivered');
	app.log.info(
		{
			...{ leg: leg.id, earmark: leg.earmarkId, bridge: hop.bridge, venue: delivery.venue, tx: delivery.transactionHash },
			...{ amount: delivery.amount.toString(), goesOn: arrived && hop.index < leg.hops.length - 1 },
		},
		arrived ? 'hop delivered' : 'hop returned',
	);
	tellRoutes(app.log, news);
	return done(arrived ? 'delivered' : 'returned');
}

/** The hop that goes on with what has really arrived; null after the last one. */
function nextHop(app: App, { leg, hop }: Part, delivered: Amount): NextHop | null {
	const rest = leg.hops.slice(hop.index + 1).map((each) => ({
		...each,
		originDecimals: endOf(app, each.asset, each.origin).decimals,
		destinationDecimals: endOf(app, each.toAsset, each.destination).decimals,
	}));
	const [next, ...later] = handOver(rest, delivered);
	if (next === undefined) return null;
	return { hop: next, spend: bridgeOf(app, next.bridge).spend(orderOf(app, next)), arrives: (later.at(-1) ?? next).receive };
}
