import { erc20Abi } from 'viem';
import type { World } from '../world.ts';
import type { OracleChain } from './chains.ts';
import type { ExchangeBook } from './exchange.ts';
import type { WatchedAccount } from './sent.ts';

/** What the wallet holds on every chain before anything is judged. */
export async function openings(world: World): Promise<OracleChain[]> {
	return Promise.all(
		[...world.chains.values()].map(async ({ id, client, usdc, decimals }) => {
			const fromBlock = await client.getBlockNumber();
			const tokens = [
				{ asset: 'USDC', address: usdc, decimals },
				{ asset: 'USDT', address: world.uniswap.at(id).usdt, decimals },
			];
			const opened = tokens.map(async (token) => ({ ...token, opening: await balanceOf(world, id, token.address) }));
			return { id, client, fromBlock, exchange: exchangeAt(world, id), tokens: await Promise.all(opened) };
		}),
	);
}

/** Our account there and the wallet that it pays from; null where there is none. */
export function exchangeAt({ binance }: World, venue: string): NonNullable<OracleChain['exchange']> | null {
	const listing = binance?.listings.find(({ chain }) => chain.id === venue);
	return binance === null || listing === undefined ? null : { account: listing.depositAddress, wallet: binance.hotWallet };
}

/** The exchange's own book, once every withdrawal is over; null where there is no exchange. */
export function exchangeBook({ binance }: World): ExchangeBook | null {
	if (binance === null) return null;
	const paid = binance.withdrawals().filter(({ status }) => status === 6);
	return {
		withdrawals: paid.map(({ transactionHash, amount, fee }) => ({ tx: transactionHash ?? '0x', asked: amount, fee })),
		decimals: binance.decimals,
	};
}

/** What the wallet has had and has now, by venue and asset: for the books. */
export async function balancesSince(world: World, before: readonly OracleChain[]) {
	return Promise.all(
		before.flatMap(({ id, tokens }) =>
			tokens.map(async ({ asset, address, opening }) => ({ venue: id, asset, opening, closing: await balanceOf(world, id, address) })),
		),
	);
}

/** Our account on every chain since then, with whom it may call there. */
export function accountsSince({ chains, cctp, uniswap, wallet }: World, before: readonly OracleChain[]): WatchedAccount[] {
	return before.map(({ id, client, fromBlock, tokens }) => {
		const messages = cctp.chains.get(id);
		const bridges = messages === undefined ? [] : [messages.tokenMessenger, messages.messageTransmitter];
		const chain = chains.get(id);
		const pools = chain === undefined ? [] : [chain.spokePool, chain.spoke];
		return {
			id,
			client,
			fromBlock,
			allowed: [wallet, ...tokens.map(({ address }) => address), ...pools, ...bridges, uniswap.at(id).router],
		};
	});
}

function balanceOf(world: World, venue: string, token: `0x${string}`): Promise<bigint> {
	return world.chain(venue).client.readContract({ address: token, abi: erc20Abi, functionName: 'balanceOf', args: [world.wallet] });
}
