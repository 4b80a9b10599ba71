/**
 * Which refund was whose. A refund names an account and a sum and no deposits, so that one of 100 may be of our deposit of 100, of
 * another of ours, or of one of 60 and one of 40 together. Refunds are laid out on deposits in an order that everybody arrives at who
 * looks at the same chain, now or later: so no refund is counted for two deposits.
 */

/** Where something stands on the chain. */
export interface Place {
	readonly blockNumber: bigint;
	readonly logIndex: number;
}

export interface Refund extends Place {
	/** Base units that went to us. */
	readonly amount: bigint;
}

export interface Unfilled extends Place {
	readonly depositId: bigint;
	readonly amount: bigint;
	/** Unix seconds. */
	readonly fillDeadline: number;
	/** Nobody can fill it any more; else that is not known yet. */
	readonly isExpired: boolean;
}

export interface Attribution<R> {
	readonly refundOf: ReadonlyMap<bigint, R>;
	/** False when a deposit whose fate is open stands in the way: what comes after it is not attributed yet. */
	readonly isComplete: boolean;
}

/** More sums than any wallet has deposits to refund; beyond it, nothing is attributed. */
const MAX_SUMS = 20_000;

/**
 * Refunds in the order of the chain; each takes the deposits made before it that sum up to it exactly, of those with the earliest
 * deadlines. A refund that is no such sum is of something else, and is left out.
 */
export function attribute<R extends Refund>(refunds: readonly R[], unfilled: readonly Unfilled[]): Attribution<R> {
	const refundOf = new Map<bigint, R>();
	const byDeadline = [...unfilled].sort((a, b) => a.fillDeadline - b.fillDeadline || compare(a.depositId, b.depositId));
	for (const refund of [...refunds].sort(byPlace)) {
		const before = byDeadline.filter((each) => !refundOf.has(each.depositId) && byPlace(each, refund) < 0);
		const open = before.findIndex((each) => !each.isExpired);
		const paid = earliestSum(open === -1 ? before : before.slice(0, open), refund.amount);
		// Later, when its fate is known, the open one may be part of this refund: until then, nothing after it can be told.
		if (paid === null && open !== -1) return { refundOf, isComplete: false };
		for (const each of paid ?? []) refundOf.set(each.depositId, refund);
	}
	return { refundOf, isComplete: true };
}

/** The first of the deposits, in their order, among which some sum up to `total`: more of them afterwards change nothing. */
function earliestSum(deposits: readonly Unfilled[], total: bigint): readonly Unfilled[] | null {
	const sums = new Map<bigint, readonly Unfilled[]>([[0n, []]]);
	for (const deposit of deposits) {
		for (const [sum, parts] of [...sums]) {
			const more = sum + deposit.amount;
			if (more <= total && !sums.has(more)) sums.set(more, [...parts, deposit]);
		}
		const found = sums.get(total);
		if (found !== undefined) return found;
		if (sums.size > MAX_SUMS) return null;
	}
	return null;
}

function byPlace(a: Place, b: Place): number {
	return compare(a.blockNumber, b.blockNumber) || a.logIndex - b.logIndex;
}

function compare(a: bigint, b: bigint): number {
	return a < b ? -1 : a > b ? 1 : 0;
}
