import type { Command } from 'commander';
import type { AssetVenueConfig, Config } from '../config/load.ts';

/** The configured token at a position. Ends the command, naming what there is, when there is none. */
export function tokenAt(config: Config, { asset, venue }: { asset: string; venue: string }, command: Command): AssetVenueConfig {
	const known = config.assets.get(asset);
	if (known === undefined) return command.error(`error: there is no asset ${asset}; there is ${[...config.assets.keys()].join(', ')}`);
	const token = known.venues.get(venue);
	if (token !== undefined) return token;
	const venues = [...known.venues.keys()].map((each) => `${each} (${config.chains.get(each)?.name})`);
	return command.error(`error: ${asset} has no venue ${venue}; it has ${venues.join(', ')}`);
}
