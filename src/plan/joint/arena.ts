/**
 * Several demands, each to be covered at one place, and everything that could bring funds there. They compete for what is
 * available at the origins, and for what is there already at their own places.
 */
import { positionKey, type VenueId } from '../../inventory/venue.ts';
import type { Payment } from '../../invoice/payable.ts';
import type { Amount } from '../../money/amount.ts';
import { powerOfTen } from '../../money/units.ts';
import type { Funds } from '../available.ts';
import type { Demand } from '../demand.ts';
import { leastCommonMultiple } from '../exact.ts';
import { type Candidate, marketFor, moneyScaleOf, ratio } from '../one/candidate.ts';
import type { Network } from '../one/network.ts';
import { arrivalOf, smallestPathSend } from '../one/path.ts';
import { decimalsAt } from '../route.ts';

/** One demand at one place. */
interface Post {
	readonly demand: Demand;
	readonly venue: VenueId;
	/** Base units there. */
	readonly amount: Amount;
	/** Of the arena's places, where it is. */
	readonly place: number;
	readonly unitsPerToken: bigint;
	/** In money units; null when any cost will do. */
	readonly maxCost: bigint | null;
}

/** A candidate for one post. */
export interface Option {
	/** Place in the arena's order, which is the order of ties. */
	readonly index: number;
	readonly post: number;
	readonly candidate: Candidate;
	readonly origin: number;
	readonly originUnitsPerToken: bigint;
	/** No send above it brings more. */
	readonly high: bigint;
	/** Alone enough for the post, or as much as there is. */
	readonly enough: bigint;
	readonly slow: boolean;
}

export interface Arena {
	/** Where those are paid who are decided beforehand: their places count in ties. */
	readonly standing: readonly Payment[];
	/** Oldest demand first. */
	readonly posts: readonly Post[];
	/** By post, then route id. */
	readonly options: readonly Option[];
	/** Base units by place. */
	readonly capacities: readonly bigint[];
	readonly unitsPerToken: readonly bigint[];
	/** Money is whole numbers of `1 / moneyScale` tokens. */
	readonly moneyScale: bigint;
}

/** What all arenas of a batch share. */
interface Ground {
	readonly network: Network;
	readonly moneyScale: bigint;
	readonly available: Funds;
	readonly standing: readonly Payment[];
}

/** The one money scale in which all costs and amounts of these demands are whole numbers. */
export function moneyScaleFor(network: Network, demands: readonly Demand[]): bigint {
	const { decimals } = network.input;
	return demands
		.flatMap(({ asset, destinations }) => destinations.map(({ venue }) => powerOfTen(decimalsAt(decimals, venue, asset))))
		.reduce(leastCommonMultiple, moneyScaleOf(network.paths()));
}

/** Sets demands against each other at the given places, each by its place among the demand's destinations. */
export function arenaOf(ground: Ground, seats: readonly { demand: Demand; venue: VenueId; amount: Amount }[]): Arena {
	const { network, moneyScale, available, standing } = ground;
	const { decimals, fastWindowSeconds } = network.input;
	const places = new Map<string, number>();
	const capacities: bigint[] = [];
	const unitsPerToken: bigint[] = [];
	const placeOf = (venue: VenueId, asset: string): number => {
		const key = positionKey({ venue, asset });
		const known = places.get(key);
		if (known !== undefined) return known;
		unitsPerToken.push(powerOfTen(decimalsAt(decimals, venue, asset)));
		const place = capacities.push(available.get(key) ?? 0n) - 1;
		places.set(key, place);
		return place;
	};
	const posts = seats.map(({ demand, venue, amount }) => ({
		...{ demand, venue, amount },
		place: placeOf(venue, demand.asset),
		unitsPerToken: powerOfTen(decimalsAt(decimals, venue, demand.asset)),
		maxCost: demand.maxCost === null ? null : (demand.maxCost.numerator * moneyScale) / demand.maxCost.denominator,
	}));
	const options: Option[] = [];
	for (const [post, { demand, venue, amount }] of posts.entries()) {
		const need = { venue, asset: demand.asset, units: amount };
		const { candidates } = marketFor(need, {
			paths: network.pathsTo(positionKey({ venue, asset: demand.asset })),
			decimals,
			available,
			moneyScale,
		});
		for (const candidate of candidates) {
			const origin = placeOf(candidate.path.origin, candidate.path.asset);
			const slow = candidate.path.seconds > fastWindowSeconds;
			const index = options.length;
			options.push({
				index,
				post,
				candidate,
				origin,
				originUnitsPerToken: unitsPerToken[origin] ?? 1n,
				...topsOf(candidate, amount),
				slow,
			});
		}
	}
	return { standing, posts, options, capacities, unitsPerToken, moneyScale };
}

function topsOf({ path, low, high }: Candidate, amount: bigint): { high: bigint; enough: bigint } {
	const least = smallestPathSend(path, arrivalOf(path, high)) ?? high;
	const covering = smallestPathSend(path, amount);
	const top = least > low ? least : low;
	return { high: top, enough: covering !== null && covering < top ? covering : top };
}

/** Tokens of a send. */
export function sentTokens({ originUnitsPerToken }: Option, send: bigint): number {
	return ratio(send, originUnitsPerToken);
}

/** Tokens that would arrive of a send without rounding down: never less than what arrives, but for float error. */
export function arrivingTokens({ candidate: { path } }: Option, send: bigint, unitsPerToken: bigint): number {
	return ratio(send * path.slope - path.offset, path.divisor * unitsPerToken);
}
