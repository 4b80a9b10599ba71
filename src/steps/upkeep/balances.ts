/** Brings the stored balances up to date. A venue that cannot be read keeps its old snapshot, which then ages visibly. */
import type { App, UnreadVenues } from '../../app.ts';
import { errorText } from '../../errors.ts';
import { gathered } from '../../gathered.ts';
import { type Position, positionKey, type VenueId } from '../../inventory/venue.ts';
import { done, type Outcome } from '../../outcome.ts';
import { readAges, saveBalances, venuesMoving } from '../../store/inventory.ts';
import { claimLook } from '../../store/transfers.ts';
import { lookAtBalances, lookAtTransfers, type Save } from './look-at-chain.ts';

/** Readings younger than this are shared, whichever process has made them: a burst of jobs makes one read per chain, not one each. */
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
	const [ages, moving] = await Promise.all([readAges(app.db), venuesMoving(app.db)]);
	const save: Save = gathered((balances) => saveBalances(app.db, balances));
	await Promise.all(
		[...app.config.chains.keys()].map(async (chain) => {
			try {
				if (oldestOf(ages, positionsOf(app, chain)) <= SHARED_MS) return;
				for (const { venue, problem } of await lookAtBalances(app, chain, { isMoving: moving.has(chain), save }))
					unread.set(venue, problem);
			} catch (error) {
				const problem = `balances on ${chain} could not be read: ${errorText(error)}`;
				unread.set(chain, problem);
				app.log.warn({ venue: chain, error: errorText(error) }, 'balances not read');
			}
		}),
	);
	return unread;
}

/** One look at every chain that nobody has looked at for `inventory.pollMs`; what moved is read at once, and everything every `inventory.syncMs`. */
export async function syncInventory(app: App): Promise<Outcome> {
	const { pollMs, syncMs } = app.config.inventory;
	await Promise.all(
		[...app.config.chains.keys()].map(async (chain) => {
			try {
				// A little early is not too soon: jobs come now and then before their time.
				if (!(await claimLook(app.db, chain, pollMs / 2))) return;
				await lookAtTransfers(app, chain, async () => oldestOf(await readAges(app.db), positionsOf(app, chain)) >= syncMs);
			} catch (error) {
				app.log.warn({ venue: chain, error: errorText(error) }, 'inventory not looked at');
			}
		}),
	);
	return done();
}

/** Milliseconds since the longest unread of them was read; infinite when one never was. */
function oldestOf(ages: ReadonlyMap<string, number>, positions: readonly Position[]): number {
	return positions.reduce((oldest, position) => Math.max(oldest, ages.get(positionKey(position)) ?? Number.POSITIVE_INFINITY), 0);
}

function positionsOf({ config }: Pick<App, 'config'>, chain: VenueId) {
	return config.inventory.positions.get(chain) ?? [];
}
