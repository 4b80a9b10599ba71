/**
 * How much each of a given set of options sends, over all demands together: the least of what is aimed at, within limits.
 * The linear program proposes, whole units decide: what it proposes is rounded and repaired in bigints, and where its bound
 * leaves a doubt, the range of one option is cut in two.
 */

import { Best } from '../one/best-known.ts';
import { ratio } from '../one/candidate.ts';
import { arrivalOf, pathSendUpTo, smallestPathSend } from '../one/path.ts';
import type { Arena, Option } from './arena.ts';
import { type Aim, aimAt, type Entrant, relaxed } from './relaxed-program.ts';
import { repaired } from './repair.ts';

/** Sends by option, in the order of the options dealt with; money in the arena's units. */
export interface Deal {
	readonly sends: readonly bigint[];
	readonly cost: bigint;
	readonly sent: bigint;
}

export interface Limits {
	/** Money units; null when there is no limit. */
	readonly cost: bigint | null;
	readonly sent: bigint | null;
}

export const UNLIMITED: Limits = { cost: null, sent: null };

export interface DealResult {
	/** Null when the options cannot all be used so; that is certain only if `exact`. */
	readonly deal: Deal | null;
	readonly exact: boolean;
}

/** So near to an end of its range a use is taken to be there. */
const DECIDED = 2 ** -30;
/** Ranges looked at per set for the lowest cost, which is proven. */
const MAX_CUTS = 2_000;
/**
 * And for the least sent: what counts as the same cost may be had with a little less sent, and how little whole units allow of
 * that takes long to prove and is worth nothing.
 */
const FEW_CUTS = 48;

interface Dealing {
	/** The cost, the total sent, or one option's send, which is weighed in money units, too. */
	readonly aim: Aim;
	readonly limits: Limits;
	/** Money units: what differs by no more is equal. */
	readonly tolerance: bigint;
	/** A deal within the limits that is known already. */
	readonly known: Deal | null;
}

export function dealOf(arena: Arena, options: readonly Option[], { aim, limits, tolerance, known }: Dealing): DealResult {
	const best = new Best<Deal>(arena.moneyScale, tolerance);
	if (known !== null) best.offer(known, aimedAt(arena, options, { aim, deal: known }));
	const question = {
		aim,
		operationsLeft: null,
		maxCost: limits.cost === null ? Number.POSITIVE_INFINITY : ratio(limits.cost, arena.moneyScale),
		maxSent: limits.sent === null ? Number.POSITIVE_INFINITY : ratio(limits.sent, arena.moneyScale),
	};
	// Rounding costs up to a unit each, so within a limit of the cost the proposal has to be a little cheaper.
	const cheaper = { ...question, maxCost: question.maxCost - roundingOf(arena, options) };
	let left = aim === 'cost' ? MAX_CUTS : FEW_CUTS;
	const propose = (entrants: readonly Entrant[], uses: Float64Array): void => {
		const sends = repaired(arena, entrants, limits.cost === null ? uses : relaxed(arena, entrants, cheaper).uses);
		const deal = sends === null ? null : worthOf(arena, options, sends);
		if (deal !== null && isWithin(deal, limits)) best.offer(deal, aimedAt(arena, options, { aim, deal }));
	};
	const look = (entrants: readonly Entrant[]): void => {
		if (left <= 0) return;
		left -= 1;
		const { uses, bound } = relaxed(arena, entrants, question);
		if (best.rulesOut(bound)) return;
		propose(entrants, uses);
		if (best.rulesOut(bound)) return;
		for (const half of cut(entrants, uses) ?? []) look(half);
	};
	look(options.map((option) => ({ option, taken: true, low: option.candidate.low, high: option.high })));
	return { deal: best.known, exact: left > 0 || (aim !== 'cost' && best.known !== null) };
}

function isWithin(deal: Deal, { cost, sent }: Limits): boolean {
	return (cost === null || deal.cost <= cost) && (sent === null || deal.sent <= sent);
}

/** Tokens: one unit at each end of every leg. */
function roundingOf({ posts, unitsPerToken }: Arena, options: readonly Option[]): number {
	return options.reduce(
		(sum, { origin, post }) => sum + ratio(1n, unitsPerToken[origin] ?? 1n) + ratio(1n, posts[post]?.unitsPerToken ?? 1n),
		0,
	);
}

function worthOf({ posts, moneyScale }: Arena, options: readonly Option[], sends: readonly bigint[]): Deal {
	let [cost, sent] = [0n, 0n];
	for (const [index, { candidate, post }] of options.entries()) {
		const send = sends[index] ?? 0n;
		const units = posts[post]?.unitsPerToken ?? 1n;
		sent += send * candidate.sendWeight;
		cost += send * candidate.sendWeight - (arrivalOf(candidate.path, send) * moneyScale) / units + candidate.gas;
	}
	return { sends, cost, sent };
}

function aimedAt({ moneyScale }: Arena, options: readonly Option[], { aim, deal }: { aim: Aim; deal: Deal }): bigint {
	if (aim === 'cost') return deal.cost;
	if (aim === 'sent') return deal.sent;
	const place = options.findIndex(({ index }) => index === aim.option);
	return ((deal.sends[place] ?? 0n) * moneyScale) / (options[place]?.originUnitsPerToken ?? 1n);
}

/** Cuts the range of the option that is furthest from being decided; null when all are. */
function cut(entrants: readonly Entrant[], uses: Float64Array): readonly (readonly Entrant[])[] | null {
	const open = [...entrants.keys()].filter((index) => (entrants[index]?.low ?? 0n) < (entrants[index]?.high ?? 0n));
	const isBetween = (index: number): boolean => (uses[index] ?? 0) > DECIDED && (uses[index] ?? 0) < 1 - DECIDED;
	const between = open.filter(isBetween);
	const widest = (between.length > 0 ? between : open).reduce(
		(a, b) => (widthOf(entrants[b]) > widthOf(entrants[a]) ? b : a),
		between[0] ?? open[0] ?? -1,
	);
	const entrant = entrants[widest];
	if (entrant === undefined) return null;
	const { low, high, option } = entrant;
	const { path } = option.candidate;
	const target = aimAt(entrant, uses[widest] ?? 0);
	const below = pathSendUpTo(path, target < high ? target : high - 1n);
	const replace = (range: { low: bigint; high: bigint }) => entrants.map((each) => (each === entrant ? { ...entrant, ...range } : each));
	if (below === null || below < low) return [replace({ low: high, high })];
	const useful = smallestPathSend(path, arrivalOf(path, below)) ?? below;
	const top = useful > low ? useful : low;
	const next = smallestPathSend(path, arrivalOf(path, below) + 1n);
	const upper = next !== null && next <= high ? [replace({ low: next, high })] : [];
	return [replace({ low, high: top }), ...upper];
}

/** Tokens. */
function widthOf(entrant: Entrant | undefined): number {
	return entrant === undefined ? 0 : ratio(entrant.high - entrant.low, entrant.option.originUnitsPerToken);
}
