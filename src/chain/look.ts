/** How a chain is looked at: a failed look is never an answer, and log queries stay within what nodes serve. */
import { type Address, type Hash, type PublicClient, type TransactionReceipt, TransactionReceiptNotFoundError } from 'viem';
import { errorText, InvariantError, TransientError } from '../errors.ts';
import type { VenueId } from '../inventory/venue.ts';

/** A range of blocks, both ends included. */
export interface BlockRange {
	readonly fromBlock: bigint;
	readonly toBlock: bigint;
}

/** Nodes refuse log queries over long ranges; 500 of these reach over a million blocks. */
export const CHUNK_BLOCKS = 2_000n;
export const MAX_CHUNKS = 500;

interface Asked {
	/** What is asked, as messages name it. */
	readonly name: string;
	readonly chainId: number;
}

/** Throws `TransientError` for every failure of the look itself. */
export async function lookAt<T>({ name, chainId }: Asked, look: () => Promise<T>): Promise<T> {
	try {
		return await look();
	} catch (error) {
		if (error instanceof InvariantError || error instanceof TransientError) throw error;
		const text = `${name} on ${chainId} could not be asked: ${errorText(error)}`;
		throw new TransientError(text, { chain: String(chainId) }, { cause: error });
	}
}

/** How many nonces an account has spent: in the latest block, or with what waits in the node's pool. Throws `TransientError`. */
export async function nonceCount(
	client: PublicClient,
	{ venue, signer }: { readonly venue: VenueId; readonly signer: Address },
	blockTag: 'latest' | 'pending' = 'latest',
): Promise<bigint> {
	const count = await lookAt({ name: `the nonce of ${signer}`, chainId: Number(venue) }, () =>
		client.getTransactionCount({ address: signer, blockTag }),
	);
	return BigInt(count);
}

/** The highest block that counts as final: `finalityBlocks` below the head, or the first one. */
export async function finalHead({ client, finalityBlocks }: { client: PublicClient; finalityBlocks: number }): Promise<bigint> {
	const head = await client.getBlockNumber();
	const depth = BigInt(finalityBlocks);
	return head > depth ? head - depth : 0n;
}

/** Null when no such transaction is mined. */
export async function receiptOrNull(client: PublicClient, hash: Hash): Promise<TransactionReceipt | null> {
	try {
		return await client.getTransactionReceipt({ hash });
	} catch (error) {
		if (error instanceof TransactionReceiptNotFoundError) return null;
		throw error;
	}
}

/** The range in pieces that nodes serve, first to last, `MAX_CHUNKS` of them at most. */
export function chunksOf({ fromBlock, toBlock }: BlockRange): BlockRange[] {
	const chunks: BlockRange[] = [];
	for (let bottom = fromBlock; bottom <= toBlock && chunks.length < MAX_CHUNKS; bottom += CHUNK_BLOCKS) {
		const top = bottom + CHUNK_BLOCKS - 1n;
		chunks.push({ fromBlock: bottom, toBlock: top < toBlock ? top : toBlock });
	}
	return chunks;
}

/** All up to `head` in pieces that nodes serve, the newest first, `MAX_CHUNKS` of them at most. */
export function chunksBelow(head: bigint): BlockRange[] {
	const chunks: BlockRange[] = [];
	for (let top = head; top >= 0n && chunks.length < MAX_CHUNKS; top -= CHUNK_BLOCKS) {
		const bottom = top - CHUNK_BLOCKS + 1n;
		chunks.push({ fromBlock: bottom > 0n ? bottom : 0n, toBlock: top });
	}
	return chunks;
}
