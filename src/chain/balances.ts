/**
 * Reads every position of one chain at one block: in one multicall pinned to the head's hash, and in one more at the block that counts as settled. What
 * cannot be read is an error of its position, never zero.
 */
import type { Address, PublicClient } from 'viem';
import { errorText, TransientError } from '../errors.ts';
import type { ChainPosition, Position, VenueId } from '../inventory/venue.ts';
import type { Amount } from '../money/amount.ts';
import { type Answer, type BalanceCalls, callsFor, readAnswer, type Unread } from './balance-calls.ts';
import { lookAt } from './look.ts';

export interface SeenBlock {
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
		readAt(client, positions, { blockHash: head.blockHash as `0x${string}`, requireCanonical: true }),
		settled === 0 ? null : readAt(client, positions, isNamed ? { blockTag: settled } : below(head, settled)),
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
		const read = latest.answers[index] ?? NO_ANSWER;
		const there = settledAt === null ? read : settledAt.answers[index];
		if (typeof read !== 'bigint') unread.push({ venue: at, asset, problem: read.problem });
		else {
			const place = { venue: at, asset, amount: read, blockNumber, blockHash };
			balances.push({ ...place, settled: typeof there === 'bigint' && number !== null ? { amount: there, blockNumber: number } : null });
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
	/** What contracts take for the block's number; null when no request was answered. */
	readonly number: bigint | null;
	/** By position. */
	readonly answers: readonly Answer[];
}

/** Requests that are answered at different blocks, as a name may come to mean another one in between, are as good as the first of them alone. */
export async function readAt(client: PublicClient, positions: readonly ChainPosition[], at: At): Promise<Answers> {
	const to = client.chain?.contracts?.multicall3?.address as Address;
	const answers: Answer[] = [];
	let number: bigint | null = null;
	for (const [calls, said] of await Promise.all(
		callsFor(positions, to).map(async (each) => [each, await ask(client, each, { to, at })] as const),
	)) {
		const isAnswer = 'answers' in said;
		const isSame = isAnswer && (number === null || said.number === number);
		if (isSame) number = said.number;
		const unread = isAnswer ? failed(`answered at block ${said.number}, others at ${number}`) : said;
		answers.push(...(isSame ? said.answers : Array<Unread>(calls.count).fill(unread)));
	}
	return { number, answers };
}

/** What was answered, or why it was not. */
async function ask(client: PublicClient, calls: BalanceCalls, { to, at }: { to: Address; at: At }) {
	try {
		const { data } = await client.call({ to, data: calls.data, ...at });
		if (data === undefined) return { problem: `no multicall answers at ${to}`, isEmpty: true };
		return readAnswer(data, calls);
	} catch (error) {
		return failed(errorText(error));
	}
}

const failed = (problem: string): Unread => ({ problem, isEmpty: false });
const NO_ANSWER = failed('no answer');
