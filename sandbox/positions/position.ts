/** A position as a test sets it, and the row that the API makes of it. */
import type { Hex } from 'viem';
import { unitsOf } from '../scale.ts';

/** Of shares and of dollars alike. */
const DECIMALS = 6;
const ONE = unitsOf('1', DECIMALS);
const NAMES = ['Yes', 'No'] as const;

export interface Position {
	/** The ERC-1155 id of the outcome token, whole. */
	readonly asset: bigint;
	/** That of the other outcome. */
	readonly oppositeAsset: bigint;
	readonly conditionId: Hex;
	readonly outcomeIndex: 0 | 1;
	/** With at most 6 decimals, as "12.5". */
	readonly shares: string;
	/** Dollars for one share, as "0.42": what was paid on average, and what it costs now. 0.5 unless told otherwise. */
	readonly avgPrice?: string;
	readonly curPrice?: string;
	/** False unless told otherwise: the market is decided; the other outcome is held too; collateral is wrapped. */
	readonly redeemable?: boolean;
	readonly mergeable?: boolean;
	readonly negativeRisk?: boolean;
	readonly title?: string;
}

/** As the API writes it: token ids as decimal text, all other figures as JSON numbers. */
export type PositionRow = ReturnType<typeof rowOf>;

/** Throws when a figure is no amount with at most 6 decimals. */
export function rowOf(user: string, position: Position) {
	const { asset, oppositeAsset, conditionId, outcomeIndex, shares, title = 'Will it rain tomorrow?' } = position;
	const { avgPrice = '0.5', curPrice = '0.5', redeemable = false, mergeable = false, negativeRisk = false } = position;
	const [initial, current] = [worth(shares, avgPrice), worth(shares, curPrice)];
	const slug = [...title.toLowerCase().matchAll(/[a-z0-9]+/g)].join('-');
	return {
		...{ proxyWallet: user, asset: `${asset}`, conditionId, size: Number(shares), avgPrice: Number(avgPrice) },
		...{ initialValue: dollars(initial), currentValue: dollars(current), cashPnl: dollars(current - initial) },
		...{ percentPnl: initial === 0n ? 0 : dollars(((current - initial) * 100n * ONE) / initial), totalBought: Number(shares) },
		...{ realizedPnl: 0, percentRealizedPnl: 0, curPrice: Number(curPrice), redeemable, mergeable },
		...{ title, slug, icon: '', eventSlug: slug, outcome: NAMES[outcomeIndex], outcomeIndex },
		...{ oppositeOutcome: NAMES[1 - outcomeIndex], oppositeAsset: `${oppositeAsset}`, endDate: '2030-01-01', negativeRisk },
	};
}

/** Millionths of a dollar, rounded down. */
const worth = (shares: string, price: string): bigint => (unitsOf(shares, DECIMALS) * unitsOf(price, DECIMALS)) / ONE;

/** The nearest number that JSON has, as with the real API: a reader that needs every unit must ask the chain. */
const dollars = (units: bigint): number => Number(units) / Number(ONE);
