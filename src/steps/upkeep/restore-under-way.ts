/** Writes what was found under way, while everything is stopped. Each row by itself: one that is refused keeps no other from being written. */
import type { App } from '../../app.ts';
import { payloadHash } from '../../chain/payload.ts';
import { errorText, PermanentError } from '../../errors.ts';
import { routeId } from '../../plan/route-id.ts';
import type { Cause } from '../../store/db.ts';
import { openLane } from '../../store/lanes.ts';
import { restoreLeg, restorePurchase } from '../../store/restore.ts';
import { isStopped } from '../../store/stops.ts';
import type { UnderWay } from './find-under-way.ts';

export interface Restored {
	readonly legs: number;
	readonly purchases: number;
	/** What the database knew already, as after an earlier rebuild. */
	readonly known: number;
	readonly refused: readonly { readonly tx: string; readonly problem: string }[];
}

/**
 * May be repeated: what is known is left as it is. Throws `PermanentError`, and writes nothing, unless the stop switch is on, and while
 * transactions of ours are not final, because what they do could not be found.
 */
export async function restoreUnderWay(app: App, { venues, legs, purchases }: UnderWay, cause: Cause): Promise<Restored> {
	if (!(await isStopped(app.db)))
		throw new PermanentError('the stop switch is off: pause first, so that nobody pays or moves anything before all is found');
	const unfinished = venues.filter((each) => each.unfinished > 0n).map((each) => `${each.unfinished} on ${each.venue}`);
	if (unfinished.length > 0)
		throw new PermanentError(`transactions of ours are not final yet (${unfinished.join(', ')}): wait for them, then run this again`);
	// What is sent from now on comes after all that was sent before.
	for (const { venue, spent } of venues) await openLane(app.db, { venue, signer: app.config.wallet, next: spent });
	const written = { legs: 0, purchases: 0, known: 0 };
	const refused: Restored['refused'][number][] = [];
	const hashOf = ({ venue, payload }: UnderWay['legs'][number]['call']) => payloadHash(app.sending.chain(venue).chainId, payload);
	const write = async (what: 'legs' | 'purchases', tx: string, work: () => Promise<boolean>) => {
		try {
			written[(await work()) ? what : 'known'] += 1;
		} catch (error) {
			refused.push({ tx, problem: errorText(error) });
		}
	};
	for (const leg of legs)
		await write('legs', leg.call.transactionHash, () =>
			restoreLeg(app.db, { ...leg, route: routeOf(leg), payloadHash: hashOf(leg.call) }, cause),
		);
	for (const purchase of purchases)
		await write('purchases', purchase.call.transactionHash, () =>
			restorePurchase(app.db, { ...purchase, asset: purchase.at.asset, payloadHash: hashOf(purchase.call) }, cause),
		);
	return { ...written, refused };
}

function routeOf({ bridge, order: { origin, destination } }: UnderWay['legs'][number]): string {
	return routeId({ bridge, origin: origin.venue, destination: destination.venue, asset: origin.asset, toAsset: destination.asset });
}
