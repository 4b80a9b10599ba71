/** What a planning run plans on: all that is asked for and all that is available of its assets, as it was at one moment. */
import type { App } from '../../app.ts';
import type { Obeyed } from '../../health/obeyed.ts';
import { availableOf, type Holding } from '../../inventory/available.ts';
import type { Demand } from '../../invoice/demand.ts';
import type { RouteUses } from '../../leg/breaker-change.ts';
import type { Tx } from '../../store/db.ts';
import { readOpenDemands } from '../../store/demands.ts';
import { readRouteUses } from '../../store/route-breakers.ts';
import { isStopped } from '../../store/stops.ts';
import { readFreshHoldings } from './earmark-payable.ts';
import { gateInForce, withinGate } from './gate.ts';
import { readShort, type ShortEarmark } from './top-up.ts';
import { assetsFor } from './ways.ts';

export interface Snapshot {
	readonly isStopped: boolean;
	/** How far all of it can be relied on. */
	readonly gate: Obeyed;
	/** Young enough ones; of these assets, and of every other that may become one of them. */
	readonly holdings: readonly Holding[];
	/** Open, with destinations that are known. */
	readonly demands: readonly Demand[];
	/** Earmarks that lack something, which goes before what has not begun. */
	readonly short: readonly ShortEarmark[];
	/** Routes that may not simply be used. */
	readonly uses: RouteUses;
}

/** What a run cares about. */
interface Scope {
	readonly assets: readonly string[];
	/**
	 * The demands for which routes are priced; null as long as all may still be. One that comes later wakes a planning of its own, so it is only
	 * seen when it could be paid at once, which takes no route and goes before everything else.
	 */
	readonly priced: ReadonlySet<string> | null;
}

/** In one transaction that changes nothing and locks nothing. */
export function snapshotOf(app: App, scope: Scope): Promise<Snapshot> {
	return app.db.transaction((tx) => takeSnapshot(app, tx, scope), { isolationLevel: 'repeatable read', accessMode: 'read only' });
}

/** In a transaction of the caller: under its locks this is what will still be so when it commits. */
export async function takeSnapshot(app: App, tx: Tx, { assets, priced }: Scope): Promise<Snapshot> {
	const gate = await gateInForce(app, tx);
	const [holdings, demands, short]: [Holding[], Demand[], ShortEarmark[]] = [[], [], []];
	for (const asset of assetsFor(app.config, assets)) holdings.push(...withinGate(app, gate, await readFreshHoldings(app, tx, asset)));
	for (const asset of assets) {
		demands.push(...(await readOpenDemands(tx, asset)));
		short.push(...(await readShort(tx, asset)));
	}
	return {
		isStopped: await isStopped(tx),
		gate,
		uses: await readRouteUses(tx),
		holdings,
		demands: demands
			.map((demand) => ({ ...demand, destinations: configured(app, demand) }))
			.filter(({ destinations }) => destinations.length > 0)
			.filter((demand) => priced === null || priced.has(demand.id) || isCoveredAlone(demand, holdings)),
		short: short.filter(({ demand }) => configured(app, demand).length > 0 && (priced === null || priced.has(demand.id))),
	};
}

/** A place that is not configured any more has no decimals: until the demand is evaluated again, it is no destination. */
function configured({ config }: App, { asset, destinations }: Demand): Demand['destinations'] {
	return destinations.filter(({ venue }) => config.assets.get(asset)?.venues.has(venue) === true);
}

function isCoveredAlone({ asset, destinations }: Demand, holdings: readonly Holding[]): boolean {
	const isThere = ({ venue, amount }: Demand['destinations'][number]) =>
		holdings.some((each) => each.venue === venue && each.asset === asset && availableOf(each) >= amount);
	return destinations.some(isThere);
}
