/** One of Across's pools, and how it is asked: a failed look is never an answer, and log queries stay within what nodes serve. */
import { type Address, type Hash, type PublicClient, type TransactionReceipt, TransactionReceiptNotFoundError } from 'viem';
import { errorText, InvariantError, TransientError } from '../../errors.ts';

export interface PoolPlace {
	readonly client: PublicClient;
	readonly pool: Address;
	readonly chainId: number;
	/** How many blocks on top of one make it final. */
	readonly finalityBlocks: number;
}

/** A range of blocks, both ends included. */
export interface BlockRange {
	readonly fromBlock: bigint;
	readonly toBlock: bigint;
}

/** Nodes refuse log queries over long ranges; 500 of these reach over a million blocks. */
export const CHUNK_BLOCKS = 2_000n;
export const MAX_CHUNKS = 500;

/** Throws `TransientError` for every failure of the look itself. */
export async function asked<T>({ chainId, pool }: PoolPlace, look: () => Promise<T>): Promise<T> {
	try {
		return await look();
	} catch (error) {
		if (error instanceof InvariantError || error instanceof TransientError) throw error;
		const text = `pool ${pool} on ${chainId} could not be asked: ${errorText(error)}`;
		throw new TransientError(text, { chain: String(chainId) }, { cause: error });
	}
}

/** The highest block that counts as final. */
export async function finalHead({ client, finalityBlocks }: PoolPlace): Promise<bigint> {
	const head = await client.getBlockNumber();
	const depth = BigInt(finalityBlocks);
	return head > depth ? head - depth : 0n;
}

/** Null when no such transaction is mined. */
export async function receiptOrNull({ client }: PoolPlace, hash: Hash): Promise<TransactionReceipt | null> {
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
