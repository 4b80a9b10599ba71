import type { World } from '../world.ts';
import type { OracleChain } from './chains.ts';

/** What the wallet holds on every chain before anything is judged. */
export async function openings(world: World): Promise<OracleChain[]> {
	return Promise.all(
		[...world.chains.values()].map(async ({ id, client, usdc, decimals }) => {
			const fromBlock = await client.getBlockNumber();
			return { id, client, usdc, decimals, fromBlock, opening: await world.balanceOf(id, world.wallet) };
		}),
	);
}
