/**
 * Reads every position of one chain at one block: in one multicall pinned to the head's hash, and in one more at the block that counts as settled. What
 * cannot be read is an error of its position, never zero.
 */
import { type Address, erc20Abi, multicall3Abi, type PublicClient, parseAbi } from 'viem';
import { errorText, TransientError } from '../errors.ts';
import type { ChainPosition, Position, VenueId } from '../inventory/venue.ts';
import { type Amount, amount } from '../money/amount.ts';
import { lookAt } from './look.ts';

/** ERC-1155 counts by holder and id: https://eips.ethereum.org/EIPS/eip-1155. */
const erc1155Abi = parseAbi(['function balanceOf(address account, uint256 id) view returns (uint256)']);

/** viem's own list of Multicall3's functions leaves this one out. */
const blockNumberAbi = parseAbi(['function getBlockNumber() view returns (uint256)']);

/** Of calls in one request: some 400 balances, which public nodes still answer. What does not fit goes into another request. */
const CHUNK_BYTES = 16_384;

interface SeenBlock {
	readonly blockNumber: bigint;
	readonly blockHash: string;
}

export interface Head extends SeenBlock {
	readonly parentHash: string;
}

/** Where balances count as settled: so many blocks below the head, or at the block that the node calls so. */
export type Settled = number | 'safe' | 'finalized';

interface BalanceRead extends Position, SeenBlock {
	/** Base units at that block. */
	readonly amount: Amount;
	/** Base units at the block that counts as settled; null when they could not be read there. */
	readonly settled: { readonly amount: Amount; readonly blockNumber: bigint } | null;
}

interface Reading {
	readonly balances: readonly BalanceRead[];
	/** Positions that could not be read, with the reason. */
	readonly unread: readonly (Position & { readonly problem: string })[];
}

interface Place {
	readonly venue: VenueId;
	readonly positions: readonly ChainPosition[];
	readonly head: Head;
	readonly settled: Settled;
}

/** Throws `TransientError`. */
export async function readHead(client: PublicClient, venue: VenueId): Promise<Head> {
	const block = await lookAt({ name: 'the head', chainId: Number(venue) }, () => client.getBlock({ blockTag: 'latest' }));
	return { blockNumber: block.number, blockHash: block.hash, parentHash: block.parentHash };
}

/** One request each for the head and for what is settled, as long as everything fits into one. A request that fails leaves its positions unread. */
export async function readBalances(client: PublicClient, { venue, positions, head, settled }: Place): Promise<Reading> {
	const isNamed = typeof settled === 'string';
	const [latest, settledAt] = await Promise.all([
		readAt(client, { positions, isNumbered: isNamed, at: { blockHash: head.blockHash as `0x${string}`, requireCanonical: true } }),
		settled === 0 ? null : readAt(client, { positions, isNumbered: isNamed, at: isNamed ? { blockTag: settled } : below(head, settled) }),
	]);
	if (isNamed && latest.number !== null && latest.number !== head.blockNumber)
		throw new TransientError(
			`contracts on ${venue} see block ${latest.number} where the chain is at ${head.blockNumber}: give chains.${venue}.settled a number of blocks`,
			{ venue },
		);
	const { blockNumber, blockHash } = head;
	const number = typeof settled === 'string' ? (settledAt?.number ?? null) : below(head, settled).blockNumber;
	const [balances, unread]: [BalanceRead[], Reading['unread'][number][]] = [[], []];
	for (const [index, { venue: at, asset }] of positions.entries()) {
		const read = latest.answers[index];
		if (read === undefined || typeof read === 'string') unread.push({ venue: at, asset, problem: read ?? 'no answer' });
		else {
			const there = settledAt === null ? read : settledAt.answers[index];
			const isKnown = there !== undefined && typeof there !== 'string' && number !== null;
			balances.push({
				venue: at,
				asset,
				amount: read,
				blockNumber,
				blockHash,
				settled: isKnown ? { amount: there, blockNumber: number } : null,
			});
		}
	}
	return { balances, unread };
}

function below({ blockNumber }: Head, depth: number): { readonly blockNumber: bigint } {
	return { blockNumber: blockNumber > BigInt(depth) ? blockNumber - BigInt(depth) : 0n };
}

type At =
	| { readonly blockHash: `0x${string}`; readonly requireCanonical: true }
	| { readonly blockNumber: bigint }
	| { readonly blockTag: 'safe' | 'finalized' };

interface Answers {
	/** What contracts take for the block's number; null unless it was asked for and answered. */
	readonly number: bigint | null;
	/** By position: base units, or why there are none. */
	readonly answers: readonly (Amount | string)[];
}

async function readAt(
	client: PublicClient,
	{ positions, isNumbered, at }: { positions: readonly ChainPosition[]; isNumbered: boolean; at: At },
): Promise<Answers> {
	const multicall3 = client.chain?.contracts?.multicall3?.address as Address;
	const number = { address: multicall3, abi: blockNumberAbi, functionName: 'getBlockNumber' } as const;
	const contracts = [...(isNumbered ? [number] : []), ...positions.map((position) => balanceOf(position, multicall3))];
	const said = await client.multicall({ allowFailure: true, batchSize: CHUNK_BYTES, contracts, ...at });
	const answers = said.map(({ status, result, error }) => (status === 'success' ? amount(result as bigint) : errorText(error)));
	const first = isNumbered ? answers.shift() : undefined;
	return { number: typeof first === 'bigint' ? first : null, answers };
}

function balanceOf({ token, holder }: ChainPosition, multicall3: Address) {
	if (token.kind === 'native') return { address: multicall3, abi: multicall3Abi, functionName: 'getEthBalance', args: [holder] } as const;
	if (token.kind === 'erc20') return { address: token.address, abi: erc20Abi, functionName: 'balanceOf', args: [holder] } as const;
	return { address: token.address, abi: erc1155Abi, functionName: 'balanceOf', args: [holder, token.id] } as const;
}
