/** Asks every usable route for its price, in parallel, each with a time limit; a route that does not answer is left out, with the reason. */
import { type App, bridgeOf, endOf } from '../app.ts';
import { errorText, PermanentError, TransientError } from '../errors.ts';
import { availableOf, type Holding } from '../inventory/available.ts';
import type { Demand } from '../invoice/demand.ts';
import { type Amount, amount, max, min, ZERO } from '../money/amount.ts';
import { parseBps } from '../money/rate.ts';
import { rescale } from '../money/units.ts';
import { EXACT_ZERO, exactUnits } from '../plan/exact.ts';
import type { DirectRoute } from '../plan/route.ts';

type AllowedRoute = App['config']['routes'][number];

export interface QuotedRoutes {
	readonly routes: readonly DirectRoute[];
	/** Route id → why nothing is known about it. A route that does not take what is there is no such case: it is just of no use. */
	readonly unanswered: ReadonlyMap<string, string>;
}

/** Prices the routes by which some of the demands could be covered from what is there. */
export async function quoteRoutes(
	app: App,
	{ asset, demands, holdings }: { asset: string; demands: readonly Demand[]; holdings: readonly Holding[] },
): Promise<QuotedRoutes> {
	const unanswered = new Map<string, string>();
	const routes: DirectRoute[] = [];
	const wanted = app.config.routes.filter((route) => route.asset === asset && needAt(demands, route.destination) > 0n);
	await Promise.all(
		wanted.map(async (route) => {
			const holding = holdings.find((each) => each.venue === route.origin);
			if (holding === undefined) return void unanswered.set(route.id, `the balance at ${route.origin} is unknown`);
			// With the reserve: a route that only the reserve stands in the way of is priced too, so that the refusal can say so.
			const there = availableOf({ ...holding, reserve: ZERO });
			if (there === 0n) return;
			try {
				routes.push(await quoteRoute(app, route, { there, need: needAt(demands, route.destination) }));
			} catch (error) {
				if (!(error instanceof PermanentError)) unanswered.set(route.id, errorText(error));
				app.log.debug({ route: route.id, error: errorText(error) }, 'route left out');
			}
		}),
	);
	return { routes, unanswered };
}

async function quoteRoute(app: App, route: AllowedRoute, { there, need }: { there: Amount; need: Amount }): Promise<DirectRoute> {
	const origin = endOf(app, route.asset, route.origin);
	const destination = endOf(app, route.asset, route.destination);
	const probe = min(there, rescale(amount((need * 11n) / 10n), destination.decimals, origin.decimals, 'up'));
	const asked = bridgeOf(app, route.bridge).quote({ origin, destination, send: probe, recipient: app.config.wallet });
	const quote = await withinMs(asked, app.config.planning.quoteTimeoutMs);
	const maximum = route.maximum === null ? quote.maximum : min(quote.maximum, route.maximum);
	return {
		id: route.id,
		bridge: route.bridge,
		origin: route.origin,
		destination: route.destination,
		asset: route.asset,
		toAsset: route.asset,
		minimum: exactUnits(max(quote.minimum, route.minimum ?? ZERO), origin.decimals),
		maximum: exactUnits(maximum, origin.decimals),
		step: exactUnits(1n, origin.decimals),
		fixedFee: exactUnits(quote.fixedFee, origin.decimals),
		fee: parseBps(quote.feeBps),
		tolerance: parseBps(route.toleranceBps),
		gasCost: EXACT_ZERO,
		seconds: quote.seconds,
	};
}

/** The largest need at a venue, in its base units; zero when no demand can be paid there. */
function needAt(demands: readonly Demand[], venue: string): Amount {
	return demands
		.flatMap((demand) => demand.destinations.filter((each) => each.venue === venue).map((each) => each.amount))
		.reduce(max, ZERO);
}

async function withinMs<T>(work: Promise<T>, ms: number): Promise<T> {
	let timer: NodeJS.Timeout | undefined;
	const late = new Promise<never>((_, reject) => {
		timer = setTimeout(() => reject(new TransientError(`no quote within ${ms} ms`)), ms);
	});
	try {
		return await Promise.race([work, late]);
	} finally {
		clearTimeout(timer);
	}
}
