/** What a transaction offers for its gas, first and when it has to be replaced. All in wei per gas. */

export interface Fees {
	readonly maxFeePerGas: bigint;
	readonly maxPriorityFeePerGas: bigint;
}

/** What a chain's settings say. */
export interface FeeRules {
	/** Nothing is ever signed that offers more. */
	readonly maxFeePerGas: bigint;
	/** How long a transaction may be next in line without being mined, before it is outbid. */
	readonly replaceAfterMs: number;
}

/** The node's fee estimate is doubled for the base fee, so that a few full blocks do not price the transaction out. */
const BASE_FEE_HEADROOM = 2n;

/** The first offer: what the node estimates, with headroom, and never more than `cap`. */
export function firstFees({ maxFeePerGas, maxPriorityFeePerGas }: Fees, cap: bigint): Fees {
	const maxFee = least(maxFeePerGas * BASE_FEE_HEADROOM, cap);
	return { maxFeePerGas: maxFee, maxPriorityFeePerGas: least(maxPriorityFeePerGas, maxFee) };
}

/**
 * The next offer for the same nonce. Nodes take a replacement only when both fees rise by a tenth, some by an eighth, so they rise by an eighth
 * at least, rounded up. Null when that is more than `cap`: what was offered last stands.
 */
export function risenFees(before: Fees, estimate: Fees, cap: bigint): Fees | null {
	const now = firstFees(estimate, cap);
	const maxFeePerGas = most(risen(before.maxFeePerGas), now.maxFeePerGas);
	const maxPriorityFeePerGas = most(risen(before.maxPriorityFeePerGas), now.maxPriorityFeePerGas);
	if (maxFeePerGas > cap || maxPriorityFeePerGas > maxFeePerGas) return null;
	return { maxFeePerGas, maxPriorityFeePerGas };
}

/** An eighth more, rounded up, and more than before also when that was nothing. */
function risen(fee: bigint): bigint {
	return fee + (fee === 0n ? 1n : (fee + 7n) / 8n);
}

function least(a: bigint, b: bigint): bigint {
	return a < b ? a : b;
}

function most(a: bigint, b: bigint): bigint {
	return a > b ? a : b;
}
