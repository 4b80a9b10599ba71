/**
 * One look at the tokens of a chain: what is held at its head, what has moved since the last look, and from where blocks were taken back since then. All
 * of it is about the chain that ends with the head which was read; what is of another one is not known.
 */
import type { PublicClient } from 'viem';
import { TransientError } from '../errors.ts';
import type { ChainPosition, VenueId } from '../inventory/venue.ts';
import { type Head, readHead } from './balances.ts';
import { isOnChain, isStillThere } from './blocks.ts';
import { chunksOf } from './look.ts';
import { readTokenBalances, type TokenBalances } from './token-balances.ts';
import { type Movement, readMovements } from './transfers.ts';

interface Block {
	readonly number: bigint;
	readonly hash: string;
}

export interface TokenLook extends TokenBalances {
	/** The head that was read. One below the last look is returned as it is. */
	readonly block: Block;
	/** The first block that may not be on the chain any more; null when none was taken back. */
	readonly takenBackFrom: bigint | null;
	/**
	 * Oldest first, everything from the block after the last one, or from `lackedFrom` or `takenBackFrom`, to the head; null when it could not be read, and at the
	 * first look: then only the balance counts.
	 */
	readonly movements: readonly Movement[] | null;
}

interface Place {
	/** The chain's id as decimal text. */
	readonly venue: VenueId;
	readonly positions: readonly ChainPosition[];
	/** The head of the last look; null at the first one. */
	readonly last: Block | null;
	/** The first block whose transfers somebody lacks, below the last look; the block after that unless given. */
	readonly lackedFrom?: bigint | null;
	/** Blocks that a chain takes back at most. */
	readonly deepest: number;
	/** Whether all balances are asked for in one request, or each in one. */
	readonly usesMulticall: boolean;
	/** Another endpoint that is asked for the same balances; null when there is none. */
	readonly second: PublicClient | null;
}

/** Pieces of a range that one look reads, of `CHUNK_BLOCKS` each. */
const MOST_CHUNKS = 50;

/** Throws `TransientError` when the chain does not say what its head is, or whether the last one is still there. */
export async function lookAtTokens(client: PublicClient, place: Place): Promise<TokenLook> {
	const head = await readHead(client, place.venue);
	const { blockNumber: number, blockHash: hash } = head;
	const [held, since] = await Promise.all([readTokenBalances(client, { ...place, blockHash: hash }), readSince(client, place, head)]);
	return { block: { number, hash }, ...held, ...since };
}

type Since = Pick<TokenLook, 'takenBackFrom' | 'movements'>;

async function readSince(client: PublicClient, place: Place, head: Head): Promise<Since> {
	const { venue: chain, last, lackedFrom = null } = place;
	if (last === null) return { takenBackFrom: null, movements: null };
	if (head.blockNumber < last.number) return { takenBackFrom: null, movements: [] };
	const from = lackedFrom ?? last.number + 1n;
	const movements = from > head.blockNumber ? [] : await readWhole(client, place, { head, fromBlock: from });
	if (head.blockHash === last.hash) return { takenBackFrom: null, movements };
	// Asked after the transfers, so that a reorganisation between the two questions is seen, too.
	const before = { blockNumber: last.number, blockHash: last.hash };
	if (await isStillThere(client, { chain, head, before })) return { takenBackFrom: null, movements };
	const takenBackFrom = firstTakenBack(last, place.deepest);
	const fromBlock = from < takenBackFrom ? from : takenBackFrom;
	return { takenBackFrom, movements: await readWhole(client, place, { head, fromBlock }) };
}

/** At least the last block itself is gone. */
function firstTakenBack({ number }: Block, deepest: number): bigint {
	const below = BigInt(Math.max(deepest, 1)) - 1n;
	return number > below ? number - below : 0n;
}

/** Null when a part of it could not be read, when it is too long, and when the head was taken back meanwhile: it may be of another chain then. */
async function readWhole(
	client: PublicClient,
	{ venue, positions }: Place,
	{ head, fromBlock }: { readonly head: Head; readonly fromBlock: bigint },
): Promise<Movement[] | null> {
	const chunks = chunksOf({ fromBlock, toBlock: head.blockNumber });
	if (chunks.length > MOST_CHUNKS) return null;
	const movements: Movement[] = [];
	try {
		for (const chunk of chunks) movements.push(...(await readMovements(client, { venue, positions, ...chunk })));
		return (await isOnChain(client, { chain: venue, block: head })) ? movements : null;
	} catch (error) {
		if (!(error instanceof TransientError)) throw error;
		return null;
	}
}
