/** The account's book: what came in, what goes out, and what is left. Amounts are at the exchange's eight decimals. */
import type { Address, Hash } from 'viem';
import { textOf } from './amount.ts';

/** 0 pending, 6 credited and locked, 1 success, 7 wrong deposit. */
type DepositStatus = 0 | 1 | 6 | 7;

export interface Deposit {
	readonly id: string;
	readonly coin: string;
	readonly network: string;
	/** Chain id as decimal text. */
	readonly venue: string;
	readonly address: Address;
	readonly transactionHash: Hash;
	/** Rounded down from the token's units: what is finer is not credited. */
	readonly amount: bigint;
	readonly insertedAtMs: number;
	/** A reorganisation may move it. */
	blockNumber: bigint;
	confirmations: number;
	status: DepositStatus;
	completedAtMs: number | null;
}

/** 2 awaiting approval, 4 processing, 6 completed; 1 cancelled, 3 rejected and 5 failed have given the amount back. */
export type WithdrawalStatus = 1 | 2 | 3 | 4 | 5 | 6;

export interface Withdrawal {
	readonly id: string;
	/** What the client calls it, as `withdrawOrderId`. */
	readonly orderId: string | null;
	readonly coin: string;
	readonly network: string;
	/** Chain id as decimal text. */
	readonly venue: string;
	readonly address: Address;
	/** What was asked for and debited; the fee comes out of it. */
	readonly amount: bigint;
	readonly fee: bigint;
	readonly appliedAtMs: number;
	status: WithdrawalStatus;
	/** The hot wallet's on this chain: whatever is sent for this withdrawal, however often, is sent on it. */
	nonce: number | null;
	transactionHash: Hash | null;
	blockNumber: bigint | null;
	completedAtMs: number | null;
	/** Why it has failed. */
	info: string | null;
}

export interface Book {
	/** By "<venue>-<transaction hash>-<place among the transaction's deposits>". */
	readonly deposits: Map<string, Deposit>;
	/** As they were accepted. */
	readonly withdrawals: Withdrawal[];
	/** What a test has credited, by coin. */
	readonly credits: Map<string, bigint>;
}

export const openBook = (): Book => ({ deposits: new Map(), withdrawals: [], credits: new Map() });

interface Balance {
	/** May be withdrawn. */
	readonly free: bigint;
	/** Credited by deposits that are not yet to be withdrawn. */
	readonly locked: bigint;
	/** Debited by withdrawals that have not ended. */
	readonly withdrawing: bigint;
}

export function balanceOf({ deposits, withdrawals, credits }: Book, coin: string): Balance {
	const sumOf = <Entry extends { readonly coin: string; readonly amount: bigint; readonly status: number }>(
		entries: Iterable<Entry>,
		statuses: readonly Entry['status'][],
	) => [...entries].filter((each) => each.coin === coin && statuses.includes(each.status)).reduce((sum, { amount }) => sum + amount, 0n);
	const credited = (credits.get(coin) ?? 0n) + sumOf(deposits.values(), [1]);
	const withdrawing = sumOf(withdrawals, [2, 4]);
	return {
		free: credited - withdrawing - sumOf(withdrawals, [6]),
		locked: sumOf(deposits.values(), [6]),
		withdrawing,
	};
}

/** Withdrawals beyond the first of each client id. */
export function duplicatesIn({ withdrawals }: Book): number {
	const named = withdrawals.flatMap(({ orderId }) => orderId ?? []);
	return named.length - new Set(named).size;
}

/** What the chain shows of a withdrawal in the end. */
export const receivedOf = ({ amount, fee }: Withdrawal): bigint => amount - fee;

/** `balanceOf` in decimal text. */
export function balanceTextOf(book: Book, coin: string): { readonly free: string; readonly locked: string } {
	const { free, locked } = balanceOf(book, coin);
	return { free: textOf(free), locked: textOf(locked) };
}
