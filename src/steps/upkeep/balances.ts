/** Brings the stored balances up to date. A venue that cannot be read keeps its old snapshot, which then ages visibly. */
import type { App, UnreadVenues } from '../../app.ts';
import { readBalances } from '../../chain/balances.ts';
import { errorText } from '../../errors.ts';
import type { VenueId } from '../../inventory/venue.ts';
import { positionsAwaiting, saveBalances } from '../../store/inventory.ts';

/** Reads younger than this are shared: a burst of jobs makes one read per chain, not one each. */
const SHARED_MS = 250;

export function createSyncBalances(app: Omit<App, 'syncBalances'>): App['syncBalances'] {
	let running: { readonly startedMs: number; readonly result: Promise<UnreadVenues> } | null = null;
	return () => {
		if (running === null || app.nowMs() - running.startedMs > SHARED_MS) {
			running = { startedMs: app.nowMs(), result: readAll(app) };
		}
		return running.result;
	};
}

async function readAll(app: Omit<App, 'syncBalances'>): Promise<UnreadVenues> {
	const unread = new Map<VenueId, string>();
	await Promise.all(
		[...app.config.chains.keys()].map(async (venue) => {
			try {
				const awaiting = new Map((await positionsAwaiting(app.db, venue)).map((each) => [each.asset, each.seenUpTo]));
				const tokens = tokensAt(app, venue).map((token) => ({ ...token, incomingSince: awaiting.get(token.asset) ?? null }));
				await saveBalances(app.db, await readBalances(app.client(venue), { venue, holder: app.config.wallet, tokens }));
			} catch (error) {
				unread.set(venue, errorText(error));
				app.log.warn({ venue, error: errorText(error) }, 'balances not read');
			}
		}),
	);
	return unread;
}

function tokensAt(app: Pick<App, 'config'>, venue: VenueId) {
	return [...app.config.assets.values()].flatMap((asset) => {
		const token = asset.venues.get(venue);
		return token === undefined ? [] : [{ asset: asset.symbol, address: token.address }];
	});
}
