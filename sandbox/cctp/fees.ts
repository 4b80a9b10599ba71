/** What Circle takes of a burn, per pair of chains and finality. */
import type { LocalChain } from '../chains/chain.ts';
import { unitsOf } from '../scale.ts';

interface PairFees {
	/** Basis points as text, fractions allowed; null where the origin is final so soon that there is no faster way. */
	readonly fast: string | null;
	/** Basis points as text. */
	readonly standard: string;
}

interface Pair {
	readonly origin: LocalChain;
	readonly destination: LocalChain;
}

export interface FeeTable {
	of(pair: Pair): PairFees;
	/** Whether a chain is usually so slow to be final that there is a faster way from it. */
	isFastFrom(venue: string): boolean;
	/** Venues as chain ids in text; what is left out stays as usual. */
	set(origin: string, destination: string, fees: Partial<PairFees>): void;
	clear(): void;
}

const USUAL: PairFees = { fast: '1.3', standard: '0' };
/** Polygon and Avalanche. */
const SOON_FINAL = ['137', '43114'];
const BPS_DECIMALS = 6;
/** All of it, in the smallest part of a basis point that a fee can name. */
const WHOLE = unitsOf('10000', BPS_DECIMALS);

export function createFees(): FeeTable {
	const fees = new Map<string, PairFees>();
	const isFastFrom = (venue: string) => !SOON_FINAL.includes(venue);
	const feesOn = (origin: string, destination: string): PairFees =>
		fees.get(`${origin}-${destination}`) ?? (isFastFrom(origin) ? USUAL : { ...USUAL, fast: null });
	return {
		isFastFrom,
		of: ({ origin, destination }) => feesOn(origin.id, destination.id),
		set: (origin, destination, changes) => void fees.set(`${origin}-${destination}`, { ...feesOn(origin, destination), ...changes }),
		clear: () => fees.clear(),
	};
}

/** Base units, rounded up: nobody works for less than the fee. */
export function feeFor(amount: bigint, bps: string): bigint {
	return (amount * unitsOf(bps, BPS_DECIMALS) + WHOLE - 1n) / WHOLE;
}
