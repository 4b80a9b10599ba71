/**
 * The refund of a deposit that nobody can fill any more, looked for on its origin: in the final blocks of the chain first, and where
 * the chain alone does not tell, in the transaction that the API names. Each look stands for itself and goes over the same bounded
 * range again, so that any process may take the next one.
 */
import type { Hash } from 'viem';
import { CHUNK_BLOCKS, finalHead, receiptOrNull } from '../../chain/look.ts';
import { type Attribution, attribute, type Unfilled } from './attribute.ts';
import { isPastFilling, readFillStatus } from './fill.ts';
import { type OwnDeposit, scanOwnDeposits } from './own-deposits.ts';
import { asked, type PoolPlace } from './pool.ts';
import { findClaim, paybackIn, type RefundLeaf, scanRefunds } from './refund.ts';
import type { Deposit } from './relay.ts';

export type RefundSight =
	| { readonly state: 'refunded'; readonly tx: Hash; readonly amount: bigint }
	/** `deferred`: the pool owes it to us and could not transfer it; `unclear`: a refund that may be of other deposits of ours. */
	| { readonly state: 'unseen' | 'deferred' | 'unclear' };

export interface RefundPlaces {
	readonly origin: PoolPlace;
	/** Where another deposit of ours would be filled; null for a chain that is not configured. */
	destination(chainId: number): PoolPlace | null;
	/** The transaction that the API names; null when it names none. */
	hint(): Promise<Hash | null>;
}

/**
 * How far before a deposit others are looked for that may be refunded with it: they expire within 6 hours and are refunded some
 * hours later, and no chain makes more blocks in that time.
 */
const LOOK_BACK_BLOCKS = 100n * CHUNK_BLOCKS;

/** Throws `TransientError` when a chain cannot be asked. */
export async function findRefund(places: RefundPlaces, deposit: Deposit): Promise<RefundSight> {
	const { origin } = places;
	const head = await asked(origin, () => finalHead(origin));
	const leaves = await scanRefunds(origin, deposit, { fromBlock: deposit.depositBlock, toBlock: head });
	const isPossible = leaves.some((leaf) => leaf.amount >= deposit.inputAmount);
	const { refundOf, isComplete } = isPossible ? await attributeTo(places, deposit, leaves) : NOTHING;
	const ours = refundOf.get(deposit.depositId);
	if (ours !== undefined) return sightOf(places, deposit, { tx: ours.tx, head });
	if (!isComplete) return { state: 'unclear' };
	const hinted = await places.hint();
	if (hinted === null || [...refundOf.values()].some((leaf) => leaf.tx === hinted)) return { state: isPossible ? 'unclear' : 'unseen' };
	return sightOf(places, deposit, { tx: hinted, head });
}

const NOTHING: Attribution<RefundLeaf> = { refundOf: new Map(), isComplete: true };

async function attributeTo(places: RefundPlaces, deposit: Deposit, leaves: readonly RefundLeaf[]): Promise<Attribution<RefundLeaf>> {
	const most = leaves.reduce((max, leaf) => (leaf.amount > max ? leaf.amount : max), 0n);
	const last = leaves.reduce((max, leaf) => (leaf.blockNumber > max ? leaf.blockNumber : max), 0n);
	const first = deposit.depositBlock - LOOK_BACK_BLOCKS;
	const own = await scanOwnDeposits(places.origin, deposit, { fromBlock: first > 0n ? first : 0n, toBlock: last });
	const fitting = own.filter(({ relay }) => relay.inputAmount <= most);
	const unfilled = await Promise.all(fitting.map((each) => unfilledOrNull(places, each)));
	return attribute(
		leaves,
		unfilled.filter((each) => each !== null),
	);
}

/** Null when it was filled. On a chain that is not configured nobody can tell, and its fate stays open. */
async function unfilledOrNull({ destination }: RefundPlaces, { relay, destinationChainId, ...at }: OwnDeposit): Promise<Unfilled | null> {
	const { depositId, inputAmount, fillDeadline } = relay;
	const unfilled = { ...at, depositId, amount: inputAmount, fillDeadline };
	const there = destination(destinationChainId);
	if (there === null) return { ...unfilled, isExpired: false };
	const seen = await readFillStatus(there, relay);
	return seen.status === 'filled' ? null : { ...unfilled, isExpired: await isPastFilling(there, relay, seen) };
}

/** Whether the transaction is final and has paid; what it deferred may have been claimed since. */
async function sightOf({ origin }: RefundPlaces, deposit: Deposit, { tx, head }: { tx: Hash; head: bigint }): Promise<RefundSight> {
	const receipt = await asked(origin, () => receiptOrNull(origin.client, tx));
	const payback = receipt === null ? null : paybackIn(receipt, origin, deposit);
	if (payback === null || payback.amount < deposit.inputAmount) return { state: 'unseen' };
	if (payback.blockNumber > head || payback.blockNumber < deposit.depositBlock) return { state: 'unseen' };
	if (payback.isPaid) return { state: 'refunded', tx, amount: payback.amount };
	const claim = await findClaim(origin, deposit, { fromBlock: payback.blockNumber, toBlock: head });
	return claim === null ? { state: 'deferred' } : { state: 'refunded', tx: claim, amount: payback.amount };
}
