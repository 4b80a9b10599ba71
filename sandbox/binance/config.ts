/** What a configuration file says about the exchange on the local chains. */
import type { Binance } from './binance.ts';

/** As the product is told, and not as the exchange does: a test may make it slower or faster than that. */
const DEPOSIT_SECONDS = 3;
const WITHDRAW_SECONDS = 2;
/** The stand-in lists what it has accepted at once, unless it is told otherwise. */
const HISTORY_LAG_SECONDS = 2;

/** The block `bridges.binance`, with the limits that the account has now. */
export function binanceSettings({ apiUrl, listings, settings: { uidPerMinute, ipPerMinute } }: Binance) {
	const networks = listings.map(({ chain, network, depositAddress }) => [
		chain.id,
		{ network, depositAddress, depositSeconds: DEPOSIT_SECONDS, withdrawSeconds: WITHDRAW_SECONDS },
	]);
	const limits = { uidWeightPerMinute: uidPerMinute, ipWeightPerMinute: ipPerMinute };
	return { apiUrl, networks: Object.fromEntries(networks), historyLagSeconds: HISTORY_LAG_SECONDS, ...limits };
}

/** Every pair of chains that the exchange has, both ways. */
export function binanceRoutes({ listings }: Binance) {
	const venues = [...new Set(listings.map(({ chain }) => chain.id))];
	return venues.flatMap((origin) =>
		venues.filter((each) => each !== origin).map((destination) => ({ asset: 'USDC', origin, destination, bridge: 'binance' })),
	);
}

/** The environment that a process needs to ask it. */
export function binanceEnvironment(binance: Pick<Binance, 'apiKey' | 'secret'> | null): Record<string, string> {
	return binance === null ? {} : { BALLAST_BINANCE_API_KEY: binance.apiKey, BALLAST_BINANCE_API_SECRET: binance.secret };
}

/** The same for a product in this process. */
export function binanceKeys(binance: Pick<Binance, 'apiKey' | 'secret'> | null) {
	return binance === null ? {} : { binance: { apiKey: binance.apiKey, secret: binance.secret } };
}
