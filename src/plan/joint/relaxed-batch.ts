/**
 * A whole batch without whole units, steps, minimums and fixed numbers of operations: from each origin funds flow at the best
 * terms of any of its paths. Nothing real can do better, so it tells what is impossible, and it tells who had best draw
 * from where.
 */

import { positionKey } from '../../inventory/venue.ts';
import { powerOfTen } from '../../money/units.ts';
import type { Units } from '../available.ts';
import type { Demand } from '../demand.ts';
import { FLOAT_ROOM } from '../one/best-known.ts';
import { ratio } from '../one/candidate.ts';
import { type Path, pathSendFrom, pathSendUpTo, smallestPathSend } from '../one/path.ts';
import { decimalsAt } from '../route.ts';
import type { Batch } from './batch.ts';
import { type Column, type Program, shortfall, solve } from './linear.ts';

/** What can flow from one position to one place of a demand. */
interface Stream {
	readonly demand: Demand;
	readonly venue: string;
	readonly from: string;
	/** Tokens: the most that is of use, what arrives of that, and what it costs at least. */
	readonly sent: number;
	readonly arrived: number;
	readonly cost: number;
	/** Of the demand's amount there. */
	readonly share: number;
}

export interface RelaxedBatch {
	/** Whether all of these can surely not be covered together, beside those who are paid at once. */
	isImpossible(covered: readonly Demand[], paid: ReadonlySet<string>): boolean;
	/** What each of these had best draw from where, in tokens by position; null when they cannot all be covered. */
	allotment(covered: readonly Demand[], paid: ReadonlySet<string>): ReadonlyMap<string, ReadonlyMap<string, number>> | null;
	/** The most that all covered amounts can add up to, when some demands are surely covered and others surely not. */
	mostValue(given: { readonly paid: ReadonlySet<string>; readonly covered: readonly Demand[]; readonly left: readonly Demand[] }): Valued;
}

export interface Valued {
	/** Tokens; below zero when it cannot be so at all. */
	readonly most: number;
	/** How much of each demand that is reached for, by demand: 1 is all of it. */
	readonly shares: ReadonlyMap<Demand, number>;
}

interface Asked {
	readonly paid: ReadonlySet<string>;
	/** Demands that surely get nothing. */
	readonly left: readonly Demand[];
	weigh(stream: Stream): number;
}

/** Paths looked at for all streams, and cells of one program: beyond that it takes longer than it tells. */
const MAX_PATHS = 100_000;
const MAX_CELLS = 1_000_000;

/** Knows of no obstacle, and of no best. */
const BLIND: RelaxedBatch = {
	isImpossible: () => false,
	allotment: () => null,
	mostValue: () => ({ most: Number.POSITIVE_INFINITY, shares: new Map() }),
};

/** Too large a batch gets one that knows nothing. */
export function relaxBatch(batch: Batch): RelaxedBatch {
	const paths = batch.demands.reduce(
		(sum, { asset, destinations }) =>
			destinations.reduce((all, { venue }) => all + batch.network.pathsTo(positionKey({ venue, asset })).length, sum),
		0,
	);
	return paths > MAX_PATHS ? BLIND : flowsOf(batch);
}

