/** Everything that a step may use, put together once per process. Queues are not in it: steps write wake-ups to the outbox. */
import type { PublicClient } from 'viem';
import type { BridgeAdapter } from './bridge/bridge.ts';
import type { SendPorts } from './chain/send.ts';
import type { Config } from './config/load.ts';
import { PermanentError } from './errors.ts';
import type { EverclearClient } from './everclear/client.ts';
import type { Requester } from './exchange/requester.ts';
import type { VenueId } from './inventory/venue.ts';
import type { MinedCall } from './leg/call.ts';
import type { Hop } from './leg/leg.ts';
import type { BridgeEnd, HopOrder } from './leg/order.ts';
import type { Log } from './observe/log.ts';
import type { Db } from './store/db.ts';

export interface App {
	readonly config: Config;
	readonly db: Db;
	readonly log: Log;
	readonly client: (venue: VenueId) => PublicClient;
	/** Throws `ConfigError` when an endpoint serves another chain than the configured one; returns those that do not answer. */
	readonly checkChains: () => Promise<readonly { readonly key: string; readonly problem: string }[]>;
	readonly bridges: ReadonlyMap<string, BridgeAdapter>;
	readonly everclear: EverclearClient;
	readonly sending: SendPorts;
	readonly requester: Requester;
	/** Brings the stored balances up to date; venues that could not be read, with the reason. */
	readonly syncBalances: () => Promise<UnreadVenues>;
	readonly nowMs: () => number;
}

/** Venues whose balances could not be read, with the reason; empty when all is well. */
export type UnreadVenues = ReadonlyMap<VenueId, string>;

/** Throws `PermanentError` when the bridge of a stored hop is not configured any more. */
export function bridgeOf(app: Pick<App, 'bridges'>, name: string): BridgeAdapter {
	const bridge = app.bridges.get(name);
	if (bridge === undefined)
		throw new PermanentError(`bridge "${name}" is not configured; its legs wait until it is again`, { bridge: name });
	return bridge;
}

/**
 * The first block whose balances have seen a mined call for certain. A snapshot of the call's own block may be of another fork; one that is
 * as far above it as blocks are taken back at most is not.
 */
export function absorbedFrom({ config }: Pick<App, 'config'>, venue: VenueId, { blockNumber }: MinedCall): bigint {
	return blockNumber + BigInt(config.chains.get(venue)?.finalityBlocks ?? 0);
}

/** The asset's token at a venue. Throws `PermanentError` when the configuration does not know it: decimals are never guessed. */
export function endOf(app: Pick<App, 'config'>, asset: string, venue: VenueId): BridgeEnd {
	const token = app.config.assets.get(asset)?.venues.get(venue);
	const chain = app.config.chains.get(venue);
	if (token === undefined || chain === undefined) {
		throw new PermanentError(`${asset} at venue ${venue} is not configured`, { asset, venue });
	}
	return { venue, chainId: chain.chainId, asset, token: token.address, decimals: token.decimals };
}

/** What the bridge of a hop is asked about. */
export function orderOf(
	app: Pick<App, 'config'>,
	hop: Pick<Hop, 'origin' | 'destination' | 'asset' | 'toAsset' | 'send' | 'receive' | 'seconds'>,
): HopOrder {
	const { send, receive, seconds } = hop;
	const wallet = app.config.wallet;
	const ends = { origin: endOf(app, hop.asset, hop.origin), destination: endOf(app, hop.toAsset, hop.destination) };
	return { ...ends, send, receive, seconds, sender: wallet, recipient: wallet };
}
