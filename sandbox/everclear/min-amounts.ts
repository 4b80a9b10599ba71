/** What a new deposit must bring for the hub to settle an invoice, by the hub's own arithmetic. All amounts have 18 decimals. */

/** Discounts are in hundred-thousandths on chain; the API speaks of basis points. */
const WHOLE = 100_000n;
const DBPS_PER_BPS = 10;

export interface Position {
	readonly invoiceAmount: bigint;
	readonly discountBps: number;
	/** What the hub holds on the domain and owes to nobody. */
	readonly custodied: bigint;
	/** Deposits of this epoch on the domain that no invoice has used yet; they are part of what is custodied. */
	readonly deposits: bigint;
}

/** The reward of those whose deposits settle the invoice: a share of what they bring, at most of the whole invoice. */
export function discountOf({ invoiceAmount, discountBps, deposits }: Omit<Position, 'custodied'>): bigint {
	const used = deposits < invoiceAmount ? deposits : invoiceAmount;
	return (used * dbps(discountBps)) / WHOLE;
}

/** Whether the invoice can be settled with what is there. */
export function isCovered(position: Position): boolean {
	return position.custodied >= position.invoiceAmount - discountOf(position);
}

/** The smallest new deposit that covers the invoice, or one unit more; 0 when it is covered already. */
export function minAmount(position: Position): bigint {
	if (isCovered(position)) return 0n;
	const { invoiceAmount, custodied, deposits, discountBps } = position;
	const share = dbps(discountBps);
	return (WHOLE * (invoiceAmount - custodied) - share * deposits) / (WHOLE + share) + 1n;
}

/** What the owner would be paid if somebody deposited exactly the minimum now. */
export function amountAfterDiscount(position: Position): bigint {
	return position.invoiceAmount - discountOf({ ...position, deposits: position.deposits + minAmount(position) });
}

function dbps(discountBps: number): bigint {
	return BigInt(Math.round(discountBps * DBPS_PER_BPS));
}
