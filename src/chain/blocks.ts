/** Blocks that were seen before, and whether they are still on their chain. */
import type { PublicClient } from 'viem';
import type { VenueId } from '../inventory/venue.ts';
import type { Head, SeenBlock } from './balances.ts';
import { lookAt } from './look.ts';

/** Throws `TransientError`, also when the node has no such block. */
export async function blockAt(
	client: PublicClient,
	{ chain, blockNumber }: { readonly chain: VenueId; readonly blockNumber: bigint },
): Promise<SeenBlock> {
	const block = await lookAt({ name: `block ${blockNumber}`, chainId: Number(chain) }, () => client.getBlock({ blockNumber }));
	return { blockNumber, blockHash: block.hash };
}

/** Whether `before`, which is no higher than the head, is on the head's chain. Asks only when the head itself does not tell. Throws `TransientError`. */
export async function isStillThere(
	client: PublicClient,
	{ chain, head, before }: { readonly chain: VenueId; readonly head: Head; readonly before: SeenBlock },
): Promise<boolean> {
	if (head.blockNumber === before.blockNumber) return head.blockHash === before.blockHash;
	if (head.blockNumber === before.blockNumber + 1n) return head.parentHash === before.blockHash;
	return isOnChain(client, { chain, block: before });
}

/** Whether the node's chain has it at its height now. Throws `TransientError`. */
export async function isOnChain(
	client: PublicClient,
	{ chain, block }: { readonly chain: VenueId; readonly block: SeenBlock },
): Promise<boolean> {
	return (await blockAt(client, { chain, blockNumber: block.blockNumber })).blockHash === block.blockHash;
}
