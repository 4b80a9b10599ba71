/** What is seen of a chain, written as if a node had just said so: readings of USDC in the wallet, and what has moved there. */
import { amount } from '../../src/money/amount.ts';
import type { Db } from '../../src/store/db.ts';
import { readHoldings } from '../../src/store/holdings.ts';
import type { BalanceReading } from '../../src/store/inventory.ts';
import { type Movement, readCursor, type SeenBlock, saveMovements } from '../../src/store/transfers.ts';
import { randomHash } from './fixture.ts';

/** The block of that number, on the chain as it was first unless a fork is named. */
export function blockAt(blockNumber: bigint, fork = ''): SeenBlock {
	return { blockNumber, blockHash: `0x${blockNumber}${fork}` };
}

/** Base units of USDC at that block; `more` may name another asset, fork or settled balance. */
export function reading(venue: string, units: bigint, blockNumber: bigint, more: Partial<BalanceReading> = {}): BalanceReading {
	return { venue, asset: 'USDC', amount: amount(units), ...blockAt(blockNumber), settled: null, ...more };
}

interface Moved extends Partial<Pick<Movement, 'asset' | 'transactionHash'>> {
	readonly incoming?: bigint;
	readonly outgoing?: bigint;
	readonly fork?: string | undefined;
}

/** One transaction's movement of USDC, in base units; by a transaction of its own unless one is named. */
export function movement(venue: string, blockNumber: bigint, { incoming = 0n, outgoing = 0n, fork, ...more }: Moved): Movement {
	const sums = { incoming: amount(incoming), outgoing: amount(outgoing) };
	return { venue, asset: 'USDC', transactionHash: randomHash(), ...blockAt(blockNumber, fork), ...sums, ...more };
}

interface Look {
	/** The head of the chain then. */
	readonly upTo: bigint;
	readonly movements?: readonly Movement[];
	/** The block after the last look's, unless something was taken back. */
	readonly fromBlock?: bigint;
	readonly fork?: string | undefined;
}

/** One look at a chain, which nobody else looks at meanwhile. */
export async function look(db: Db, chain: string, { upTo, movements = [], fromBlock, fork }: Look): Promise<void> {
	const before = await readCursor(db, chain);
	const first = before === null ? upTo : before.blockNumber + 1n;
	const seen = { chain, before, fromBlock: fromBlock ?? first, upTo: blockAt(upTo, fork), movements };
	if (!(await saveMovements(db, seen))) throw new Error(`somebody else has looked at ${chain}`);
}

/** What everybody who spends sees there; no reserves. */
export async function holdingOf(db: Db, venue: string, asset = 'USDC') {
	const found = (await readHoldings(db, asset, new Map())).find((each) => each.venue === venue);
	if (found === undefined) throw new Error(`no holding at ${venue}`);
	return found;
}
