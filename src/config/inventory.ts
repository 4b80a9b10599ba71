/** What is watched on which chain: the assets in the wallet, and whatever else of ours is to be known truly. */
import type { Address } from 'viem';
import { type ChainPosition, positionKey, type Token, type VenueId, venueOf, WALLET } from '../inventory/venue.ts';
import type { Problem } from './problem.ts';
import { NOT_PLAIN, PLAIN_NAME } from './read-value.ts';
import type { ConfigFile } from './schema.ts';

export interface InventoryConfig {
	readonly pollMs: number;
	readonly syncMs: number;
	/** A second opinion about tokens with an id; null where there is none. */
	readonly positionsApiUrl: string | null;
	/** By chain, every position there. */
	readonly positions: ReadonlyMap<VenueId, readonly ChainPosition[]>;
}

/** Reports holders and chains that nobody knows, and positions that are there twice. */
export function resolveInventory(file: ConfigFile, problems: Problem[]): InventoryConfig {
	const { pollMs, syncMs, holders, positionsApiUrl = null } = file.inventory;
	for (const name of Object.keys(holders)) {
		const key = `inventory.holders.${name}`;
		if (!PLAIN_NAME.test(name)) problems.push({ key, problem: NOT_PLAIN });
		if (name === WALLET) problems.push({ key, problem: 'is the account that signs, which is under "wallet"' });
	}
	const positions = new Map<VenueId, ChainPosition[]>(Object.keys(file.chains).map((chain) => [chain, []]));
	const known = new Set<string>();
	for (const { chain, key, ...position } of [...ofAssets(file), ...watched(file, problems)]) {
		const there = positions.get(chain);
		if (there === undefined) continue;
		if (known.has(positionKey(position))) problems.push({ key, problem: `is ${position.asset} at ${position.venue} again` });
		known.add(positionKey(position));
		there.push(position);
	}
	return { pollMs, syncMs, positionsApiUrl, positions };
}

interface Listed extends ChainPosition {
	readonly chain: VenueId;
	readonly key: string;
}

function ofAssets({ assets, wallet }: ConfigFile): Listed[] {
	return Object.entries(assets).flatMap(([asset, { venues }]) =>
		Object.entries(venues).map(([chain, { address, decimals }]) => ({
			...{ chain, venue: chain, asset, holder: wallet, decimals, key: `assets.${asset}.venues.${chain}` },
			token: { kind: 'erc20', address } as const,
		})),
	);
}

function watched({ inventory, wallet, chains }: ConfigFile, problems: Problem[]): Listed[] {
	const accounts = new Map<string, Address>([[WALLET, wallet], ...Object.entries(inventory.holders)]);
	return inventory.watch.flatMap((each, index) => {
		const at = `inventory.watch.${index}`;
		if (!PLAIN_NAME.test(each.asset)) problems.push({ key: `${at}.asset`, problem: NOT_PLAIN });
		if (!Object.hasOwn(chains, each.chain)) problems.push({ key: `${at}.chain`, problem: 'is not a chain under "chains"' });
		return each.holders.flatMap((name, place) => {
			const key = `${at}.holders.${place}`;
			const holder = accounts.get(name);
			if (holder !== undefined) {
				const { asset, chain, decimals } = each;
				return [{ key, chain, venue: venueOf(chain, name), asset, holder, decimals, token: tokenOf(each) }];
			}
			problems.push({ key, problem: `is not one of ${[...accounts.keys()].join(', ')}` });
			return [];
		});
	});
}

function tokenOf(watch: ConfigFile['inventory']['watch'][number]): Token {
	if (watch.token === 'native') return { kind: 'native' };
	if (watch.token === 'erc20') return { kind: 'erc20', address: watch.address };
	return { kind: 'erc1155', address: watch.address, id: watch.id };
}
