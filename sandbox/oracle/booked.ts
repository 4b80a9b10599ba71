/** Waits for the product to have seen and booked what is on the chains now, so that its books can be compared with them. */
import { setTimeout as pause } from 'node:timers/promises';
import type postgres from 'postgres';
import type { World } from '../world.ts';
import { checkBooks } from './books.ts';
import type { OracleChain } from './chains.ts';
import { balancesSince } from './openings.ts';

const LOOK_AGAIN_MS = 100;
/** Blocks until what is there now is settled, and a few looks of the product. */
const BOOKED_WITHIN_MS = 20_000;

interface Books {
	readonly world: World;
	readonly before: readonly OracleChain[];
	/** Where no process looks by itself: one look of the product at every chain. */
	readonly look?: () => Promise<unknown>;
}

/** The problems of the books, once they have had the time to say what the chains say. */
export async function checkSettledBooks(sql: postgres.Sql, { world, before, look }: Books): Promise<string[]> {
	const heads = await Promise.all(
		[...world.chains.values()].map(async ({ id, client }) => ({ chain: id, head: await client.getBlockNumber() })),
	);
	const deadline = Date.now() + BOOKED_WITHIN_MS;
	while (Date.now() < deadline && !(await isBooked(sql, heads))) await Promise.all([look?.(), pause(LOOK_AGAIN_MS)]);
	return checkBooks(sql, await balancesSince(world, before));
}

async function isBooked(sql: postgres.Sql, heads: readonly { readonly chain: string; readonly head: bigint }[]): Promise<boolean> {
	const behind = await Promise.all(
		heads.map(async ({ chain, head }) => {
			const at = head.toString();
			const [row] = await sql<{ seen: boolean; open: number; unopened: number }[]>`
				select
					coalesce((select block_number >= ${at}::bigint from transfer_cursors where chain = ${chain}), false) as seen,
					(select count(*)::int from transfers where chain = ${chain} and not is_booked and block_number <= ${at}::bigint) as open,
					(select count(*)::int from balance_snapshots where split_part(venue, '/', 1) = ${chain} and opened_block is null) as unopened`;
			return row === undefined || !row.seen || row.open > 0 || row.unopened > 0;
		}),
	);
	return !behind.includes(true);
}
