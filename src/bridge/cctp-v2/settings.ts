/** The settings under `bridges.cctp-v2`, and what they say about a pair of chains. */
import type { Address } from 'viem';
import { z } from 'zod';
import { addressText } from '../../config/schema.ts';
import { PermanentError } from '../../errors.ts';
import type { VenueId } from '../../inventory/venue.ts';
import type { BridgeEnd } from '../../leg/order.ts';

const seconds = z.int().min(1).max(86_400);

const chain = z.strictObject({
	/** Circle's own number of the chain. */
	domain: z.int().min(0).max(0xffff_ffff),
	tokenMessenger: addressText,
	messageTransmitter: addressText,
	/** From here: how long a fast transfer usually takes; left out where Circle offers none. */
	fastSeconds: seconds.optional(),
	/** From here: how long a transfer usually takes that waits until the chain is final. */
	standardSeconds: seconds,
});

export const settings = z.strictObject({
	apiUrl: z.url({ protocol: /^https?$/, error: 'is not an http(s) URL' }),
	/** Of all processes together; Circle answers nothing for minutes when it is asked more often. */
	requestsPerSecond: z.int().min(1).max(1_000).default(35),
	/** How the API names the token. */
	symbol: z
		.string()
		.regex(/^[A-Za-z0-9]{1,16}$/, 'is not a token symbol')
		.default('USDC'),
	chains: z.record(z.string().regex(/^[1-9][0-9]{0,15}$/, 'is not a chain id as decimal text'), chain).check(({ value, issues }) => {
		const [...entries] = Object.entries(value);
		for (const [index, [venue, { domain }]] of entries.entries()) {
			const twin = entries.slice(0, index).find(([, each]) => each.domain === domain);
			if (twin === undefined) continue;
			issues.push({ code: 'custom', input: domain, path: [venue, 'domain'], message: `is ${domain}, and so is that of ${twin[0]}` });
		}
	}),
});

export type CctpV2Settings = z.output<typeof settings>;
export type CctpChain = CctpV2Settings['chains'][string];

/** Both ends of a transfer and their contracts. */
export interface CctpPair {
	readonly from: CctpChain;
	readonly to: CctpChain;
	readonly origin: BridgeEnd;
	readonly destination: BridgeEnd;
}

/** Throws `PermanentError` naming the missing setting. */
export function chainAt({ chains }: CctpV2Settings, venue: VenueId): CctpChain {
	const found = Object.hasOwn(chains, venue) ? chains[venue] : undefined;
	if (found === undefined) throw new PermanentError(`CCTP is not configured under bridges.cctp-v2.chains.${venue}`, { venue });
	return found;
}

/** Throws `PermanentError` when nothing can be sent between these two, naming the setting or the pair. */
export function pairOf(configured: CctpV2Settings, { origin, destination }: Pick<CctpPair, 'origin' | 'destination'>): CctpPair {
	const refuse = (problem: string): never => {
		throw new PermanentError(`CCTP from ${origin.venue} to ${destination.venue}: ${problem}`, {
			origin: origin.venue,
			destination: destination.venue,
		});
	};
	if (origin.venue === destination.venue) return refuse('nothing is sent from a chain to itself');
	// What is burned is minted one to one in base units, less the fee.
	if (origin.decimals !== destination.decimals)
		return refuse(`the token has ${origin.decimals} decimals here and ${destination.decimals} there`);
	return { from: chainAt(configured, origin.venue), to: chainAt(configured, destination.venue), origin, destination };
}

/** The contracts that may be called at a venue; none where CCTP is not configured. */
export function contractsAt({ chains }: CctpV2Settings, venue: VenueId): readonly Address[] {
	const found = Object.hasOwn(chains, venue) ? chains[venue] : undefined;
	return found === undefined ? [] : [found.tokenMessenger, found.messageTransmitter];
}
