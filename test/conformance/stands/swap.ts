/** Swap: the exchange gives at once, so there is nothing to prove later and nobody to ask but the chain. */
import type { OpenStand } from '../stand.ts';

const VENUE = '1';
/** A tenth of the pool, in token units: its price moves by several times what any quote leaves room for. */
const TRADE = '5000000';

export const openSwap: OpenStand = (world) => ({
	bridge: 'swap',
	origin: { venue: VENUE, asset: 'USDT' },
	destination: { venue: VENUE, asset: 'USDC' },
	amount: '100',
	api: null,
	lies: {},
	fund: (tokenUnits) => world.fundUsdt(VENUE, tokenUnits),
	hold() {},
	async release() {},
	claimFirst: null,
	spoil: () => world.uniswap.trade(VENUE, { sell: 'USDT', tokenUnits: TRADE }),
});
