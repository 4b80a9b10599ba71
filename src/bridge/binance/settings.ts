/** The settings under `bridges.binance`, and what they say about a pair of venues. */
import type { Address } from 'viem';
import { z } from 'zod';
import { addressText } from '../../config/schema.ts';
import { PermanentError } from '../../errors.ts';
import type { VenueId } from '../../inventory/venue.ts';
import type { BridgeEnd } from '../../leg/order.ts';
import { parseBps } from '../../money/rate.ts';
import { isDecimalText } from '../../money/units.ts';

const name = z.string().regex(/^[A-Za-z0-9]{1,20}$/, 'is not a name as the exchange has them, like "USDC" or "OPTIMISM"');
const seconds = z.int().min(1).max(86_400);
/** An account may be given higher limits; these are what everybody has. */
const UID_WEIGHT_PER_MINUTE = 180_000;
const IP_WEIGHT_PER_MINUTE = 12_000;

const network = z.strictObject({
	/** How the exchange names the chain. */
	network: name,
	/** Ours there; deposits go nowhere else, and none are made when the exchange names another one. */
	depositAddress: addressText,
	/** From a deposit here until it can be withdrawn. */
	depositSeconds: seconds,
	/** From asking for a withdrawal until it is on this chain. */
	withdrawSeconds: seconds,
});

export const settings = z.strictObject({
	apiUrl: z.url({ protocol: /^https?$/, error: 'is not an http(s) URL' }),
	networks: z.record(z.string().regex(/^[1-9][0-9]{0,15}$/, 'is not a chain id as decimal text'), network).check(({ value, issues }) => {
		const entries = Object.entries(value);
		for (const [index, [venue, { network: own }]] of entries.entries()) {
			const twin = entries.slice(0, index).find(([, each]) => each.network === own);
			if (twin === undefined) continue;
			issues.push({ code: 'custom', input: own, path: [venue, 'network'], message: `is ${own}, and so is that of ${twin[0]}` });
		}
	}),
	/** How the exchange names an asset, where it does so otherwise. */
	coins: z.record(z.string().min(1), name).default({}),
	/** A withdrawal whose fee is a larger share of it than this many basis points is not made. */
	maximumFeeBps: z
		.string()
		.refine(isDecimalText, { error: 'is not a number of basis points, as a string like "2.5"', abort: true })
		.transform(parseBps)
		.refine(({ numerator, denominator }) => numerator > 0n && numerator < denominator, 'is not between 0 and 10000 basis points')
		.prefault('100'),
	/** How long after a call that it has taken the exchange may not list the withdrawal yet. */
	historyLagSeconds: z.int().min(1).max(3_600).default(60),
	uidWeightPerMinute: z.int().min(18_000).default(UID_WEIGHT_PER_MINUTE),
	ipWeightPerMinute: z.int().min(100).default(IP_WEIGHT_PER_MINUTE),
});

export type BinanceSettings = z.output<typeof settings>;
type BinanceNetwork = BinanceSettings['networks'][string];

/** Throws `PermanentError` naming the missing setting. */
export function networkAt({ networks }: BinanceSettings, venue: VenueId): BinanceNetwork {
	const found = Object.hasOwn(networks, venue) ? networks[venue] : undefined;
	if (found === undefined) throw new PermanentError(`the exchange has no network under bridges.binance.networks.${venue}`, { venue });
	return found;
}

/** Both ends as the exchange names them. */
export interface BinancePair {
	readonly coin: string;
	readonly from: BinanceNetwork;
	readonly to: BinanceNetwork;
}

/** Throws `PermanentError` when nothing goes between these two by the exchange. */
export function pairOf(configured: BinanceSettings, { origin, destination }: Ends): BinancePair {
	const details = { origin: origin.venue, destination: destination.venue };
	if (origin.venue === destination.venue) throw new PermanentError(`nothing goes by the exchange from ${origin.venue} to itself`, details);
	if (origin.asset !== destination.asset)
		throw new PermanentError(`the exchange is asked to move ${origin.asset}, not to make ${destination.asset} of it`, details);
	return {
		coin: coinOf(configured, origin.asset),
		from: networkAt(configured, origin.venue),
		to: networkAt(configured, destination.venue),
	};
}

export interface Ends {
	readonly origin: BridgeEnd;
	readonly destination: BridgeEnd;
}

export function coinOf({ coins }: BinanceSettings, asset: string): string {
	return (Object.hasOwn(coins, asset) ? coins[asset] : undefined) ?? asset;
}

export function depositsAt({ networks }: BinanceSettings, venue: VenueId): readonly Address[] {
	const found = Object.hasOwn(networks, venue) ? networks[venue] : undefined;
	return found === undefined ? [] : [found.depositAddress];
}
