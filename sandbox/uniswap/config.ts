/** What a configuration file says about the exchanges on the local chains. */
import { LOWEST_FEE } from './deploy.ts';
import type { Uniswap } from './uniswap.ts';

/** The block `bridges.swap`. */
export function swapSettings({ exchanges }: Uniswap) {
	const ofExchange = ({ router, quoter }: { router: string; quoter: string }) => ({ router, quoter, fees: [LOWEST_FEE, 500], seconds: 2 });
	return { venues: Object.fromEntries([...exchanges].map(([id, exchange]) => [id, ofExchange(exchange)])) };
}

/** Into USDC, on every chain. */
export function swapRoutes({ exchanges }: Uniswap) {
	return [...exchanges.keys()].map((id) => ({ asset: 'USDT', toAsset: 'USDC', origin: id, destination: id, bridge: 'swap' }));
}

/** The block `assets.USDT`. */
export function usdtAsset({ exchanges }: Uniswap) {
	const venueOf = ({ usdt: address, chain: { decimals } }: { usdt: string; chain: { decimals: number } }) => ({
		address,
		decimals,
		reserve: '0',
	});
	return { venues: Object.fromEntries([...exchanges].map(([id, exchange]) => [id, venueOf(exchange)])) };
}
