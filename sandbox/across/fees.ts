/** What a transfer costs: a fixed part for gas and a proportional part, per route, and the amounts that a route takes. */
import type { LocalChain } from '../chains/chain.ts';
import { scaleDown, unitsOf } from '../scale.ts';

interface RouteFee {
	/** Token units: the fixed part, as "0.05". */
	readonly gas: string;
	/** Basis points of what is sent. */
	readonly bps: number;
	/** Token units. */
	readonly minDeposit: string;
	/** Token units. */
	readonly maxDeposit: string;
	readonly fillSeconds: number;
}

/** The most is low enough that a large invoice needs more than one origin, as it does when relayers are short of funds. */
const USUAL: RouteFee = { gas: '0.05', bps: 4, minDeposit: '1', maxDeposit: '25000', fillSeconds: 3 };
/** Fewer relayers take deposits on this chain. */
const SCARCE = { origin: '56', fee: { ...USUAL, maxDeposit: '5000' } };
const BPS = 10_000n;
/** 100 % as the API writes it. */
const WHOLE = 10n ** 18n;

export interface Route {
	readonly origin: LocalChain;
	readonly destination: LocalChain;
}

export interface FeeTable {
	of(route: Route): RouteFee;
	/** Venues as chain ids in text; what is left out stays as usual. */
	set(origin: string, destination: string, fee: Partial<RouteFee>): void;
	clear(): void;
}

export function createFeeTable(): FeeTable {
	const fees = new Map<string, RouteFee>();
	const feeOn = (origin: string, destination: string) =>
		fees.get(`${origin}-${destination}`) ?? (origin === SCARCE.origin ? SCARCE.fee : USUAL);
	return {
		of: ({ origin, destination }) => feeOn(origin.id, destination.id),
		set: (origin, destination, fee) => void fees.set(`${origin}-${destination}`, { ...feeOn(origin, destination), ...fee }),
		clear: () => fees.clear(),
	};
}

export interface Price {
	/** Base units of the input token, each rounded up, because a relayer does not work for less. */
	readonly gas: bigint;
	readonly capital: bigint;
	readonly total: bigint;
	/** Base units of the output token, rounded down; 0 when the fee eats everything. */
	readonly output: bigint;
	readonly minDeposit: bigint;
	readonly maxDeposit: bigint;
}

/** `amount` in base units of the input token. */
export function priceOf({ origin, destination }: Route, { gas: gasText, bps, ...limits }: RouteFee, amount: bigint): Price {
	const gas = unitsOf(gasText, origin.decimals);
	const capital = (amount * BigInt(bps) + BPS - 1n) / BPS;
	const total = gas + capital;
	const left = amount > total ? amount - total : 0n;
	return {
		gas,
		capital,
		total,
		output: scaleDown(left, origin.decimals, destination.decimals),
		minDeposit: unitsOf(limits.minDeposit, origin.decimals),
		maxDeposit: unitsOf(limits.maxDeposit, origin.decimals),
	};
}

/** The part of `amount` that `total` is, rounded up, at 1e18 for all of it. */
export function fractionOf(total: bigint, amount: bigint): bigint {
	return amount === 0n ? 0n : (total * WHOLE + amount - 1n) / amount;
}
