/** What a planning run looks at: what is there and asked for, and what it costs to move it. It locks nothing and decides nothing. */
import type { App } from '../../app.ts';
import { assetsToPlan } from '../../store/demands.ts';
import type { Run } from './commit-decision.ts';
import { quoteRoutes } from './quotes.ts';
import { type Snapshot, snapshotOf } from './snapshot.ts';

export interface Survey {
	readonly run: Run;
	readonly snapshot: Snapshot;
}

/** Reads balances anew and asks every route that could help for its price; null when nothing is asked for. */
export async function survey(app: App): Promise<Survey | null> {
	const unread = await app.syncBalances();
	const assets = (await assetsToPlan(app.db)).filter((asset) => app.config.assets.has(asset));
	const snapshot = await snapshotOf(app, { assets, priced: null });
	const demands = [...snapshot.demands, ...snapshot.short.map(({ demand }) => demand)];
	if (demands.length === 0) return null;
	const quoted = await quoteRoutes(app, { demands, holdings: snapshot.holdings, uses: snapshot.uses });
	const priced = new Set(demands.map(({ id }) => id));
	return {
		snapshot,
		run: { assets, priced, quoted, unread, uses: snapshot.uses, earmarkIds: snapshot.short.map(({ earmark }) => earmark.id) },
	};
}
