/** Asks every usable route for its price, in parallel, each with a time limit; a route that does not answer is left out, with the reason. */
import { type App, bridgeOf, endOf } from '../../app.ts';
import type { Quote, QuoteRequest } from '../../bridge/bridge.ts';
import type { RouteConfig } from '../../config/routes.ts';
import { errorText, PermanentError, TransientError } from '../../errors.ts';
import { availableOf, type Holding } from '../../inventory/available.ts';
import type { Demand } from '../../invoice/demand.ts';
import type { RouteUses } from '../../leg/breaker-change.ts';
import { type Amount, amount, max, min, ZERO } from '../../money/amount.ts';
import { parseBps } from '../../money/rate.ts';
import { rescale } from '../../money/units.ts';
import { EXACT_ZERO, exactUnits } from '../../plan/exact.ts';
import type { DirectRoute, ViaRoute } from '../../plan/route.ts';
import type { Quoted, QuotedRoutes } from './quoted.ts';
import { offIn } from './route-health.ts';
import { endOfWay, type Way, waysOf } from './ways.ts';

interface Question {
	/** Of whatever assets. */
	readonly demands: readonly Demand[];
	readonly holdings: readonly Holding[];
	readonly uses: RouteUses;
}

/** Prices the routes by which some of the demands could be covered from what is there. */
export async function quoteRoutes(app: App, question: Question): Promise<QuotedRoutes> {
	const assets = [...new Set(question.demands.map(({ asset }) => asset))];
	const ways = assets
		.flatMap((asset) => waysOf(app.config, asset))
		.filter((way) => needAtEnd(question.demands, way) > 0n && offIn(way, question.uses).length === 0);
	const { probes, unanswered } = probesFor(app, ways, question);
	const [quoted, quotes] = [new Map<string, DirectRoute>(), new Map<string, Quoted>()];
	await Promise.all(
		[...probes.values()].map(async ({ route, send }) => {
			try {
				const answer = await quoteRoute(app, route, send);
				quotes.set(route.id, answer);
				quoted.set(route.id, pricedRoute(app, route, answer.quote));
			} catch (error) {
				if (!(error instanceof PermanentError)) unanswered.set(route.id, errorText(error));
				app.log.debug({ route: route.id, error: errorText(error) }, 'route left out');
			}
		}),
	);
	const inARow = ways.filter(({ first, later }) => later.length > 0 && [first, ...later].every((hop) => quoted.has(hop.id))).map(viaRoute);
	return { routes: [...quoted.values(), ...inARow], quotes, unanswered };
}

interface Probe {
	readonly route: RouteConfig;
	/** Base units at the route's origin to ask about. */
	readonly send: Amount;
}

/** What each route is asked about: what is there, or what is needed and a little more, whichever is less; a later hop has nothing yet. */
function probesFor(app: App, ways: readonly Way[], { demands, holdings }: Question) {
	const probes = new Map<string, Probe>();
	const unanswered = new Map<string, string>();
	const ask = (route: RouteConfig, send: Amount) => {
		probes.set(route.id, { route, send: max(send, probes.get(route.id)?.send ?? ZERO) });
	};
	for (const way of ways) {
		const { first, later } = way;
		const holding = holdings.find((each) => each.venue === first.origin && each.asset === first.asset);
		if (holding === undefined) {
			unanswered.set(first.id, `the balance of ${first.asset} at ${first.origin} is unknown`);
			continue;
		}
		// With the reserve: a route that only the reserve stands in the way of is priced too, so that the refusal can say so.
		const there = availableOf({ ...holding, reserve: ZERO });
		if (there === 0n) continue;
		const last = later.at(-1) ?? first;
		const need = { units: needAtEnd(demands, way), decimals: endOf(app, last.toAsset, last.destination).decimals };
		const wanted = ({ asset, origin }: RouteConfig) =>
			rescale(amount((need.units * 11n) / 10n), need.decimals, endOf(app, asset, origin).decimals, 'up');
		ask(first, min(there, wanted(first)));
		for (const route of later) ask(route, wanted(route));
	}
	return { probes, unanswered };
}

async function quoteRoute(app: App, route: RouteConfig, send: Amount): Promise<Quoted> {
	const origin = endOf(app, route.asset, route.origin);
	const destination = endOf(app, route.toAsset, route.destination);
	const askedAtMs = app.nowMs();
	return { quote: await askForQuote(app, route.bridge, { origin, destination, send, recipient: app.config.wallet }), askedAtMs };
}

/** Throws `TransientError` when there is no answer in time, and as the bridge does. */
export function askForQuote(app: App, bridge: string, request: QuoteRequest): Promise<Quote> {
	return withinMs(bridgeOf(app, bridge).quote(request), app.config.planning.quoteTimeoutMs);
}

function pricedRoute(app: App, route: RouteConfig, quote: Quote): DirectRoute {
	const { decimals } = endOf(app, route.asset, route.origin);
	const maximum = route.maximum === null ? quote.maximum : min(quote.maximum, route.maximum);
	return {
		id: route.id,
		bridge: route.bridge,
		origin: route.origin,
		destination: route.destination,
		asset: route.asset,
		toAsset: route.toAsset,
		minimum: exactUnits(max(quote.minimum, route.minimum ?? ZERO), decimals),
		maximum: exactUnits(maximum, decimals),
		step: exactUnits(quote.step, decimals),
		fixedFee: exactUnits(quote.fixedFee, decimals),
		fee: parseBps(quote.feeBps),
		tolerance: parseBps(route.toleranceBps),
		gasCost: EXACT_ZERO,
		seconds: quote.seconds,
	};
}

function viaRoute(way: Way): ViaRoute {
	const { id, first, later } = way;
	const { bridge, origin, asset } = first;
	return { id, bridge, origin, destination: endOfWay(way), asset, via: [first, ...later].map((hop) => hop.id) };
}

/** The largest need where a way ends, in its base units; zero when no demand can be paid there. */
function needAtEnd(demands: readonly Demand[], way: Way): Amount {
	const { toAsset } = way.later.at(-1) ?? way.first;
	return demands
		.filter(({ asset }) => asset === toAsset)
		.flatMap(({ destinations }) => destinations.filter(({ venue }) => venue === endOfWay(way)).map((each) => each.amount))
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
