/** One look at the chain, as a book of fills is told of it, and what has moved by it. */
import type { Amount } from '../money/amount.ts';
import type { Block, Side } from './fill.ts';

/** What one transaction has moved at the position, in base units. */
export interface Flow {
	readonly tx: string;
	readonly incoming: Amount;
	readonly outgoing: Amount;
	readonly block: Block;
}

/** The balance in one block, and what has moved since the look before. */
export interface Look {
	readonly block: Block;
	/** Base units. */
	readonly confirmed: Amount;
	/** Everything from the block after the last look, or from `takenBackFrom`, to this one; null when it is not known. */
	readonly flows: readonly Flow[] | null;
	/** The first block that is not on the chain any more; null when none was taken back. */
	readonly takenBackFrom: bigint | null;
	/** Unix milliseconds. */
	readonly atMs: number;
}

export interface Seen {
	/** `older`: of a block before the last one, and nothing has changed. */
	readonly kind: 'first' | 'older' | 'taken';
	/** What no fill explains, as the balance has changed by it: more came in above zero, more went out below. */
	readonly unexplained: bigint;
	/** Whether transfers did not come to what the balance has changed; the balance is right. */
	readonly isMismatch: boolean;
}

/** One way of one transfer, or of all that is known of several. */
export interface Moved {
	readonly side: Side;
	readonly amount: bigint;
	readonly tx: string | null;
	readonly block: Block;
}

/** What came or went and belongs to no fill. */
export interface Stranger {
	readonly side: Side;
	/** Base units. */
	left: Amount;
	readonly tx: string | null;
	readonly block: Block;
	/** Unix milliseconds. */
	readonly atMs: number;
}

export const signed = (side: Side, units: bigint): bigint => (side === 'buy' ? units : -units);
export const sumOf = (moves: readonly Moved[]): bigint => moves.reduce((sum, { side, amount }) => sum + signed(side, amount), 0n);

export function movesOf({ tx, incoming, outgoing, block }: Flow): Moved[] {
	const both: Moved[] = [
		{ side: 'buy', amount: incoming, tx, block },
		{ side: 'sell', amount: outgoing, tx, block },
	];
	return both.filter(({ amount }) => amount > 0n);
}

export function netOf(net: bigint, block: Block): Moved[] {
	if (net === 0n) return [];
	return [{ side: net > 0n ? 'buy' : 'sell', amount: net > 0n ? net : -net, tx: null, block }];
}
