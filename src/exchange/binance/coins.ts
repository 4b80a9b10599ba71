/** What the exchange says of coins, of our addresses, and of what the account holds. */
import { z } from 'zod';
import { PermanentError, TransientError } from '../../errors.ts';
import type { AccountBalance, CoinPlace, ExchangeReads, NetworkTerms } from '../exchange.ts';
import { checked } from './call.ts';
import type { Read } from './clock.ts';
import { ENDPOINTS } from './endpoints.ts';
import { decimal, maybeWord, word } from './fields.ts';
import { type Recent, recently } from './recently.ts';

/** Many quotes are asked for at once; terms that are older might have changed. */
const KEPT_MS = 3_000;
const MOST_ADDRESSES = 200;

/** Only the coin that is asked for is read in full: what is odd about another one is nobody's trouble. */
const coins = z
	.array(z.looseObject({ coin: word }))
	.min(1)
	.max(20_000);
const listing = z.object({
	networkList: z
		.array(
			z.object({
				network: word,
				depositEnable: z.boolean(),
				withdrawEnable: z.boolean(),
				withdrawFee: decimal,
				withdrawMin: decimal,
				withdrawMax: decimal,
				withdrawIntegerMultiple: decimal,
				depositDust: z.union([decimal, z.literal('')]).nullish(),
			}),
		)
		.max(500),
});
const depositAddress = z.object({ coin: word, address: word, tag: maybeWord });
const account = z.object({ balances: z.array(z.looseObject({ asset: word })).max(20_000) });
const balance = z.object({ free: decimal, locked: decimal });

export function createCoins(read: Read, nowMs: () => number): Pick<ExchangeReads, 'networks' | 'depositAddress' | 'balance'> {
	const all = recently({ forMs: KEPT_MS, nowMs, read: () => read(ENDPOINTS.coins, {}, coins) });
	const addresses = new Map<string, Recent<z.output<typeof depositAddress>>>();
	const addressOf = ({ coin, network }: CoinPlace) => {
		const key = `${coin} ${network}`;
		const known = addresses.get(key);
		if (known !== undefined) return known;
		if (addresses.size >= MOST_ADDRESSES) addresses.clear();
		const made = recently({ forMs: KEPT_MS, nowMs, read: () => read(ENDPOINTS.depositAddress, { coin, network }, depositAddress) });
		addresses.set(key, made);
		return made;
	};
	return {
		async networks(coin) {
			const row = (await all.get()).find((each) => each.coin === coin);
			if (row === undefined) throw new PermanentError(`Binance knows no coin ${coin}`, { service: 'binance', coin });
			return termsByNetwork(checked(ENDPOINTS.coins, listing, row));
		},
		async depositAddress(place) {
			const { coin, address, tag } = await addressOf(place).get();
			if (coin === place.coin) return { address, tag };
			throw new TransientError(`Binance: asked for our address for ${place.coin}, it tells the one for ${coin}`, { service: 'binance' });
		},
		balance: async (coin): Promise<AccountBalance> => {
			const { balances } = await read(ENDPOINTS.account, {}, account);
			const row = balances.find(({ asset }) => asset === coin);
			// The account lists what it holds.
			return row === undefined ? { free: '0', locked: '0' } : checked(ENDPOINTS.account, balance, row);
		},
	};
}

function termsByNetwork({ networkList }: z.output<typeof listing>): ReadonlyMap<string, NetworkTerms> {
	return new Map(
		networkList.map((row) => [
			row.network,
			{
				depositEnabled: row.depositEnable,
				withdrawEnabled: row.withdrawEnable,
				withdrawFee: row.withdrawFee,
				withdrawMinimum: row.withdrawMin,
				withdrawMaximum: row.withdrawMax,
				withdrawStep: row.withdrawIntegerMultiple,
				depositMinimum: row.depositDust ? row.depositDust : null,
			},
		]),
	);
}
