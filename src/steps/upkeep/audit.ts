/** Looks at everything once, for whoever wants to compare: chains, and accounts at services. Acts on nothing. */
import type { App } from '../../app.ts';
import { errorText } from '../../errors.ts';
import type { Position, VenueId } from '../../inventory/venue.ts';
import { lookAtTransfers } from './look-at-chain.ts';

/** Chains and positions that could not be read now, with the reason; the others are as they are now. */
export async function lookAtEverything(app: App): Promise<ReadonlyMap<VenueId, string>> {
	const unread = new Map<VenueId, string>();
	await Promise.all(
		[...app.config.chains.keys()].map(async (chain) => {
			try {
				for (const { venue, asset, problem } of await lookAtTransfers(app, chain, async () => true))
					unread.set(venue, `${asset}: ${problem}`);
			} catch (error) {
				unread.set(chain, errorText(error));
			}
		}),
	);
	return unread;
}

/** What an account of ours at a service holds, in token units as decimal text; `problem` when it did not say. */
export type AccountHolding = { readonly bridge: string; readonly asset: string } & (
	| { readonly free: string; readonly locked: string }
	| { readonly problem: string }
);

/** Of every asset that a route brings over a bridge with an account. */
export async function readAccounts({ config, bridges }: App): Promise<AccountHolding[]> {
	const used = config.routes.flatMap(({ bridge, asset }) => (bridges.get(bridge)?.holdings === undefined ? [] : [{ bridge, asset }]));
	const places: (Pick<Position, 'asset'> & { bridge: string })[] = [
		...new Map(used.map((each) => [`${each.bridge} ${each.asset}`, each])).values(),
	];
	return Promise.all(
		places.map(async ({ bridge, asset }) => {
			try {
				const held = await bridges.get(bridge)?.holdings?.(asset);
				return { bridge, asset, free: held?.free ?? '0', locked: held?.locked ?? '0' };
			} catch (error) {
				return { bridge, asset, problem: errorText(error) };
			}
		}),
	);
}
