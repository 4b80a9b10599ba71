/** Double entry: what a movement takes from one account and puts on another. Every move is at one position, so a posting sums to zero at each. */
import { type Amount, subtract, ZERO } from '../money/amount.ts';
import { rescale } from '../money/units.ts';
import type { Position } from './venue.ts';

/**
 * `wallet` is what we hold at the venue, `in_flight` what a bridge has taken there, `receivable` what the hub owes for a payment made there, `fees` what
 * bridges have kept, `external` what came from or went to the world outside, the hub's rewards included. `bridge` and `hub` are where a movement changes
 * the venue and `swap` where it changes the asset: over all venues the first two come to nothing.
 */
export const LEDGER_ACCOUNTS = ['wallet', 'in_flight', 'receivable', 'fees', 'external', 'bridge', 'hub', 'swap'] as const;

export type LedgerAccount = (typeof LEDGER_ACCOUNTS)[number];

/** `amount` in base units of the position. */
export interface Move extends Position {
	readonly from: LedgerAccount;
	readonly to: LedgerAccount;
	readonly amount: Amount;
}

interface End extends Position {
	/** Of the asset there. */
	readonly decimals: number;
	/** Base units there. */
	readonly amount: Amount;
}

export interface Crossing {
	/** What has left there and stands on `account` since. */
	readonly out: End & { readonly account: LedgerAccount };
	/** What has come into the wallet. */
	readonly into: End;
	/** The account in which the two meet: it comes to nothing, over both places and in token units. */
	readonly via: 'bridge' | 'hub';
	/** Bears the difference, or gains it. */
	readonly difference: 'fees' | 'external';
}

/**
 * What has left at one position arrives in the wallet at another. The difference stands where the asset has more decimals, so that nothing is rounded. Of
 * two assets there is no difference: they meet in `swap`.
 */
export function crossing({ out, into, via, difference }: Crossing): Move[] {
	const [there, here] = [placeOf(out), placeOf(into)];
	if (out.asset !== into.asset)
		return [
			{ ...there, from: out.account, to: 'swap', amount: out.amount },
			{ ...here, from: 'swap', to: 'wallet', amount: into.amount },
		].filter(({ amount }) => amount > 0n) as Move[];
	const isFinerThere = out.decimals >= into.decimals;
	const fine = Math.max(out.decimals, into.decimals);
	const [left, came] = [out, into].map(({ amount, decimals }) => rescale(amount, decimals, fine, 'down')) as [Amount, Amount];
	const [lost, gained] = left >= came ? [subtract(left, came), ZERO] : [ZERO, subtract(came, left)];
	const moves: Move[] = isFinerThere
		? [
				{ ...there, from: out.account, to: via, amount: subtract(out.amount, lost) },
				{ ...there, from: out.account, to: difference, amount: lost },
				{ ...there, from: difference, to: via, amount: gained },
				{ ...here, from: via, to: 'wallet', amount: into.amount },
			]
		: [
				{ ...there, from: out.account, to: via, amount: out.amount },
				{ ...here, from: via, to: 'wallet', amount: subtract(into.amount, gained) },
				{ ...here, from: via, to: difference, amount: lost },
				{ ...here, from: difference, to: 'wallet', amount: gained },
			];
	return moves.filter(({ amount }) => amount > 0n);
}

function placeOf({ venue, asset }: Position): Position {
	return { venue, asset };
}
