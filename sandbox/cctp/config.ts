/** What a configuration file says about CCTP on the local chains. */
import type { Cctp } from './cctp.ts';
import type { CctpChain } from './deploy.ts';

/** As the product is told, and not as the attesters do: a test may make them slower or faster than that. */
const FAST_SECONDS = 2;
const STANDARD_SECONDS = 8;

/** The block `bridges.cctp-v2`. */
export function cctpSettings({ url, chains, isFastFrom }: Cctp) {
	const ofChain = ({ domain, tokenMessenger, messageTransmitter, chain }: CctpChain) => ({
		domain,
		tokenMessenger,
		messageTransmitter,
		...(isFastFrom(chain.id) && { fastSeconds: FAST_SECONDS }),
		standardSeconds: STANDARD_SECONDS,
	});
	return { apiUrl: url, chains: Object.fromEntries([...chains].map(([id, chain]) => [id, ofChain(chain)])) };
}

/** Every pair of chains with CCTP, both ways. */
export function cctpRoutes({ chains }: Cctp) {
	const venues = [...chains.keys()];
	return venues.flatMap((origin) =>
		venues.filter((each) => each !== origin).map((destination) => ({ asset: 'USDC', origin, destination, bridge: 'cctp-v2' })),
	);
}