function flowsOf(batch: Batch): RelaxedBatch {
	const available = batch.network.free('kept');
	const streams = batch.demands.flatMap((demand) => streamsOf(batch, demand, available));
	const tokensAt = new Map<string, number>();
	for (const row of batch.network.input.inventory) {
		const unitsPerToken = powerOfTen(decimalsAt(batch.network.input.decimals, row.venue, row.asset));
		tokensAt.set(positionKey(row), ratio(available.get(positionKey(row)) ?? 0n, unitsPerToken));
	}
	const keys = [...new Set(streams.map(({ from }) => from))];
	if (streams.length * (keys.length + batch.demands.length) > MAX_CELLS) return BLIND;
	const rowOf = new Map(keys.map((key, row) => [key, row]));
	const program = (needed: readonly Demand[], { paid, left, weigh }: Asked) => {
		const others = batch.demands.filter((demand) => !needed.includes(demand) && !left.includes(demand));
		const rows = new Map(others.map((demand, index) => [demand, keys.length + index]));
		for (const [index, demand] of needed.entries()) rows.set(demand, keys.length + others.length + index);
		const isOpen = ({ demand, venue, from }: Stream): boolean =>
			rows.has(demand) && (!paid.has(demand.id) || from === positionKey({ venue, asset: demand.asset }));
		const used = streams.filter(isOpen);
		const columns: Column[] = used.map((stream) => ({
			cost: weigh(stream),
			entries: [
				[rowOf.get(stream.from) ?? 0, stream.sent / (tokensAt.get(stream.from) ?? 1)],
				[rows.get(stream.demand) ?? 0, stream.share],
			],
		}));
		const made: Program = {
			columns,
			capacities: [...keys.map(() => 1 + FLOAT_ROOM), ...others.map(() => 1 + FLOAT_ROOM)],
			needs: needed.map(() => 1 - FLOAT_ROOM),
		};
		return { made, used };
	};
	const paidOf = (paid: ReadonlySet<string>) => batch.demands.filter(({ id }) => paid.has(id));
	return {
		isImpossible: (covered, paid) =>
			shortfall(program([...paidOf(paid), ...covered], { paid, left: [], weigh: () => 0 }).made) > IMPOSSIBLE,
		allotment: (covered, paid) => {
			const needed = [...paidOf(paid), ...covered];
			const { made, used } = program(needed, { paid, left: [], weigh: ({ demand, cost }) => (needed.includes(demand) ? cost : 0) });
			const { uses, bound } = solve(made);
			if (bound === Number.POSITIVE_INFINITY) return null;
			const allotted = new Map<string, Map<string, number>>();
			for (const [index, { demand, from, sent }] of used.entries()) {
				const own = allotted.get(demand.id) ?? new Map<string, number>();
				own.set(from, (own.get(from) ?? 0) + (uses[index] ?? 0) * sent);
				allotted.set(demand.id, own);
			}
			return allotted;
		},
		mostValue: ({ paid, covered, left }) => {
			const { made, used } = program([...paidOf(paid), ...covered], { paid, left, weigh: ({ arrived }) => -arrived });
			const { uses, bound } = solve(made);
			const shares = new Map<Demand, number>();
			for (const [index, { demand, share }] of used.entries()) shares.set(demand, (shares.get(demand) ?? 0) + (uses[index] ?? 0) * share);
			return { most: -bound, shares };
		},
	};
}

const IMPOSSIBLE = 1e-9;

function streamsOf(batch: Batch, demand: Demand, available: Units): readonly Stream[] {
	const { network, moneyScale } = batch;
	return demand.destinations.flatMap(({ venue, amount }) => {
		const place = { venue, asset: demand.asset };
		const unitsPerToken = powerOfTen(decimalsAt(network.input.decimals, venue, demand.asset));
		const whole = ratio(amount, unitsPerToken);
		const local = available.get(positionKey(place)) ?? 0n;
		const there = ratio(local < amount ? local : amount, unitsPerToken);
		const own: Stream[] =
			local > 0n ? [{ demand, venue, from: positionKey(place), sent: there, arrived: there, cost: 0, share: there / whole }] : [];
		const terms = new Map<string, Terms>();
		for (const path of network.pathsTo(positionKey(place))) {
			const funds = available.get(path.originKey) ?? 0n;
			const found = termsOf(path, { amount, funds, unitsPerToken, moneyScale });
			if (found !== null) terms.set(path.originKey, betterOf(terms.get(path.originKey), found));
		}
		const streams = [...terms].map(([from, { perSent, costPerSent, funds, most }]): Stream => {
			const sent = Math.min(funds, most, whole / perSent);
			return { demand, venue, from, sent, arrived: sent * perSent, cost: sent * costPerSent, share: (sent * perSent) / whole };
		});
		return [...own, ...streams];
	});
}

/** The best that a path can do for each token sent: what arrives, and what it costs. */
interface Terms {
	readonly perSent: number;
	readonly costPerSent: number;
	readonly funds: number;
	/** What all paths from there can take together. */
	readonly most: number;
}

function betterOf(known: Terms | undefined, found: Terms): Terms {
	if (known === undefined) return found;
	return {
		perSent: Math.max(known.perSent, found.perSent),
		costPerSent: Math.min(known.costPerSent, found.costPerSent),
		funds: found.funds,
		most: known.most + found.most,
	};
}

function termsOf(
	path: Path,
	{ amount, funds, unitsPerToken, moneyScale }: { amount: bigint; funds: bigint; unitsPerToken: bigint; moneyScale: bigint },
): Terms | null {
	const low = pathSendFrom(path, 0n);
	const high = pathSendUpTo(path, funds);
	if (low === null || high === null || low > high) return null;
	const covering = smallestPathSend(path, amount);
	const send = covering !== null && covering < high ? covering : high;
	const origin = powerOfTen(path.hops[0].originDecimals);
	const sent = ratio(send, origin);
	// Without rounding down, so that nothing real arrives at better terms.
	const arrived = ratio(send * path.slope - path.offset, path.divisor * unitsPerToken);
	const gas = path.gasCosts.reduce((sum, each) => sum + ratio(each.numerator * moneyScale, each.denominator * moneyScale), 0);
	return {
		perSent: arrived / sent,
		costPerSent: Math.max(0, sent - arrived + gas) / sent,
		funds: ratio(funds, origin),
		most: ratio(high, origin),
	};
}
